// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/link_retry.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tlm/pcie/link_timing.h"

namespace drydock::pcie {
namespace {

constexpr std::uint16_t sequence_mask = 0xfff;  // 12 bits (PCIe)
constexpr unsigned most_replays = 3;            // REPLAY_NUM counts to 3 (PCIe)

constexpr std::uint16_t sum(unsigned a, unsigned b) {
    return static_cast<std::uint16_t>((a + b) & sequence_mask);
}
/// One occasion of a fault that was asked for.
bool take(std::uint32_t& count) {
    if (count == 0) return false;
    if (count != UINT32_MAX) --count;
    return true;
}
constexpr unsigned distance(unsigned from, unsigned to) { return (to - from) & sequence_mask; }

}  // namespace

link_retry::link_retry(base::context& ctx, const std::string& name, const link_config& config,
                       link_retry_owner& owner)
    : ctx_(ctx),
      owner_(owner),
      id_(ctx.timeline.join(name + ".retry", *this)),
      tlps_(ctx.timeline, name + ".retry_tlps", tlp_end{this}),
      dllps_(ctx.timeline, name + ".retry_dllps", dllp_end{this}),
      rng_(ctx.rng(name, "bit errors")),
      log_good_bit_(std::log1p(-static_cast<double>(config.bit_errors) / bit_errors_per)),
      dllp_bytes_(pcie::dllp_bytes(config.gen)),
      tlps_per_ack_(config.tlps_per_ack),
      replay_time_(replay_timeout(config.gen, config.width, config.max_payload)),
      ack_limit_(ack_limit(config.gen, config.width, config.max_payload)),
      active_(config.bit_errors != 0) {}

bool link_retry::hit(unsigned bytes) {
    if (log_good_bit_ == 0) return false;
    // One of so many bits is wrong with 1 - (1 - rate)^bits.
    const double p = -std::expm1(8.0 * bytes * log_good_bit_);
    return static_cast<double>(rng_.next() >> 11) < p * 0x1p53;
}

bool link_retry::dllp_is_hit() { return take(faults_.bad_dllps) || hit(dllp_bytes_); }

// -- the sender ----------------------------------------------------------------------------------

void link_retry::sent(tlp_ptr t, unsigned bytes, base::fine_time end) {
    buffer_.push({std::move(t), bytes});
    transmit(sum(first_, static_cast<unsigned>(buffer_.size() - 1)), bytes, end);
}

void link_retry::transmit(std::uint16_t sequence, unsigned bytes, base::fine_time end) {
    fate how = fate::good;
    if (take(faults_.lost_tlps))
        how = fate::lost;
    else if (take(faults_.bad_tlps) || hit(bytes))
        how = fate::bad;
    tlps_.push(owner_.arrival(end), {sequence, how});
    if (deadline_ == base::never) run_replay_timer(end.rounded());
}

void link_retry::run_replay_timer(base::ps from) {
    deadline_ = from + replay_time_;
    // A record that is pending and comes before looks at the new deadline then.
    if (ctx_.timeline.pending(replay_at_)) {
        if (armed_ <= deadline_) return;
        ctx_.timeline.cancel(replay_at_);
    }
    arm_replay_timer();
}

void link_retry::arm_replay_timer() {
    armed_ = deadline_;
    replay_at_ = ctx_.timeline.at(deadline_, base::phase::serve, id_, replay_timer);
}

void link_retry::resend() {
    const entry& e = buffer_.at(next_);
    const std::uint16_t sequence = sum(first_, next_);
    ++replays_;
    owner_.replayed(sequence, e.bytes);
    transmit(sequence, e.bytes, owner_.occupy(e.bytes));
    replaying_ = ++next_ < buffer_.size();
}

void link_retry::begin_replay() {
    const bool rollover = replay_num_ == most_replays;
    replay_num_ = rollover ? 0 : replay_num_ + 1;
    next_ = 0;
    replaying_ = true;
    deadline_ = base::never;  // runs again from the first TLP that is sent again
    if (rollover) {
        owner_.retrain();
        owner_.found(link_error::replay_rollover, false);
    }
    owner_.go_on();
}

void link_retry::acknowledged(dllp d) {
    if (d.bad) return owner_.found(link_error::bad_dllp, false);
    if (faults_.replay_timeouts != 0) return;
    const unsigned done = distance(first_, sum(d.sequence, 1));
    if (done > buffer_.size()) return owner_.found(link_error::data_link_protocol, false);
    for (unsigned i = 0; i < done; ++i) buffer_.pop();
    first_ = sum(first_, done);
    next_ -= std::min(next_, done);
    replaying_ = replaying_ && next_ < buffer_.size();
    if (done != 0) {
        replay_num_ = 0;
        if (buffer_.empty())
            deadline_ = base::never;
        else
            run_replay_timer(ctx_.now());
    }
    if (d.nak && !buffer_.empty()) return begin_replay();
    owner_.go_on();
}

void link_retry::wrong_acknowledge() {
    acknowledged({sum(first_, static_cast<unsigned>(buffer_.size())), false, false});
}

// -- the receiver --------------------------------------------------------------------------------

void link_retry::arrived(numbered n) {
    if (n.how == fate::lost) return owner_.found(link_error::receiver, true);
    const unsigned ahead = distance(expected_, n.sequence);
    const bool duplicate = ahead > sequence_mask / 2;
    if (n.how == fate::good && duplicate) return send(false);
    if (n.how == fate::bad || ahead != 0) {
        // Behind one that failed: dropped without a word, the NAK has been sent.
        if (n.how == fate::good && nak_scheduled_) return;
        nak();
        return owner_.found(link_error::bad_tlp, true);
    }
    expected_ = sum(expected_, 1);
    nak_scheduled_ = false;
    tlp_ptr t = std::move(buffer_.at(distance(first_, n.sequence)).t);
    acknowledge();
    if (take(faults_.overflows)) return owner_.overflowed(std::move(t));
    owner_.received(std::move(t));
}

void link_retry::acknowledge() {
    if (++unacknowledged_ >= tlps_per_ack_) return send(false);
    if (!ctx_.timeline.pending(ack_at_))
        ack_at_ = ctx_.timeline.after(ack_limit_, base::phase::serve, id_, ack_timer);
}

void link_retry::nak() {
    if (std::exchange(nak_scheduled_, true)) return;
    send(true);
}

/// Cumulative: up to the last that was in order.
void link_retry::send(bool is_nak) {
    unacknowledged_ = 0;
    ctx_.timeline.cancel(ack_at_);
    dllps_.push(owner_.send_acknowledge(), {sum(expected_, sequence_mask), is_nak, dllp_is_hit()});
}

// -- time ----------------------------------------------------------------------------------------

void link_retry::on_time(std::uint64_t what) {
    if (what == ack_timer) return send(false);
    if (deadline_ == base::never) return;
    if (ctx_.now() < deadline_) return arm_replay_timer();
    take(faults_.replay_timeouts);
    owner_.found(link_error::replay_timeout, false);
    begin_replay();
}

void link_retry::hold(base::ps time) {
    if (deadline_ != base::never) deadline_ += time;
}

void link_retry::forget() {
    tlps_.clear([](numbered) {});
    dllps_.clear([](dllp) {});
    ctx_.timeline.cancel(replay_at_);
    ctx_.timeline.cancel(ack_at_);
    deadline_ = base::never;
    first_ = expected_ = 0;
    next_ = replay_num_ = unacknowledged_ = 0;
    replaying_ = nak_scheduled_ = false;
}

}  // namespace drydock::pcie
