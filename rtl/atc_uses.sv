// SPDX-License-Identifier: Apache-2.0
// Translations in use, and which invalidates wait for which of them. A use has the number of its
// lookup. What goes out untranslated is translated anew behind us: nothing waits for it.
//
// In one cycle the releases come first, then the control, the uses that the fill grants, the
// invalidate that starts, the use that the lookup grants.
module atc_uses
  import atc_pkg::*;
#(
    parameter int unsigned Uses = 256,
    parameter int unsigned Queue = 32,
    localparam int unsigned TagWidth = $clog2(Uses),
    localparam int unsigned IndexWidth = Queue > 1 ? $clog2(Queue) : 1
) (
    input logic clk_i,
    input logic rst_ni,

    input logic [Uses-1:0] release_i,

    input logic clear_reset_i,  // a function was reset
    input logic clear_all_i,
    input rid_t clear_rid_i,

    input logic [Uses-1:0] fill_granted_i,
    input owner_t          fill_owner_i,
    input range_t          fill_range_i,
    input target_t         fill_target_i,

    input logic                hit_valid_i,
    input logic [TagWidth-1:0] hit_tag_i,
    input range_t              hit_range_i,
    input target_t             hit_target_i,

    // What is looked up; it has its number from here on.
    input logic                lookup_valid_i,
    input logic [TagWidth-1:0] lookup_tag_i,
    input owner_t              lookup_owner_i,
    input page_t               lookup_page_i,

    // What was looked up, by number.
    input  logic [TagWidth-1:0] asked_tag_i,
    output owner_t              asked_owner_o,
    output page_t               asked_page_o,
    output logic                asked_forgotten_o,  // its function was reset since
    input  logic [TagWidth-1:0] stalled_tag_i,
    output rid_t                stalled_rid_o,
    output logic                stalled_forgotten_o,

    input logic                  starting_i,
    input logic [IndexWidth-1:0] starting_slot_i,
    input invalidate_t           starting_invalidate_i,

    input  logic [Queue-1:0] waiting_i,  // the invalidates that have nothing else to wait for
    output logic [Queue-1:0] free_o,     // and those of them that nothing holds any more
    output logic [Uses-1:0]  in_use_o
);

  typedef logic [Uses-1:0] uses_t;

  owner_t owner_q[Uses];
  page_t  page_q [Uses];
  uses_t forgotten_q;

  assign asked_owner_o = owner_q[asked_tag_i];
  assign asked_page_o = page_q[asked_tag_i];
  assign asked_forgotten_o = forgotten_q[asked_tag_i];
  assign stalled_rid_o = owner_q[stalled_tag_i].rid;
  assign stalled_forgotten_o = forgotten_q[stalled_tag_i];

  always_ff @(posedge clk_i)
    if (lookup_valid_i) begin
      owner_q[lookup_tag_i] <= lookup_owner_i;
      page_q[lookup_tag_i]  <= lookup_page_i;
    end

  // Lookups of a function that was reset keep their numbers until they are decided.
  always_ff @(posedge clk_i)
    if (!rst_ni) forgotten_q <= '0;
    else begin
      if (clear_reset_i)
        for (int unsigned u = 0; u < Uses; u++)
          if (!clear_all_i && owner_q[u].rid == clear_rid_i) forgotten_q[u] <= 1'b1;
      if (lookup_valid_i) forgotten_q[lookup_tag_i] <= 1'b0;
    end

  uses_t in_use_q, held, released;
  uses_t size_q[5];  // bit b of every size
  uses_t global_q, untranslated_q;
  uses_t holders_q[Queue];

  always_comb begin
    released = release_i;
    if (clear_reset_i)
      for (int unsigned u = 0; u < Uses; u++)
        if (clear_all_i || owner_q[u].rid == clear_rid_i) released[u] = 1'b1;
  end

  function automatic range_t range_of(int unsigned u);
    range_of.size = {size_q[4][u], size_q[3][u], size_q[2][u], size_q[1][u], size_q[0][u]};
    range_of.page = page_q[u] & ~below(range_of.size);
  endfunction

  always_comb begin
    held = '0;
    if (starting_i) begin
      for (int unsigned u = 0; u < Uses; u++)
        if (in_use_q[u] && !released[u] && !untranslated_q[u])
          held[u] = reaches(starting_invalidate_i, owner_q[u], global_q[u], range_of(u));
      if (!fill_target_i.untranslated &&
          reaches(starting_invalidate_i, fill_owner_i, fill_target_i.global, fill_range_i))
        held |= fill_granted_i;
    end
  end

  always_comb begin
    free_o = '0;
    if (waiting_i != '0)
      for (int unsigned i = 0; i < Queue; i++)
        if (waiting_i[i])
          free_o[i] = (starting_i && starting_slot_i == IndexWidth'(i) ? held :
                       holders_q[i] & ~released) == '0;
  end

  assign in_use_o = in_use_q;

  always_ff @(posedge clk_i)
    if (!rst_ni) in_use_q <= '0;
    else begin
      in_use_q <= (in_use_q & ~released) | fill_granted_i;
      if (hit_valid_i) in_use_q[hit_tag_i] <= 1'b1;
    end

  for (genvar b = 0; b < 5; b++) begin : g_size
    always_ff @(posedge clk_i) begin
      if (fill_granted_i != '0)
        size_q[b] <= fill_range_i.size[b] ? size_q[b] | fill_granted_i :
                                            size_q[b] & ~fill_granted_i;
      if (hit_valid_i) size_q[b][hit_tag_i] <= hit_range_i.size[b];
    end
  end

  always_ff @(posedge clk_i) begin
    if (fill_granted_i != '0) begin
      global_q <= fill_target_i.global ? global_q | fill_granted_i : global_q & ~fill_granted_i;
      untranslated_q <= fill_target_i.untranslated ? untranslated_q | fill_granted_i :
                                                     untranslated_q & ~fill_granted_i;
    end
    if (hit_valid_i) begin
      global_q[hit_tag_i]       <= hit_target_i.global;
      untranslated_q[hit_tag_i] <= hit_target_i.untranslated;
    end
  end

  for (genvar i = 0; i < Queue; i++) begin : g_invalidate
    always_ff @(posedge clk_i)
      if (starting_i && starting_slot_i == IndexWidth'(i)) holders_q[i] <= held;
      else if (released != '0) holders_q[i] <= holders_q[i] & ~released;
  end

endmodule
