// SPDX-License-Identifier: Apache-2.0
// Invalidate Requests from their arrival to their completion: a queue, the engine that probes the
// sets of a range or sweeps them all, and those that wait for the uses of what they removed.
//
// A range is probed by index, one set a cycle for each page and size that is present; where that
// would take as long as a sweep, and for Global, all sets are swept.
module atc_invalidates
  import atc_pkg::*;
#(
    parameter int unsigned Sets = 128,
    parameter int unsigned Ways = 4,
    parameter int unsigned Queue = 32,
    localparam int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1,
    localparam int unsigned IndexWidth = Queue > 1 ? $clog2(Queue) : 1,
    localparam int unsigned CountWidth = $clog2(Sets*Ways+1)
) (
    input logic clk_i,
    input logic rst_ni,

    input logic clear_reset_i,  // a function was reset: nothing of it is completed
    input logic clear_all_i,
    input rid_t clear_rid_i,

    input logic                  valid_i,
    input logic [IndexWidth-1:0] slot_i,  // a free one; the caller's
    input invalidate_t           invalidate_i,

    input  logic ignore_i,  // the function of the one that could start is disabled, and says nothing
    output rid_t start_rid_o,

    // The engine
    output logic                  starting_o,
    output logic [IndexWidth-1:0] starting_slot_o,
    output invalidate_t           starting_invalidate_o,
    input  sizes_t                sizes_i,  // present now
    output logic                  working_o,
    output invalidate_t           working_invalidate_o,
    output logic                  probe_o,
    output logic [SetWidth-1:0]   probe_set_o,
    input  logic [$clog2(Ways+1)-1:0] probe_removed_i,

    output logic [Queue-1:0] waiting_o,  // for uses
    input  logic [Queue-1:0] free_i,     // no use holds them

    // What becomes of each; in the cycle
    output logic                  processed_o,
    output logic [IndexWidth-1:0] processed_slot_o,
    output logic [CountWidth-1:0] processed_removed_o,
    output logic [Queue-1:0]      drained_o,
    output logic [Queue-1:0]      ignored_o,
    input  logic [Queue-1:0]      completed_i,
    output logic [Queue-1:0]      taken_o,  // slots that are not free
    output logic                  busy_o
);

  typedef logic [IndexWidth-1:0] index_t;
  typedef logic [SetWidth:0] offset_t;

  invalidate_t      invalidate_q[Queue];
  logic [Queue-1:0] taken_q, killed_q, waiting_q;
  logic [Queue-1:0] due_q;  // drained, not completed
  logic [Queue-1:0] killed;

  // -- queue --------------------------------------------------------------------------------------

  logic   queue_valid, queue_pop, queued_valid, bypass;
  index_t queued, start_slot;
  logic   unused_queue_ready;

  fifo #(
      .Depth(Queue),
      .data_t(index_t)
  ) i_queue (
      .clk_i,
      .rst_ni,
      .clear_i(clear_reset_i && clear_all_i),
      .valid_i(valid_i && !bypass),
      .ready_o(unused_queue_ready),
      .data_i (slot_i),
      .valid_o(queued_valid),
      .ready_i(queue_pop),
      .data_o (queued)
  );

  // -- reset of a function ------------------------------------------------------------------------

  always_comb begin
    killed = killed_q;
    if (clear_reset_i)
      for (int unsigned i = 0; i < Queue; i++)
        if (taken_q[i] && (clear_all_i || invalidate_q[i].rid == clear_rid_i)) killed[i] = 1'b1;
  end

  // -- engine -------------------------------------------------------------------------------------

  logic        working_q, sweep_q, last_probe, idle, pop, ignored;
  index_t      slot_q;
  invalidate_t working_invalidate_q;
  sizes_t      sizes_q, size_bit;
  offset_t     offset_q;
  size_t       size;
  logic [CountWidth-1:0] removed_q;

  // Sets that the pages of one size in a range lie in.
  function automatic offset_t sets_of(invalidate_t i, size_t n);
    page_t pages;
    pages = (i.last >> n) - (i.first >> n);
    return pages >= page_t'(Sets) ? offset_t'(Sets) : offset_t'(pages) + 1'b1;
  endfunction

  assign size_bit = sizes_q & (~sizes_q + 1'b1);
  always_comb begin
    size = '0;
    for (int unsigned n = 0; n < Sizes; n++) if (size_bit[n]) size |= size_t'(n);
  end

  assign probe_o = working_q && !killed[slot_q];
  assign probe_set_o = sweep_q ? SetWidth'(offset_q) :
                       SetWidth'(working_invalidate_q.first >> size) + SetWidth'(offset_q);
  logic size_done;
  always_comb begin
    size_done = 1'b0;
    if (working_q)
      size_done = sweep_q ? offset_q == offset_t'(Sets - 1) :
                  sizes_q == '0 || offset_q + 1'b1 == sets_of(working_invalidate_q, size);
  end
  assign last_probe = size_done && (sweep_q || (sizes_q & ~size_bit) == '0);
  assign idle = !working_q || last_probe || killed[slot_q];

  assign bypass = idle && !queued_valid;
  assign queue_valid = queued_valid || valid_i;
  assign start_slot = queued_valid ? queued : slot_i;
  assign starting_invalidate_o = queued_valid ? invalidate_q[queued] : invalidate_i;
  assign start_rid_o = starting_invalidate_o.rid;
  assign pop = idle && queue_valid && !(clear_reset_i && clear_all_i);
  assign queue_pop = pop && queued_valid;
  assign ignored = pop && (ignore_i || (queued_valid && killed[queued]));
  assign starting_o = pop && !ignored;
  assign starting_slot_o = start_slot;

  assign working_o = working_q;
  assign working_invalidate_o = working_invalidate_q;

  // One probe for each set and size, a sweep where they would be as many.
  logic sweep;
  always_comb begin
    logic [SetWidth+5:0] probes;
    probes = '0;
    sweep = 1'b0;
    if (starting_o) begin
      for (int unsigned n = 0; n < Sizes; n++)
        if (sizes_i[n])
          probes = probes + (SetWidth+6)'(sets_of(starting_invalidate_o, size_t'(n)));
      sweep = probes >= (SetWidth+6)'(Sets) ||
              (starting_invalidate_o.pasid_valid && starting_invalidate_o.global);
    end
  end

  // -- what becomes of them -----------------------------------------------------------------------

  assign processed_o = last_probe && !killed[slot_q];
  assign processed_slot_o = slot_q;
  assign processed_removed_o = removed_q + CountWidth'(probe_removed_i);

  logic [Queue-1:0] slot_bit, arrived;
  always_comb begin
    waiting_o = waiting_q & ~killed;
    if (processed_o) waiting_o[slot_q] = 1'b1;
    slot_bit = '0;
    slot_bit[start_slot] = ignored;
    arrived = '0;
    arrived[slot_i] = valid_i;
  end
  assign drained_o = waiting_o & free_i;
  // Those in the queue are dropped when their turn comes.
  logic [Queue-1:0] in_engine;
  always_comb begin
    in_engine = waiting_q | due_q;
    if (working_q) in_engine[slot_q] = 1'b1;
    if (clear_reset_i && clear_all_i) in_engine = taken_q;
  end
  assign ignored_o = slot_bit | (killed & in_engine & ~completed_i);
  assign taken_o = taken_q;
  assign busy_o = working_q || queued_valid;

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      taken_q   <= '0;
      killed_q  <= '0;
      waiting_q <= '0;
      due_q     <= '0;
      working_q <= 1'b0;
    end else begin
      taken_q   <= (taken_q & ~completed_i & ~ignored_o) | (arrived & ~ignored_o);
      killed_q  <= killed & ~ignored_o & ~completed_i;
      waiting_q <= waiting_o & ~drained_o;
      due_q     <= (due_q & ~completed_i & ~ignored_o) | drained_o;
      working_q <= starting_o || !idle;
    end

  always_ff @(posedge clk_i) begin
    if (valid_i) invalidate_q[slot_i] <= invalidate_i;
    if (starting_o) begin
      slot_q               <= start_slot;
      working_invalidate_q <= starting_invalidate_o;
      sweep_q              <= sweep;
      sizes_q              <= sizes_i;
      offset_q             <= '0;
      removed_q            <= '0;
    end else if (working_q) begin
      offset_q  <= size_done ? '0 : offset_q + 1'b1;
      if (size_done) sizes_q <= sizes_q & ~size_bit;
      removed_q <= processed_removed_o;
    end
  end

endmodule
