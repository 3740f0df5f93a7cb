// SPDX-License-Identifier: Apache-2.0
// Owns the ITags of Invalidate Requests: gives them out round robin, counts completions (CC,
// modulo 8), expires those that nobody completes, and tells when everything taken before a SYNC
// is done. One request, one send and one completion per cycle.
//
// In one cycle the completion comes first, then give_up_i, then the tick, then the request that is
// accepted, then drain_valid_i. All results are registered: they stand in the cycle after.
module invalidation_tracker
  import invalidation_tracker_pkg::*;
#(
    parameter int unsigned Itags = 32,      // that can be out at once, 1..32
    parameter int unsigned Ports = 32,      // root ports, 1..256
    parameter int unsigned Requesters = 4   // that ask for ITags; 0 goes first
) (
    input logic clk_i,
    input logic rst_ni,

    input logic [5:0] pool_i,  // ITags in use, 1..Itags; constant out of reset
    input logic       tick_i,  // a sixteenth of the timeout has passed

    // requests
    input  logic [Requesters-1:0] request_valid_i,
    output logic [Requesters-1:0] request_ready_o,
    input  function_t             request_function_i[Requesters],
    input  port_t                 request_port_i    [Requesters],
    input  depth_t                request_depth_i   [Requesters],  // the function's queue depth
    output logic                  taken_valid_o,                   // the request of the last cycle
    output itag_t                 taken_itag_o,

    // Invalidate Requests out: the oldest whose port has room
    output logic             send_valid_o,
    input  logic             send_ready_i,
    output itag_t            send_itag_o,
    input  logic [Ports-1:0] port_room_i,

    // Invalidate Completions in: always taken
    input  logic         completion_valid_i,
    input  function_t    completion_function_i,
    input  port_t        completion_port_i,
    input  itag_vector_t completion_itags_i,
    input  cc_t          completion_cc_i,
    output unexpected_t  unexpected_o,

    input itag_vector_t give_up_i,  // nobody below can answer

    // results
    output itag_vector_t done_o,      // complete
    output itag_vector_t given_up_o,  // complete, since nobody can answer
    output itag_vector_t expired_o,   // lost

    // SYNC
    input  logic         drain_valid_i,  // everything taken up to now
    output logic         drained_o,      // is done
    output itag_vector_t drained_lost_o, // but these are lost; stands while drained_o

    output itag_vector_t outstanding_o
);

  typedef logic [$clog2(TicksPerTime+1)-1:0] ticks_t;
  typedef logic [(Itags > 1 ? $clog2(Itags) : 1)-1:0] index_t;

  // -- state ----------------------------------------------------------------------------------

  itag_vector_t used_q, used_d;
  itag_vector_t unsent_q, unsent_d;
  itag_t next_q, next_d;
  function_t function_q[Itags];
  port_t     port_q    [Itags];
  cc_t       cc_q      [Itags];
  cc_t       received_q[Itags];
  ticks_t    ticks_q   [Itags];
  logic [Itags-1:0] older_q[Itags];  // bit j of older_q[i]: ITag j was taken before i

  // -- completions, give up, timeout ----------------------------------------------------------

  itag_vector_t send_fire, sent;
  itag_vector_t done, given_up, expired, retired;
  logic [Itags-1:0] counted;
  unexpected_t  unexpected;

  assign sent = used_q & (~unsent_q | send_fire);

  always_comb begin
    unexpected = '0;
    counted = '0;
    done = '0;
    expired = '0;
    if (completion_valid_i) unexpected.not_outstanding = completion_itags_i & ~sent;
    for (int unsigned i = 0; i < Itags; i++) begin
      if (completion_valid_i && completion_itags_i[i] && sent[i]) begin
        if (function_q[i] != completion_function_i || port_q[i] != completion_port_i)
          unexpected.wrong_function[i] = 1'b1;
        else if (received_q[i] != '0 && cc_q[i] != completion_cc_i)
          unexpected.cc_differs[i] = 1'b1;
        else if (received_q[i] + 3'd1 == completion_cc_i) done[i] = 1'b1;
        else counted[i] = 1'b1;
      end
      expired[i] = tick_i && used_q[i] && ticks_q[i] == ticks_t'(TicksPerTime);
    end
    given_up = give_up_i & used_q & ~done;
    expired  = expired & ~done & ~given_up;
  end

  assign retired = done | given_up | expired;

  // -- requests -------------------------------------------------------------------------------

  logic [Requesters-1:0] grant;
  function_t             asked_function;
  port_t                 asked_port;
  depth_t                asked_depth, busy;
  logic                  room, take;
  itag_vector_t          pool, free, ahead, chosen;
  itag_t                 chosen_itag;

  assign grant = request_valid_i & (~request_valid_i + 1'b1);

  always_comb begin
    asked_function = '0;
    asked_port     = '0;
    asked_depth    = '0;
    for (int unsigned r = 0; r < Requesters; r++)
      if (grant[r]) begin
        asked_function = request_function_i[r];
        asked_port     = request_port_i[r];
        asked_depth    = request_depth_i[r];
      end
    busy = '0;
    for (int unsigned i = 0; i < Itags; i++)
      if (used_q[i] && function_q[i] == asked_function) busy = busy + 1'b1;
  end

  always_comb
    for (int unsigned i = 0; i < MaxItags; i++) pool[i] = 6'(i) < pool_i && i < Itags;

  assign free = pool & ~used_q;
  assign room = free != '0 && busy < asked_depth;
  assign request_ready_o = room ? grant : '0;
  assign take = |request_ready_o;

  // Round robin keeps a lost ITag unused for as long as possible: its late completion is then
  // unexpected. What retires in this cycle is free only in the next.
  assign ahead  = free & (itag_vector_t'('1) << next_q);
  assign chosen = ahead != '0 ? ahead & (~ahead + 1'b1) : free & (~free + 1'b1);

  always_comb begin
    chosen_itag = '0;
    for (int unsigned i = 0; i < Itags; i++) if (chosen[i]) chosen_itag |= itag_t'(i);
  end

  // -- sending --------------------------------------------------------------------------------

  itag_vector_t candidate, first;

  always_comb begin
    candidate = '0;
    for (int unsigned i = 0; i < Itags; i++)
      candidate[i] = unsent_q[i] && port_room_i[port_q[i][$clog2(Ports)-1:0]];
    first = '0;
    send_itag_o = '0;
    for (int unsigned i = 0; i < Itags; i++) begin
      first[i] = candidate[i] && (candidate[Itags-1:0] & older_q[i]) == '0;
      if (first[i]) send_itag_o |= itag_t'(i);
    end
  end

  assign send_valid_o = candidate != '0;
  assign send_fire = send_ready_i ? first : '0;

  // -- SYNC -----------------------------------------------------------------------------------

  itag_vector_t awaited_q, awaited_d, lost_q, lost_d;
  logic draining_q, draining_d, drained;

  always_comb begin
    awaited_d  = drain_valid_i ? used_d : awaited_q & used_d & ~retired;
    lost_d     = drain_valid_i ? '0 : lost_q | (expired & awaited_q);
    draining_d = draining_q || drain_valid_i;
    drained    = draining_d && awaited_d == '0;
  end

  // -- next state -----------------------------------------------------------------------------

  assign used_d   = (used_q & ~retired) | (take ? chosen : '0);
  assign unsent_d = (unsent_q & ~retired & ~send_fire) | (take ? chosen : '0);
  assign next_d   = !take ? next_q : chosen_itag == itag_t'(Itags - 1) ? '0 : chosen_itag + 1'b1;

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      used_q         <= '0;
      unsent_q       <= '0;
      next_q         <= '0;
      awaited_q      <= '0;
      lost_q         <= '0;
      draining_q     <= 1'b0;
      drained_o      <= 1'b0;
      taken_valid_o  <= 1'b0;
      taken_itag_o   <= '0;
      done_o         <= '0;
      given_up_o     <= '0;
      expired_o      <= '0;
      unexpected_o   <= '0;
      drained_lost_o <= '0;
    end else begin
      used_q         <= used_d;
      unsent_q       <= unsent_d;
      next_q         <= next_d;
      awaited_q      <= awaited_d;
      lost_q         <= drained ? '0 : lost_d;
      draining_q     <= draining_d && !drained;
      drained_o      <= drained;
      drained_lost_o <= drained ? lost_d : '0;
      taken_valid_o  <= take;
      if (take) taken_itag_o <= chosen_itag;
      done_o         <= done;
      given_up_o     <= given_up;
      expired_o      <= expired;
      unexpected_o   <= unexpected;
    end

  for (genvar i = 0; i < Itags; i++) begin : gen_entry
    always_ff @(posedge clk_i)
      if (!rst_ni) begin
        function_q[i] <= '0;
        port_q[i]     <= '0;
        cc_q[i]       <= '0;
        received_q[i] <= '0;
        ticks_q[i]    <= '0;
        older_q[i]    <= '0;
      end else if (take && chosen[i]) begin
        function_q[i] <= asked_function;
        port_q[i]     <= asked_port;
        received_q[i] <= '0;
        ticks_q[i]    <= tick_i ? 1 : 0;  // a tick at its start is its first
        older_q[i]    <= used_q[Itags-1:0];
      end else begin
        if (counted[i]) begin
          cc_q[i]       <= completion_cc_i;
          received_q[i] <= received_q[i] + 1'b1;
        end
        if (tick_i && used_q[i]) ticks_q[i] <= ticks_q[i] + 1'b1;
        if (take) older_q[i] <= older_q[i] & ~chosen[Itags-1:0];
      end
  end

  assign outstanding_o = used_q;

`ifndef SYNTHESIS
`include "invalidation_tracker_assertions.svh"
`endif

endmodule
