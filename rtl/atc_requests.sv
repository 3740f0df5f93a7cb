// SPDX-License-Identifier: Apache-2.0
// Outstanding Translation Requests, the lookups that wait for each, and what becomes of both when
// the answer comes.
//
// In one cycle the request that was sent comes first, then the control, the answer, the invalidate
// that starts, the lookup.
module atc_requests
  import atc_pkg::*;
#(
    parameter int unsigned Slots = 32,
    parameter int unsigned Uses = 256,
    localparam int unsigned SlotWidth = Slots > 1 ? $clog2(Slots) : 1,
    localparam int unsigned TagWidth = $clog2(Uses)
) (
    input logic clk_i,
    input logic rst_ni,

    input size_t unit_i,  // Smallest Translation Unit
    input logic  retry_after_ur_i,

    input logic clear_i,  // a function was disabled or reset
    input logic clear_all_i,
    input logic clear_reset_i,
    input rid_t clear_rid_i,

    // Translation Requests
    output logic                 request_valid_o,
    input  logic                 request_ready_i,
    output logic [SlotWidth-1:0] request_slot_o,
    output owner_t               request_owner_o,
    output page_t                request_page_o,
    output logic                 request_no_write_o,

    // Answers to them
    input logic                 fill_valid_i,
    input logic [SlotWidth-1:0] fill_slot_i,
    input fill_t                fill_status_i,
    input logic [63:0]          fill_data_i,  // an entry of a Translation Completion

    // and what they mean
    output logic            insert_o,  // to be kept
    output owner_t          fill_owner_o,
    output range_t          fill_range_o,
    output target_t         fill_target_o,
    output logic            deny_o,
    output logic            unexpected_o,
    output logic [Uses-1:0] granted_o,
    output logic [Uses-1:0] refused_o,
    output answer_t         refusal_o,
    output logic            dropped_valid_o,
    output logic [Uses-1:0] dropped_o,  // waited for a function that was disabled

    input logic        starting_i,
    input invalidate_t starting_invalidate_i,

    // A lookup that misses
    input  logic                miss_valid_i,
    input  logic [TagWidth-1:0] miss_tag_i,
    input  owner_t              miss_owner_i,
    input  page_t               miss_page_i,
    input  access_t             miss_access_i,
    output logic                miss_taken_o,  // it waits here

    input logic [Uses-1:0] write_i,    // by lookup: its access
    input logic [Uses-1:0] execute_i,
    input logic [Uses-1:0] zero_length_i,

    output logic any_free_o  // from the next cycle on
);

  typedef logic [SlotWidth-1:0] slot_t;
  typedef logic [Slots-1:0] slots_t;
  typedef logic [Uses-1:0] uses_t;

  slots_t active_q, active_d;
  slots_t unsent_q, unsent_d;
  slots_t overtaken_q, overtaken_d;
  slots_t abandoned_q, abandoned_d;
  slots_t no_write_q, no_write_d;
  owner_t owner_q  [Slots];
  page_t  page_q   [Slots];
  uses_t  waiters_q[Slots];
  slots_t older_q  [Slots];  // bit j of older_q[i]: j was to be sent before i
  // Smallest range that holds all invalidates since it was sent: the answer may be larger than the
  // unit and reach into it.
  page_t  gone_first_q[Slots], gone_last_q[Slots];

  // -- sending: the one that has waited longest ---------------------------------------------------

  slots_t first;
  always_comb begin
    first = '0;
    request_slot_o = '0;
    if (unsent_q != '0)
      for (int unsigned s = 0; s < Slots; s++)
        if (unsent_q[s] && (older_q[s] & unsent_q) == '0) begin
          first[s] = 1'b1;
          request_slot_o = slot_t'(s);
        end
  end

  assign request_valid_o = unsent_q != '0;
  assign request_owner_o = owner_q[request_slot_o];
  assign request_page_o = page_q[request_slot_o];
  assign request_no_write_o = no_write_q[request_slot_o];

  slots_t sent_now, unsent;
  assign sent_now = request_ready_i ? first : '0;
  assign unsent   = unsent_q & ~sent_now;

  // -- control ------------------------------------------------------------------------------------

  slots_t cleared;  // of a function that was disabled or reset
  always_comb begin
    cleared = '0;
    dropped_o = '0;
    if (clear_i)
      for (int unsigned s = 0; s < Slots; s++)
        if (active_q[s] && (clear_all_i || owner_q[s].rid == clear_rid_i)) begin
          cleared[s] = 1'b1;
          if (!abandoned_q[s]) dropped_o |= waiters_q[s];
        end
  end
  assign dropped_valid_o = dropped_o != '0;

  slots_t freed_by_control, abandoned;
  assign freed_by_control = clear_reset_i ? cleared : cleared & unsent;
  assign abandoned = abandoned_q | (cleared & ~freed_by_control);

  // -- answers ------------------------------------------------------------------------------------

  logic expected, ended, again;
  page_t data_page;
  size_t data_size;
  logic  data_large;  // larger than 1 GiB

  // S = 0 is 4 KiB; S = 1 is 2^(k+1) pages, k the number of ones below the lowest zero.
  always_comb begin
    logic stop;
    data_size  = '0;
    data_large = 1'b0;
    data_page  = fill_data_i[63:12];
    stop = 1'b0;
    if (fill_valid_i && fill_data_i[11]) begin
      data_size = 5'd1;
      for (int unsigned b = 0; b < 52; b++) begin
        if (!data_page[b]) stop = 1'b1;
        if (!stop) begin
          if (data_size == size_t'(Sizes - 1)) data_large = 1'b1;
          else data_size = data_size + 1'b1;
        end
      end
      if (data_large) begin  // the GiB of it that was asked for
        stop = 1'b0;
        for (int unsigned b = 0; b < 52; b++) begin
          if (b == 0 || !stop) begin
            stop = !data_page[b];
            data_page[b] = fill_owner_page[b];
          end
        end
      end
      data_page = data_page & ~below(data_size);
    end
  end

  page_t fill_owner_page;
  assign fill_owner_page = page_q[fill_slot_i];
  assign fill_owner_o = owner_q[fill_slot_i];
  assign fill_range_o = '{page: fill_owner_page & ~below(data_size), size: data_size};
  assign fill_target_o = '{base: data_page, global: fill_data_i[5], execute: fill_data_i[3],
                           untranslated: fill_data_i[2], write: fill_data_i[1],
                           read: fill_data_i[0]};

  assign expected = fill_valid_i && active_q[fill_slot_i] && !unsent[fill_slot_i] &&
                    !freed_by_control[fill_slot_i];
  assign unexpected_o = fill_valid_i && !expected;

  uses_t waiting, allowed;
  logic  reached;
  assign waiting = waiters_q[fill_slot_i];
  assign reached = overtaken_q[fill_slot_i] ||
                   (data_size > unit_i && fill_data_i[1:0] != '0 && !sent_now[fill_slot_i] &&
                    fill_range_o.page <= gone_last_q[fill_slot_i] &&
                    (fill_range_o.page | below(data_size)) >= gone_first_q[fill_slot_i]);

  always_comb begin
    ended = 1'b0;
    again = 1'b0;
    insert_o = 1'b0;
    deny_o = 1'b0;
    granted_o = '0;
    refused_o = '0;
    refusal_o = AnswerNoAccess;
    allowed = '0;
    if (expected) begin
      ended = 1'b1;
      if (abandoned[fill_slot_i]) begin
        // nobody waits any more
      end else if (fill_status_i != FillSuccess) begin
        refused_o = waiting;
        refusal_o = fill_status_i == FillUnsupportedRequest ? AnswerUnsupportedRequest :
                    fill_status_i == FillCompleterAbort ? AnswerCompleterAbort : AnswerTimeout;
        deny_o = fill_status_i == FillUnsupportedRequest && !retry_after_ur_i;
      end else if (reached) begin
        again = 1'b1;
      end else if (fill_data_i[1:0] == '0 || data_size < unit_i) begin
        refused_o = waiting;
      end else begin
        insert_o = 1'b1;
        allowed = fill_data_i[0] ? ~write_i & ~zero_length_i & ~execute_i : '0;
        if (fill_data_i[1]) allowed |= write_i;
        if (fill_data_i[0] && fill_data_i[3]) allowed |= execute_i;
        allowed |= zero_length_i;
        granted_o = waiting & allowed;
        refused_o = waiting & ~allowed;
        // A write behind an answer to NW = 1 without W asks again with NW = 0.
        if (no_write_q[fill_slot_i]) begin
          refused_o &= ~write_i;
          again = (waiting & ~allowed & write_i) != '0;
        end
      end
      if (again) ended = 1'b0;
    end
  end

  // -- lookups that miss --------------------------------------------------------------------------

  slots_t fill_ends, joinable, joined, free, chosen;
  uses_t  waiters;
  logic   allocate, join_valid;

  always_comb begin
    fill_ends = '0;
    fill_ends[fill_slot_i] = ended;
  end
  assign free = ~active_q | freed_by_control | fill_ends;
  assign joinable = active_q & ~freed_by_control & ~fill_ends & ~abandoned;

  always_comb begin
    joined = '0;
    if (miss_valid_i)
      for (int unsigned s = 0; s < Slots; s++)
        joined[s] = joinable[s] && page_q[s] == (miss_page_i & ~below(unit_i)) &&
                    owner_q[s] == miss_owner_i;
  end
  assign join_valid = joined != '0;
  assign allocate = miss_valid_i && !join_valid && free != '0;
  assign chosen = allocate ? free & (~free + 1'b1) : joined;
  assign miss_taken_o = join_valid || allocate;

  slot_t chosen_slot;
  always_comb begin
    chosen_slot = '0;
    if (chosen != '0)
      for (int unsigned s = 0; s < Slots; s++) if (chosen[s]) chosen_slot |= slot_t'(s);
  end

  always_comb begin
    waiters = '0;
    if (miss_taken_o) begin
      if (!allocate)
        waiters = again && chosen[fill_slot_i] ? waiting & ~granted_o & ~refused_o :
                                                 waiters_q[chosen_slot];
      waiters[miss_tag_i] = 1'b1;
    end
  end

  // -- state --------------------------------------------------------------------------------------

  slots_t put, marked;  // to be sent from now on; reached by the invalidate that starts

  always_comb begin
    put = '0;
    put[fill_slot_i] = again;
    if (allocate) put |= chosen;
  end

  // The answer may turn out Global: with a PASID every PASID's answer is dropped.
  slots_t concerned;
  always_comb begin
    concerned = '0;
    marked = '0;
    if (starting_i)
      for (int unsigned s = 0; s < Slots; s++) begin
        concerned[s] = active_q[s] && !unsent[s] && !freed_by_control[s] && !fill_ends[s] &&
                       !(again && fill_slot_i == slot_t'(s)) &&
                       owner_q[s].rid == starting_invalidate_i.rid &&
                       (!starting_invalidate_i.pasid_valid || owner_q[s].pasid_valid);
        marked[s] = concerned[s] && page_q[s] <= starting_invalidate_i.last &&
                    (page_q[s] | below(unit_i)) >= starting_invalidate_i.first;
      end
  end

  assign active_d = (active_q & ~freed_by_control & ~fill_ends) | (allocate ? chosen : '0);
  assign unsent_d = (unsent & ~freed_by_control) | put;
  assign abandoned_d = abandoned & ~fill_ends & ~freed_by_control;
  assign overtaken_d = ((overtaken_q & ~fill_ends & ~put) | marked);
  always_comb begin
    no_write_d = no_write_q;
    if (again && !reached) no_write_d[fill_slot_i] = 1'b0;
    if (allocate) no_write_d = no_write_d & ~chosen;
    if (allocate && miss_access_i != AccessWrite) no_write_d = no_write_d | chosen;
    if (join_valid && miss_access_i == AccessWrite) no_write_d = no_write_d & ~(chosen & unsent_d);
  end
  assign any_free_o = active_d != '1;

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      active_q    <= '0;
      unsent_q    <= '0;
      overtaken_q <= '0;
      abandoned_q <= '0;
      no_write_q  <= '0;
    end else begin
      active_q    <= active_d;
      unsent_q    <= unsent_d;
      overtaken_q <= overtaken_d;
      abandoned_q <= abandoned_d;
      no_write_q  <= no_write_d;
    end

  always_ff @(posedge clk_i) begin
    if (again) waiters_q[fill_slot_i] <= waiting & ~granted_o & ~refused_o;
    if (miss_taken_o) waiters_q[chosen_slot] <= waiters;
    if (allocate) begin
      owner_q[chosen_slot] <= miss_owner_i;
      page_q[chosen_slot]  <= miss_page_i & ~below(unit_i);
    end
  end

  for (genvar s = 0; s < Slots; s++) begin : g_slot
    always_ff @(posedge clk_i)
      if (put[s])
        older_q[s] <= unsent_d & ~(slots_t'(1) << s) &
                      ~(allocate && again && slot_t'(s) == fill_slot_i ? chosen : '0);
      else if (put != '0) older_q[s] <= older_q[s] & ~put;

    always_ff @(posedge clk_i)
      if (sent_now[s]) begin
        gone_first_q[s] <= concerned[s] ? starting_invalidate_i.first : '1;
        gone_last_q[s]  <= concerned[s] ? starting_invalidate_i.last : '0;
      end else if (concerned[s]) begin
        if (starting_invalidate_i.first < gone_first_q[s])
          gone_first_q[s] <= starting_invalidate_i.first;
        if (starting_invalidate_i.last > gone_last_q[s])
          gone_last_q[s] <= starting_invalidate_i.last;
      end
  end

endmodule
