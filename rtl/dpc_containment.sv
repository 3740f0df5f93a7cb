// SPDX-License-Identifier: Apache-2.0
// Downstream Port Containment: who starts it, what becomes of each TLP meanwhile, RP Busy and
// release.
//
// In one cycle DPC Control comes first, then the tick, the trigger, the release, the TLPs upward,
// the TLPs downward; TLPs of one way by lane. All results are registered: they stand in the cycle
// after. Every input is taken in every cycle.
module dpc_containment
  import dpc_containment_pkg::*;
#(
    parameter int unsigned Lanes = 8  // TLPs of each way per cycle
) (
    input logic clk_i,
    input logic rst_ni,

    input logic rp_extensions_i,  // RP Busy exists; constant out of reset
    input logic rp_busy_stuck_i,  // and never ends
    input logic tick_i,           // a sixteenth of RP Busy's time has passed

    input logic    control_valid_i,
    input enable_t control_enable_i,
    input logic    control_complete_ur_i,  // DPC Completion Control: UR, else CA

    input  logic      trigger_valid_i,
    input  cause_t    trigger_cause_i,
    input  logic      trigger_fatal_i,   // severity of an own error
    input  function_t trigger_source_i,
    output logic      answer_valid_o,    // for each trigger
    output answer_t   answer_o,

    input  logic release_i,            // software has cleared Trigger Status
    output logic released_o,
    output logic release_too_early_o,  // RP Busy: containment stays (choice)

    // TLPs from below
    input  logic      up_valid_i  [Lanes],
    input  class_t    up_class_i  [Lanes],
    input  message_t  up_message_i[Lanes],
    input  function_t up_source_i [Lanes],
    output logic      up_judged_o [Lanes],
    output verdict_t  up_verdict_o[Lanes],

    // TLPs from above
    input  logic     down_valid_i  [Lanes],
    input  class_t   down_class_i  [Lanes],
    output logic     down_judged_o [Lanes],
    output verdict_t down_verdict_o[Lanes],

    output logic    contained_by_trigger_o,  // containment has begun: by the trigger
    output logic    contained_by_message_o,  // or by the first discarded message upward
    output logic    rp_idle_o,               // RP Busy has ended
    output status_t status_o
);

  // -- state ----------------------------------------------------------------------------------

  typedef logic [$clog2(TicksPerTime+1)-1:0] ticks_t;

  enable_t enable_q, enable;
  logic complete_ur_q, complete_ur;
  logic active_q, busy_q, busy_d;
  ticks_t    ticks_q;
  cause_t    cause_q;
  function_t source_q;

  assign enable      = control_valid_i ? control_enable_i : enable_q;
  assign complete_ur = control_valid_i ? control_complete_ur_i : complete_ur_q;

  // -- RP Busy --------------------------------------------------------------------------------

  logic busy_ends, busy_now;
  assign busy_ends = busy_q && tick_i && !rp_busy_stuck_i && ticks_q == ticks_t'(TicksPerTime);
  assign busy_now  = busy_q && !busy_ends;

  // -- trigger and release --------------------------------------------------------------------

  answer_t answer;
  logic triggers, released, too_early, active_after_trigger, active_after_release;

  always_comb begin
    if (!enables(enable, trigger_cause_i, trigger_fatal_i)) answer = AnswerNotEnabled;
    else if (active_q) answer = AnswerIgnored;
    else answer = AnswerContained;
  end

  assign triggers = trigger_valid_i && answer == AnswerContained;
  assign active_after_trigger = active_q || triggers;
  assign too_early = release_i && active_after_trigger && (busy_now || (triggers && rp_extensions_i));
  assign released = release_i && active_after_trigger && !too_early;
  assign active_after_release = active_after_trigger && !released;

  // -- TLPs upward ----------------------------------------------------------------------------

  verdict_t  up_verdict  [Lanes];
  logic      by_message;
  logic      active;
  cause_t    message_cause;
  function_t message_source;

  // Error messages that DPC is enabled for.
  logic [Lanes-1:0] fatal, nonfatal;

  always_comb
    for (int unsigned l = 0; l < Lanes; l++) begin
      fatal[l] = up_valid_i[l] && up_class_i[l] == ClassPosted &&
                 up_message_i[l] == MessageErrFatal && enables(enable, CauseFatalMessage, 1'b1);
      nonfatal[l] = up_valid_i[l] && up_class_i[l] == ClassPosted &&
                    up_message_i[l] == MessageErrNonfatal &&
                    enables(enable, CauseNonfatalMessage, 1'b0);
    end

  always_comb begin
    active = active_after_release;
    by_message = 1'b0;
    message_cause = CauseFatalMessage;
    message_source = '0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      up_verdict[l] = active ? VerdictDiscard : VerdictPass;
      if (!active && (fatal[l] || nonfatal[l])) begin
        active = 1'b1;
        by_message = 1'b1;
        message_cause = fatal[l] ? CauseFatalMessage : CauseNonfatalMessage;
        message_source = up_source_i[l];
        up_verdict[l] = VerdictDiscard;
      end
    end
  end

  // -- TLPs downward --------------------------------------------------------------------------

  verdict_t down_verdict[Lanes];

  always_comb
    for (int unsigned l = 0; l < Lanes; l++)
      if (!active) down_verdict[l] = VerdictPass;
      else if (down_class_i[l] != ClassNonPosted) down_verdict[l] = VerdictDiscard;
      else down_verdict[l] = complete_ur ? VerdictCompleteUr : VerdictCompleteCa;

  // -- next state -----------------------------------------------------------------------------

  logic begins;
  assign begins = triggers || by_message;
  assign busy_d = begins ? rp_extensions_i : busy_now;

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      enable_q <= TriggerOff;
      complete_ur_q <= 1'b0;
      active_q <= 1'b0;
      busy_q <= 1'b0;
      ticks_q <= '0;
      cause_q <= CauseOwnError;
      source_q <= '0;
    end else begin
      enable_q <= enable;
      complete_ur_q <= complete_ur;
      active_q <= active;
      busy_q <= busy_d;
      if (begins) ticks_q <= tick_i ? 1 : 0;  // a tick at its start is its first
      else if (busy_q && tick_i && !rp_busy_stuck_i) ticks_q <= ticks_q + 1'b1;
      if (by_message) begin
        cause_q  <= message_cause;
        source_q <= message_source;
      end else if (triggers) begin
        cause_q  <= trigger_cause_i;
        source_q <= is_message(trigger_cause_i) ? trigger_source_i : '0;
      end
    end

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      answer_valid_o <= 1'b0;
      answer_o <= AnswerNotEnabled;
      released_o <= 1'b0;
      release_too_early_o <= 1'b0;
      contained_by_trigger_o <= 1'b0;
      contained_by_message_o <= 1'b0;
      rp_idle_o <= 1'b0;
    end else begin
      answer_valid_o <= trigger_valid_i;
      if (trigger_valid_i) answer_o <= answer;
      released_o <= released;
      release_too_early_o <= too_early;
      contained_by_trigger_o <= triggers;
      contained_by_message_o <= by_message;
      rp_idle_o <= busy_ends;
    end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    always_ff @(posedge clk_i)
      if (!rst_ni) begin
        up_judged_o[l] <= 1'b0;
        up_verdict_o[l] <= VerdictPass;
        down_judged_o[l] <= 1'b0;
        down_verdict_o[l] <= VerdictPass;
      end else begin
        up_judged_o[l] <= up_valid_i[l];
        if (up_valid_i[l]) up_verdict_o[l] <= up_verdict[l];
        down_judged_o[l] <= down_valid_i[l];
        if (down_valid_i[l]) down_verdict_o[l] <= down_verdict[l];
      end
  end

  // Reason fields and Source ID are valid only while Trigger Status is 1.
  assign status_o.triggered = active_q;
  assign status_o.rp_busy = busy_q;
  assign status_o.reason = active_q ? reason_of(cause_q) : '0;
  assign status_o.reason_extension = active_q && cause_q == CauseSoftware ? 2'd1 : 2'd0;
  assign status_o.source = active_q ? source_q : '0;

`ifndef SYNTHESIS
`include "dpc_containment_assertions.svh"
`endif

endmodule
