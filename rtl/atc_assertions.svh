// SPDX-License-Identifier: Apache-2.0
// What the ATC promises and what is promised to it. Told from its ports and from records of their
// own (checked_*), so that a mistake in the block's state does not hide itself.

  uses_t checked_in_progress, checked_used;  // by number: lookups, uses
  page_t checked_page[Uses];
  rid_t  checked_rid [Uses];
  uses_t checked_size[5];  // bit b of every size
  logic [Queue-1:0] checked_queued, checked_due;  // invalidates not drained; drained, not completed
  rid_t  checked_of [Queue];
  page_t checked_first[Queue], checked_last[Queue];
  logic [Queue-1:0] checked_of_all;
  uses_t checked_holders[Queue];
  uses_t seen_release;
  logic  seen_control, seen_request_stays, seen_completion_stays;
  logic [SlotWidth-1:0] seen_slot;
  rid_t seen_completion_rid;
  logic [31:0] seen_completion_itags;

  // Uses that an invalidate must wait for: of its function and range, whatever their PASID if it has
  // none. Those of the cycle in which it starts that the fill grants count, the lookup's does not.
  uses_t checked_now, checked_reached;
  assign checked_now = (checked_used | (wake_valid_o && !wake_untranslated_o ? wake_hit_o : '0)) &
                       ~seen_release;
  always_comb begin
    range_t range;
    checked_reached = '0;
    range = '0;
    if (started_valid_o && checked_of_all[started_slot_o])
      for (int unsigned u = 0; u < Uses; u++) begin
        range.size = wake_valid_o && wake_hit_o[u] ? wake_size_o :
                     {checked_size[4][u], checked_size[3][u], checked_size[2][u],
                      checked_size[1][u], checked_size[0][u]};
        range.page = checked_page[u] & ~below(range.size);
        checked_reached[u] = checked_now[u] && checked_rid[u] == checked_of[started_slot_o] &&
                             range.page <= checked_last[started_slot_o] &&
                             (range.page | below(range.size)) >= checked_first[started_slot_o];
      end
  end

  logic [Queue-1:0] checked_completed;  // by the message that is taken now
  logic [31:0] checked_itags;
  always_comb begin
    checked_completed = '0;
    checked_itags = '0;
    if (completion_valid_o)
      for (int unsigned i = 0; i < Queue; i++)
        if ((checked_due[i] || drained_o[i]) && checked_of[i] == completion_rid_o &&
            class_q[i] == completion_class_o && completion_itags_o[itag_q[i]]) begin
          checked_completed[i] = 1'b1;
          checked_itags[itag_q[i]] = 1'b1;
        end
  end

  uses_t checked_answered, checked_granted;
  always_comb begin
    checked_answered = dropped_valid_o ? dropped_o : '0;
    checked_granted = '0;
    if (wake_valid_o) begin
      checked_answered |= wake_hit_o | wake_fault_o;
      if (!wake_untranslated_o) checked_granted = wake_hit_o;
    end
    if (answer_valid_o && answer_o != AnswerWaiting && answer_o != AnswerStalled)
      checked_answered[answer_tag_o] = 1'b1;
    if (answer_valid_o && answer_o == AnswerHit && !answer_untranslated_o)
      checked_granted[answer_tag_o] = 1'b1;
  end

  logic checked_early;
  always_comb begin
    checked_early = 1'b0;
    for (int unsigned i = 0; i < Queue; i++)
      if (drained_o[i] && checked_holders[i] != '0) checked_early = 1'b1;
  end

  always_ff @(posedge clk_i)
    if (!rst_ni || flush) begin
      checked_in_progress   <= '0;
      checked_used          <= '0;
      checked_queued        <= '0;
      checked_due           <= '0;
      seen_release          <= '0;
      seen_control          <= 1'b0;
      seen_request_stays    <= 1'b0;
      seen_completion_stays <= 1'b0;
    end else begin
      seen_release <= release_i;
      seen_control <= control_fire;
      checked_in_progress <= checked_in_progress & ~checked_answered;
      if (lookup_fire) checked_in_progress[lookup_tag_i] <= 1'b1;
      checked_used <= (checked_used & ~seen_release) | checked_granted;
      if (clear_reset)
        for (int unsigned u = 0; u < Uses; u++)
          if (checked_rid[u] == control_rid_i) checked_used[u] <= 1'b0;
      checked_queued <= checked_queued & ~drained_o & ~ignored_o;
      if (invalidate_fire) checked_queued[invalidate_slot_i] <= 1'b1;
      checked_due <= (checked_due | drained_o) & ~ignored_o &
                     ~(completion_ready_i ? checked_completed : '0);
      seen_request_stays <= request_valid_o && !request_ready_i;
      seen_slot <= request_slot_o;
      seen_completion_stays <= completion_valid_o && !completion_ready_i;
      seen_completion_rid <= completion_rid_o;
      seen_completion_itags <= completion_itags_o;
    end

  always_ff @(posedge clk_i) begin
    if (lookup_fire) begin
      checked_page[lookup_tag_i] <= lookup_page_i;
      checked_rid[lookup_tag_i]  <= lookup_rid_i;
    end
    if (invalidate_fire) begin
      checked_of[invalidate_slot_i]    <= invalidate_rid_i;
      checked_first[invalidate_slot_i] <= invalidate_first_i;
      checked_last[invalidate_slot_i]  <= invalidate_last_i;
    end
  end

  for (genvar b = 0; b < 5; b++) begin : g_checked_size
    always_ff @(posedge clk_i) begin
      if (wake_valid_o)
        checked_size[b] <= wake_size_o[b] ? checked_size[b] | wake_hit_o :
                                            checked_size[b] & ~wake_hit_o;
      if (answer_valid_o && answer_o == AnswerHit)
        checked_size[b][answer_tag_o] <= answer_size_o[b];
    end
  end

  // -- what is promised to the block --------------------------------------------------------------

  a_lookup_number_is_free:
  assume property (@(posedge clk_i) disable iff (!rst_ni)
    !(lookup_fire && (checked_in_progress[lookup_tag_i] && !checked_answered[lookup_tag_i])))
  else $error("a lookup has the number of one that is in progress");

  a_release_of_a_use:
  assume property (@(posedge clk_i) disable iff (!rst_ni) (release_i & ~in_use) == '0)
  else $error("what is released is not in use");

  a_invalidate_place_is_free:
  assume property (@(posedge clk_i) disable iff (!rst_ni)
    !(invalidate_fire && invalidates_taken[invalidate_slot_i] && !completed[invalidate_slot_i] &&
      !ignored_o[invalidate_slot_i]))
  else $error("an Invalidate Request has the place of one that is not completed");

  a_range_is_no_less_than_a_page:
  assume property (@(posedge clk_i) disable iff (!rst_ni)
    !(invalidate_fire && invalidate_first_i > invalidate_last_i))
  else $error("an Invalidate Request ends before it begins");

  a_functions_have_room:
  assume property (@(posedge clk_i) disable iff (!rst_ni)
    !(control_fire && control_i == ControlEnable && functions_full && !known_function))
  else $error("more functions are enabled than the block has rows for");

  // -- what the block promises --------------------------------------------------------------------

  a_answer_to_a_lookup:
  assert property (@(posedge clk_i) disable iff (!rst_ni || shared_i)
    (checked_answered & ~checked_in_progress) == '0)
  else $error("an answer to a lookup that is not in progress");

  a_one_answer:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !(wake_valid_o && (wake_hit_o & wake_fault_o) != '0))
  else $error("a lookup is granted and refused at once");

  a_request_stays:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    !(seen_request_stays && !seen_control) || (request_valid_o && request_slot_o == seen_slot))
  else $error("a Translation Request is taken back or replaced while it waits");

  a_completion_stays:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    !(seen_completion_stays && !seen_control) ||
    (completion_valid_o && completion_rid_o == seen_completion_rid &&
     (seen_completion_itags & ~completion_itags_o) == '0))
  else $error("an Invalidate Completion is taken back, or loses an ITag, while it waits");

  a_no_itag_is_made_up:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    !completion_valid_o || checked_itags == completion_itags_o)
  else $error("a completion names an ITag that was not drained, or completes it twice");

  a_no_itag_is_lost:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    completion_valid_o || seen_control || (checked_due | drained_o) == '0)
  else $error("an ITag is drained and no completion is under way");

  a_each_drains_once:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    (drained_o & ~checked_queued) == '0 && (drained_o & ignored_o) == '0)
  else $error("an Invalidate Request is drained that is not in the queue");

  a_no_drain_before_release:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_early)
  else $error("an Invalidate Request is drained while a use of its range is not released");

  // Of those without PASID: with one, who is reached is the PASIDs' matter.
  for (genvar i = 0; i < Queue; i++) begin : g_checked
    always_ff @(posedge clk_i) begin
      if (invalidate_fire && invalidate_slot_i == IndexWidth'(i))
        checked_of_all[i] <= !invalidate_pasid_valid_i;
      if (started_valid_o && started_slot_o == IndexWidth'(i))
        checked_holders[i] <= checked_of_all[i] ? checked_reached & ~release_i : '0;
      else checked_holders[i] <= checked_holders[i] & ~release_i;
    end
  end
