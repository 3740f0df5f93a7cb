// SPDX-License-Identifier: Apache-2.0
// The translations: sets x ways, true LRU. A set is chosen by the address above the page size, for
// each size that is present, so that an Invalidate Request without PASID finds every PASID.
//
// In one cycle the control comes first, then the fill, the probe, the lookup. From the cycle in
// which an invalidate starts, nothing that it reaches is found or kept.
module atc_array
  import atc_pkg::*;
#(
    parameter int unsigned Sets = 128,
    parameter int unsigned Ways = 4,
    localparam int unsigned Entries = Sets * Ways,
    localparam int unsigned EntryWidth = $clog2(Entries),
    localparam int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1
) (
    input logic clk_i,
    input logic rst_ni,

    input logic clear_i,      // a function was disabled or reset
    input logic clear_all_i,  // every one
    input rid_t clear_rid_i,

    input  logic                  fill_valid_i,
    input  owner_t                fill_owner_i,
    input  range_t                fill_range_i,
    input  target_t               fill_target_i,
    output logic                  fill_kept_o,
    output logic [EntryWidth-1:0] fill_entry_o,

    // The invalidate that works, and the one that starts in this cycle.
    input  logic                working_i,
    input  invalidate_t         working_invalidate_i,
    input  logic                probe_i,
    input  logic [SetWidth-1:0] probe_set_i,
    output logic [$clog2(Ways+1)-1:0] probe_removed_o,
    input  logic                starting_i,
    input  invalidate_t         starting_invalidate_i,

    input  logic                  lookup_valid_i,
    input  owner_t                lookup_owner_i,
    input  page_t                 lookup_page_i,
    input  access_t               lookup_access_i,
    output logic                  lookup_hit_o,  // and allowed
    output range_t                lookup_range_o,
    output target_t               lookup_target_o,
    output logic [EntryWidth-1:0] lookup_entry_o,

    output sizes_t sizes_o  // present after the probe of this cycle
);

  typedef logic [EntryWidth-1:0] entry_t;
  typedef logic [SetWidth-1:0] set_t;
  typedef logic [(Ways > 1 ? $clog2(Ways) : 1)-1:0] way_t;
  typedef logic [EntryWidth:0] count_t;
  typedef way_t [Ways-1:0] ranks_t;  // 0: used last

  logic [Entries-1:0] valid_q;
  owner_t  owner_q [Entries];
  range_t  range_q [Entries];
  target_t target_q[Entries];
  ranks_t  ranks_q [Sets];
  logic [Sets-1:0] ranked_q;  // else the ways in order
  count_t  count_q [Sizes];

  function automatic set_t set_of(page_t page, size_t size);
    return Sets > 1 ? set_t'(page >> size) : '0;
  endfunction

  function automatic entry_t entry_of(set_t set, int unsigned way);
    return entry_t'(32'(set) * Ways + way);
  endfunction

  function automatic ranks_t ranks_of(set_t set);
    for (int unsigned w = 0; w < Ways; w++) ranks_of[w] = way_t'(w);
    if (ranked_q[set]) ranks_of = ranks_q[set];
  endfunction

  function automatic ranks_t used(ranks_t ranks, way_t way);
    used = ranks;
    for (int unsigned w = 0; w < Ways; w++) if (ranks[w] < ranks[way]) used[w] = ranks[w] + 1'b1;
    used[way] = '0;
  endfunction

  function automatic logic cleared(entry_t e);
    return clear_i && (clear_all_i || owner_q[e].rid == clear_rid_i);
  endfunction

  // Of the invalidate that works: not probed yet, but gone for everybody.
  function automatic logic kept(entry_t e);
    return valid_q[e] && !cleared(e) &&
           !(working_i && reaches(working_invalidate_i, owner_q[e], target_q[e].global, range_q[e]));
  endfunction

  // -- fill ---------------------------------------------------------------------------------------

  logic   insert;
  set_t   fill_set;
  way_t   fill_way;
  ranks_t fill_ranks;

  assign insert = fill_valid_i && !(working_i && reaches(working_invalidate_i, fill_owner_i,
                                                         fill_target_i.global, fill_range_i));
  assign fill_kept_o = insert;
  assign fill_set = set_of(fill_range_i.page, fill_range_i.size);
  assign fill_entry_o = entry_of(fill_set, 32'(fill_way));

  // The way with the same tag, else the first free one, else the one used least recently.
  always_comb begin
    logic chosen, same;
    entry_t e;
    ranks_t old_ranks;
    fill_way = '0;
    chosen = 1'b0;
    same = 1'b0;
    fill_ranks = '0;
    old_ranks = '0;
    e = '0;
    if (fill_valid_i) begin
      old_ranks = ranks_of(fill_set);
      for (int unsigned w = 0; w < Ways; w++)
        if (old_ranks[w] == way_t'(Ways - 1)) fill_way = way_t'(w);
      for (int unsigned w = 0; w < Ways; w++) begin
        e = entry_of(fill_set, w);
        if (!kept(e)) begin
          if (!chosen && !same) fill_way = way_t'(w);
          chosen = 1'b1;
        end else if (owner_q[e] == fill_owner_i && range_q[e] == fill_range_i) begin
          fill_way = way_t'(w);
          same = 1'b1;
        end
      end
      fill_ranks = used(old_ranks, fill_way);
    end
  end

  // -- probe --------------------------------------------------------------------------------------

  logic [Ways-1:0] removed;

  always_comb begin
    entry_t e;
    removed = '0;
    probe_removed_o = '0;
    e = '0;
    if (probe_i)
      for (int unsigned w = 0; w < Ways; w++) begin
        e = entry_of(probe_set_i, w);
        removed[w] = valid_q[e] && !cleared(e) && !(insert && fill_entry_o == e) &&
                     reaches(working_invalidate_i, owner_q[e], target_q[e].global, range_q[e]);
        if (removed[w]) probe_removed_o = probe_removed_o + 1'b1;
      end
  end

  // -- lookup -------------------------------------------------------------------------------------

  logic   found;
  set_t   lookup_set;
  way_t   lookup_way;
  ranks_t lookup_ranks;

  // Sizes from the smallest up; the first that allows the access, else the first that serves.
  always_comb begin
    set_t set;
    entry_t e;
    logic here;
    owner_t owner;
    range_t range;
    target_t target;
    found = 1'b0;
    lookup_hit_o = 1'b0;
    lookup_set = '0;
    lookup_way = '0;
    lookup_range_o = '0;
    lookup_target_o = '0;
    set = '0;
    e = '0;
    here = 1'b0;
    owner = '0;
    range = '0;
    target = '0;
    if (lookup_valid_i)
      for (int unsigned n = 0; n < Sizes; n++)
        if (!lookup_hit_o && (count_q[n] != '0 || (insert && fill_range_i.size == size_t'(n)))) begin
          set = set_of(lookup_page_i, size_t'(n));
          for (int unsigned w = 0; w < Ways; w++) begin
            e = entry_of(set, w);
            here = insert && fill_entry_o == e;
            owner = here ? fill_owner_i : owner_q[e];
            range = here ? fill_range_i : range_q[e];
            target = here ? fill_target_i : target_q[e];
            if ((here || kept(e)) && range.size == size_t'(n) && covers(range, lookup_page_i) &&
                serves(owner, target.global, lookup_owner_i) &&
                !(starting_i && reaches(starting_invalidate_i, owner, target.global, range)) &&
                (!found || allows(target, lookup_access_i))) begin
              found = 1'b1;
              lookup_hit_o = allows(target, lookup_access_i);
              lookup_set = set;
              lookup_way = way_t'(w);
              lookup_range_o = range;
              lookup_target_o = target;
            end
          end
        end
  end

  assign lookup_entry_o = entry_of(lookup_set, 32'(lookup_way));

  always_comb begin
    lookup_ranks = '0;
    if (found)
      lookup_ranks = used(insert && fill_set == lookup_set ? fill_ranks : ranks_of(lookup_set),
                          lookup_way);
  end

  // -- state --------------------------------------------------------------------------------------

  sizes_t fills, evicts;
  count_t gone[Sizes];

  always_comb begin
    fills  = '0;
    evicts = '0;
    for (int unsigned n = 0; n < Sizes; n++) gone[n] = '0;
    if (insert) begin
      fills[fill_range_i.size] = 1'b1;
      if (valid_q[fill_entry_o] && !cleared(fill_entry_o)) evicts[range_q[fill_entry_o].size] = 1'b1;
    end
    if (probe_i)
      for (int unsigned w = 0; w < Ways; w++)
        if (removed[w])
          gone[range_q[entry_of(probe_set_i, w)].size] =
              gone[range_q[entry_of(probe_set_i, w)].size] + 1'b1;
    if (clear_i && !clear_all_i)
      for (int unsigned e = 0; e < Entries; e++)
        if (valid_q[e] && owner_q[e].rid == clear_rid_i)
          gone[range_q[e].size] = gone[range_q[e].size] + 1'b1;
  end

  count_t count[Sizes];
  always_comb
    for (int unsigned n = 0; n < Sizes; n++) begin
      count[n] = (clear_i && clear_all_i ? '0 : count_q[n]) + count_t'(fills[n]) -
                 count_t'(evicts[n]) - gone[n];
      sizes_o[n] = count[n] != '0;
    end

  always_ff @(posedge clk_i)
    if (!rst_ni) valid_q <= '0;
    else begin
      if (clear_i) begin
        if (clear_all_i) valid_q <= '0;
        else
          for (int unsigned e = 0; e < Entries; e++)
            if (owner_q[e].rid == clear_rid_i) valid_q[e] <= 1'b0;
      end
      if (probe_i)
        for (int unsigned w = 0; w < Ways; w++)
          if (removed[w]) valid_q[entry_of(probe_set_i, w)] <= 1'b0;
      if (insert) valid_q[fill_entry_o] <= 1'b1;
    end

  for (genvar n = 0; n < Sizes; n++) begin : g_size
    always_ff @(posedge clk_i)
      if (!rst_ni) count_q[n] <= '0;
      else count_q[n] <= count[n];
  end

  always_ff @(posedge clk_i)
    if (insert) begin
      owner_q[fill_entry_o]  <= fill_owner_i;
      range_q[fill_entry_o]  <= fill_range_i;
      target_q[fill_entry_o] <= fill_target_i;
    end

  always_ff @(posedge clk_i)
    if (!rst_ni) ranked_q <= '0;
    else begin
      if (insert) ranked_q[fill_set] <= 1'b1;
      if (found) ranked_q[lookup_set] <= 1'b1;
    end

  always_ff @(posedge clk_i) begin
    if (insert) ranks_q[fill_set] <= fill_ranks;
    if (found) ranks_q[lookup_set] <= lookup_ranks;
  end

endmodule
