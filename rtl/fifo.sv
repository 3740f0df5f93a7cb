// SPDX-License-Identifier: Apache-2.0
// First in, first out; what comes in can go out in the next cycle. clear_i empties it.
module fifo #(
    parameter int unsigned Depth = 4,
    parameter type         data_t = logic
) (
    input  logic  clk_i,
    input  logic  rst_ni,
    input  logic  clear_i,
    input  logic  valid_i,
    output logic  ready_o,
    input  data_t data_i,
    output logic  valid_o,
    input  logic  ready_i,
    output data_t data_o
);

  typedef logic [(Depth > 1 ? $clog2(Depth) : 1)-1:0] index_t;
  typedef logic [$clog2(Depth+1)-1:0] count_t;

  data_t  data_q[Depth];
  index_t head_q, tail_q;
  count_t count_q;
  logic   push, pop;

  function automatic index_t next(index_t i);
    return i == index_t'(Depth - 1) ? '0 : i + 1'b1;
  endfunction

  assign ready_o = count_q != count_t'(Depth);
  assign valid_o = count_q != '0;
  assign data_o  = data_q[head_q];
  assign push    = valid_i && ready_o;
  assign pop     = valid_o && ready_i;

  always_ff @(posedge clk_i)
    if (!rst_ni || clear_i) begin
      head_q  <= '0;
      tail_q  <= '0;
      count_q <= '0;
    end else begin
      if (push) tail_q <= next(tail_q);
      if (pop) head_q <= next(head_q);
      count_q <= count_q + count_t'(push) - count_t'(pop);
    end

  always_ff @(posedge clk_i) if (push) data_q[tail_q] <= data_i;

endmodule
