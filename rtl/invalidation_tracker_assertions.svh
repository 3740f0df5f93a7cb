// SPDX-License-Identifier: Apache-2.0
// What the invalidation tracker promises, in its own scope. Each rule keeps a record of its own
// (checked_*), so that a mistake in the block's state does not hide itself.

  longint unsigned checked_age[Itags];     // the how-manieth request the ITag was taken for
  int unsigned     checked_ticks[Itags];   // ticks since it was taken, that cycle's included
  int unsigned     checked_copies[Itags];  // completions that counted
  longint unsigned checked_taken, checked_retired;
  itag_vector_t    checked_awaited;
  logic            checked_draining;
  logic            checked_stay;  // what is sent next must be what was offered
  itag_t           checked_offer;
  itag_vector_t    checked_used;

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      checked_taken    <= '0;
      checked_retired  <= '0;
      checked_awaited  <= '0;
      checked_draining <= 1'b0;
      checked_stay     <= 1'b0;
      checked_offer    <= '0;
      checked_used     <= '0;
    end else begin
      if (take) checked_taken <= checked_taken + 1;
      checked_retired <= checked_retired + 64'($countones(done)) + 64'($countones(given_up)) +
                         64'($countones(expired));
      if (drain_valid_i) begin
        checked_awaited  <= used_d;
        checked_draining <= 1'b1;
      end else begin
        checked_awaited <= checked_awaited & ~(done | given_up | expired);
        if (drained_o) checked_draining <= 1'b0;
      end
      checked_stay  <= send_valid_o && !send_ready_i && (retired & first) == '0;
      checked_offer <= send_itag_o;
      checked_used  <= used_q;
    end

  for (genvar i = 0; i < Itags; i++) begin : gen_checked
    always_ff @(posedge clk_i)
      if (take && chosen_itag == itag_t'(i)) begin
        checked_age[i]    <= checked_taken;
        checked_ticks[i]  <= tick_i ? 1 : 0;
        checked_copies[i] <= 0;
      end else begin
        if (tick_i) checked_ticks[i] <= checked_ticks[i] + 1;
        if (counted[i]) checked_copies[i] <= checked_copies[i] + 1;
      end
  end

  // The oldest ITag of a port leaves first.
  logic checked_overtaken;
  always_comb begin
    checked_overtaken = 1'b0;
    for (int unsigned i = 0; i < Itags; i++)
      if (send_ready_i && unsent_q[i] && port_q[i] == port_q[index_t'(send_itag_o)] &&
          checked_age[i] < checked_age[index_t'(send_itag_o)])
        checked_overtaken = 1'b1;
  end

  function automatic int unsigned checked_owned(function_t of);
    checked_owned = 0;
    for (int unsigned i = 0; i < Itags; i++)
      if (used_q[i] && function_q[i] == of) checked_owned++;
  endfunction

  // Ends of ITags that the block's rules do not allow.
  logic checked_early, checked_miscounted, checked_crowded;
  always_comb begin
    checked_early = 1'b0;
    checked_miscounted = 1'b0;
    for (int unsigned i = 0; i < Itags; i++) begin
      if (expired[i] && checked_ticks[i] < TicksPerTime) checked_early = 1'b1;
      if (done[i] && cc_t'(checked_copies[i] + 1) != completion_cc_i) checked_miscounted = 1'b1;
    end
    checked_crowded = 1'b0;
    for (int unsigned r = 0; r < Requesters; r++)
      if (request_ready_o[r] && checked_owned(request_function_i[r]) >= 32'(request_depth_i[r]))
        checked_crowded = 1'b1;
  end

  // protocol
  a_ready_to_one_valid:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    $onehot0(request_ready_o) && (request_ready_o & ~request_valid_i) == '0)
  else $error("ready given to more than one requester or to one that does not ask");

  a_lowest_requester_first:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    request_ready_o != '0 |-> (request_valid_i & (request_ready_o - 1'b1)) == '0)
  else $error("a requester went before one of lower number");

  a_send_is_one_hot:
  assert property (@(posedge clk_i) disable iff (!rst_ni) send_valid_o ? $onehot(first) : first == '0)
  else $error("not exactly one ITag is offered for sending");

  a_send_stays_offered:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    checked_stay && $stable(port_room_i) |-> send_valid_o && send_itag_o == checked_offer)
  else $error("an offered Invalidate Request was taken back");

  a_send_in_order:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_overtaken)
  else $error("an Invalidate Request overtook an older one of its port");

  a_send_once:
  assert property (@(posedge clk_i) disable iff (!rst_ni) (send_fire & ~(unsent_q & used_q)) == '0)
  else $error("an Invalidate Request was sent that is not waiting");

  // no lost or duplicated ITag
  a_no_duplicate:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    take |-> $onehot(chosen) && (chosen & used_q) == '0)
  else $error("an ITag was given out that is out already");

  a_inside_pool:
  assert property (@(posedge clk_i) disable iff (!rst_ni) used_q >> pool_i == '0)
  else $error("an ITag is out that the pool does not have");

  a_ends_once:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    (done_o & given_up_o) == '0 && ((done_o | given_up_o) & expired_o) == '0 &&
    ((done_o | given_up_o | expired_o) & ~checked_used) == '0)
  else $error("an ITag ended twice or was not out");

  a_none_lost:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    checked_taken - checked_retired == 64'($countones(used_q)))
  else $error("ITags taken and not yet ended are not those that are out");

  a_depth_kept:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_crowded)
  else $error("a function got more requests than its queue depth");

  a_completion_count:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_miscounted)
  else $error("an ITag completed before as many completions as CC says");

  a_never_early:
  assert property (@(posedge clk_i) disable iff (!rst_ni) !checked_early)
  else $error("an ITag expired before its time");

  // no completion before drain
  a_drain_waits:
  assert property (@(posedge clk_i) disable iff (!rst_ni)
    drained_o |-> checked_draining && checked_awaited == '0)
  else $error("drained while an ITag of before the SYNC is out");
