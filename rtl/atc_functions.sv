// SPDX-License-Identifier: Apache-2.0
// Which functions are enabled, and which of them were answered UR. A function that is in no row is
// disabled. Not shared, there is one row, for everybody.
module atc_functions
  import atc_pkg::*;
#(
    parameter int unsigned Functions = 4,  // enabled at once
    parameter int unsigned Queries   = 2
) (
    input logic clk_i,
    input logic rst_ni,
    input logic shared_i,

    input logic     control_valid_i,
    input control_t control_i,
    input rid_t     control_rid_i,

    input logic deny_i,  // no more requests until enabled anew
    input rid_t deny_rid_i,

    // with the control of this cycle, and its denial
    input  rid_t query_rid_i    [Queries],
    output logic query_enabled_o[Queries],
    output logic query_denied_o [Queries],

    // without this cycle's
    input  rid_t early_rid_i,
    output logic early_enabled_o,

    output logic known_o,  // the function of the control has a row
    output logic full_o  // no row for one more function
);

  rid_t                 rid_q[Functions];
  logic [Functions-1:0] enabled_q, denied_q;
  logic [Functions-1:0] controlled, denied, free;

  function automatic logic in_row(int unsigned row, rid_t rid);
    return shared_i ? enabled_q[row] && rid_q[row] == rid : row == 0;
  endfunction

  // The row of the control: the function's own, else the first free one.
  always_comb begin
    controlled = '0;
    free = '0;
    if (control_valid_i) begin
      for (int unsigned f = 0; f < Functions; f++) controlled[f] = in_row(f, control_rid_i);
      free = ~enabled_q;
      if (shared_i && controlled == '0 && control_i == ControlEnable)
        controlled = free & (~free + 1'b1);
    end
  end

  always_comb begin
    known_o = 1'b0;
    if (control_valid_i)
      for (int unsigned f = 0; f < Functions; f++) if (in_row(f, control_rid_i)) known_o = 1'b1;
  end

  always_comb begin
    denied = '0;
    if (deny_i)
      for (int unsigned f = 0; f < Functions; f++) denied[f] = in_row(f, deny_rid_i);
  end

  // Rows from this one on are in use only if the functions share the cache.
  int unsigned rows;
  assign rows = shared_i ? Functions : 1;

  always_comb
    for (int unsigned q = 0; q < Queries; q++) begin
      query_enabled_o[q] = 1'b0;
      query_denied_o[q]  = 1'b0;
      for (int unsigned f = 0; f < rows; f++)
        if (in_row(f, query_rid_i[q])) begin
          query_enabled_o[q] = controlled[f] ? control_i == ControlEnable : enabled_q[f];
          query_denied_o[q]  = denied[f] || (denied_q[f] && !controlled[f]);
        end
      // A function that this cycle's control enables for the first time.
      if (shared_i && control_valid_i && control_i == ControlEnable &&
          control_rid_i == query_rid_i[q])
        query_enabled_o[q] = 1'b1;
    end

  always_comb begin
    early_enabled_o = 1'b0;
    for (int unsigned f = 0; f < rows; f++)
      if (in_row(f, early_rid_i) && enabled_q[f]) early_enabled_o = 1'b1;
  end

  assign full_o = shared_i && enabled_q == '1;

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      enabled_q <= '0;
      denied_q  <= '0;
    end else begin
      enabled_q <= control_i == ControlEnable ? enabled_q | controlled : enabled_q & ~controlled;
      denied_q  <= (denied_q & ~controlled) | denied;
    end

  for (genvar f = 0; f < Functions; f++) begin : g_row
    always_ff @(posedge clk_i) if (controlled[f]) rid_q[f] <= control_rid_i;
  end

endmodule
