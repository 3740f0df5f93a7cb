// SPDX-License-Identifier: Apache-2.0
// What containment promises, told from its inputs of the cycle before (seen_*) and its outputs. The
// record of whether it contains (checked_*) is made of what the block said, not of its state.

  logic checked_before, checked_active;
  assign checked_active = ((checked_before || contained_by_trigger_o) && !released_o) ||
                          contained_by_message_o;

  logic    seen_trigger, seen_release;
  enable_t seen_enable;
  logic    seen_complete_ur;
  logic    seen_up  [Lanes];
  logic    seen_down[Lanes];
  class_t  seen_class[Lanes];
  int unsigned checked_ticks;  // of RP Busy's time, that of its first cycle included
  logic        checked_full;   // they had been enough when the cycle before began

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      checked_before   <= 1'b0;
      seen_trigger     <= 1'b0;
      seen_release     <= 1'b0;
      seen_enable      <= TriggerOff;
      seen_complete_ur <= 1'b0;
      checked_ticks    <= 0;
      checked_full     <= 1'b0;
    end else begin
      checked_before <= checked_active;
      seen_trigger <= trigger_valid_i;
      seen_release <= release_i;
      if (control_valid_i) begin
        seen_enable <= control_enable_i;
        seen_complete_ur <= control_complete_ur_i;
      end
      checked_full <= checked_ticks >= TicksPerTime;
      if (triggers || by_message) checked_ticks <= tick_i ? 1 : 0;
      else if (tick_i) checked_ticks <= checked_ticks + 1;
    end

  for (genvar l = 0; l < Lanes; l++) begin : gen_seen
    always_ff @(posedge clk_i)
      if (!rst_ni) begin
        seen_up[l] <= 1'b0;
        seen_down[l] <= 1'b0;
        seen_class[l] <= ClassPosted;
      end else begin
        seen_up[l] <= up_valid_i[l];
        seen_down[l] <= down_valid_i[l];
        seen_class[l] <= down_class_i[l];
      end
  end

  logic checked_leak_up, checked_leak_down, checked_starved, checked_wrong_status, checked_unpaired;
  always_comb begin
    automatic logic closed = checked_active && !contained_by_message_o;
    checked_leak_up = 1'b0;
    checked_leak_down = 1'b0;
    checked_starved = 1'b0;
    checked_wrong_status = 1'b0;
    checked_unpaired = 1'b0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      if (up_judged_o[l] != seen_up[l] || down_judged_o[l] != seen_down[l])
        checked_unpaired = 1'b1;
      if (up_judged_o[l]) begin
        if (closed && up_verdict_o[l] == VerdictPass) checked_leak_up = 1'b1;
        if (up_verdict_o[l] != VerdictPass) begin
          if (!checked_active) checked_starved = 1'b1;
          closed = 1'b1;
        end
      end
      if (down_judged_o[l]) begin
        if (checked_active && down_verdict_o[l] == VerdictPass) checked_leak_down = 1'b1;
        if (!checked_active && down_verdict_o[l] != VerdictPass) checked_starved = 1'b1;
        if (checked_active && down_verdict_o[l] != VerdictPass &&
            down_verdict_o[l] != checked_disposition(seen_class[l]))
          checked_wrong_status = 1'b1;
      end
    end
  end

  function automatic verdict_t checked_disposition(class_t c);
    if (c != ClassNonPosted) return VerdictDiscard;
    return seen_complete_ur ? VerdictCompleteUr : VerdictCompleteCa;
  endfunction

  // protocol
  a_answer_to_each_trigger:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    answer_valid_o == seen_trigger &&
    contained_by_trigger_o == (answer_valid_o && answer_o == AnswerContained))
  else $error("a trigger without its answer, or containment that its answer does not tell");

  a_verdict_for_each_tlp:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_unpaired)
  else $error("a TLP without verdict or a verdict without TLP");

  a_release_has_one_answer:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    $onehot0({released_o, release_too_early_o}) &&
    (!(released_o || release_too_early_o) || seen_release))
  else $error("a release that nobody asked for or with two answers");

  // the gate
  a_nothing_up:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_leak_up)
  else $error("a TLP from below passed a port that contains");

  a_nothing_down:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_leak_down)
  else $error("a TLP from above passed a port that contains");

  a_open_when_not_contained:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_starved)
  else $error("a TLP was stopped by a port that does not contain");

  a_completion_by_class:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_wrong_status)
  else $error("a TLP from above was disposed of against its class or Completion Control");

  // triggers
  a_only_when_enabled:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    contained_by_trigger_o || contained_by_message_o |->
    seen_enable == TriggerFatal || seen_enable == TriggerNonfatal)
  else $error("containment began although DPC Trigger Enable is 0");

  a_begins_once:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    !(contained_by_trigger_o && checked_before) &&
    !(contained_by_message_o && (checked_before || contained_by_trigger_o) && !released_o))
  else $error("containment began while it held");

  a_first_cause_stays:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    status_o.triggered && !contained_by_trigger_o && !contained_by_message_o |->
    $stable(status_o.reason) && $stable(status_o.reason_extension) && $stable(status_o.source))
  else $error("Trigger Reason or Error Source ID changed in containment");

  // status, RP Busy and release
  a_status_tells:
  assert property (@(posedge clk_i) disable iff (!rst_ni) status_o.triggered == checked_active)
  else $error("Trigger Status differs from what was told");

  a_busy_keeps_containment:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    (!status_o.rp_busy || status_o.triggered) &&
    !(released_o && !contained_by_message_o && status_o.rp_busy))
  else $error("released while RP Busy");

  a_busy_never_short:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    rp_idle_o |-> checked_full && !rp_busy_stuck_i)
  else $error("RP Busy ended before its time");
