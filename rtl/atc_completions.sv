// SPDX-License-Identifier: Apache-2.0
// Invalidate Completions: ITags of one function and traffic class that became ready while an
// earlier message waited share one. The message that is taken in a cycle gains nothing in it.
module atc_completions
  import atc_pkg::*;
#(
    parameter int unsigned Queue = 32
) (
    input logic clk_i,
    input logic rst_ni,

    input logic clear_reset_i,  // a function was reset
    input logic clear_all_i,
    input rid_t clear_rid_i,

    input logic [Queue-1:0] drained_i,  // ready from now on; the caller keeps what follows
    input rid_t             rid_i  [Queue],
    input itag_t            itag_i [Queue],
    input class_t           class_i[Queue],

    output logic             valid_o,
    input  logic             ready_i,
    output rid_t             rid_o,
    output logic [31:0]      itags_o,
    output class_t           class_o,
    output logic [Queue-1:0] taken_o  // with the message
);

  typedef logic [Queue-1:0] queue_t;

  queue_t due_q, first, shared, gone;
  queue_t older_q[Queue];  // bit j of older_q[i]: j was ready before i

  always_comb begin
    first = '0;
    rid_o = '0;
    class_o = '0;
    if (due_q != '0)
      for (int unsigned i = 0; i < Queue; i++)
        if (due_q[i] && (older_q[i] & due_q) == '0) begin
          first[i] = 1'b1;
          rid_o    = rid_i[i];
          class_o  = class_i[i];
        end
  end

  always_comb begin
    shared = '0;
    itags_o = '0;
    if (due_q != '0)
      for (int unsigned i = 0; i < Queue; i++)
        if (due_q[i] && rid_i[i] == rid_o && class_i[i] == class_o) begin
          shared[i] = 1'b1;
          itags_o[itag_i[i]] = 1'b1;
        end
  end

  always_comb begin
    gone = '0;
    if (clear_reset_i)
      for (int unsigned i = 0; i < Queue; i++)
        if (clear_all_i || rid_i[i] == clear_rid_i) gone[i] = 1'b1;
  end

  assign valid_o = due_q != '0;
  assign taken_o = ready_i ? shared : '0;

  always_ff @(posedge clk_i)
    if (!rst_ni) due_q <= '0;
    else due_q <= (due_q & ~taken_o & ~gone) | drained_i;

  for (genvar i = 0; i < Queue; i++) begin : g_age
    always_ff @(posedge clk_i)
      if (drained_i[i]) older_q[i] <= due_q | (drained_i & ((queue_t'(1) << i) - 1'b1));
      else if (drained_i != '0) older_q[i] <= older_q[i] & ~drained_i;
  end

  // The oldest is one; ITags are never told twice in one message.
  a_one_is_first:
  assert property (@(posedge clk_i) disable iff (!rst_ni) valid_o ? $onehot(first) : first == '0)
  else $error("no ITag, or more than one, is the oldest that is ready");

  a_itags_differ:
  assert property (@(posedge clk_i) disable iff (!rst_ni) $countones(itags_o) == $countones(shared))
  else $error("a message names an ITag for two Invalidate Requests");

endmodule
