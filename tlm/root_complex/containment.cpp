// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/containment.h"

#include <utility>

namespace drydock::root_complex {
namespace {

constexpr std::uint64_t edge_op = 0, busy_op = 1;

constexpr std::size_t index(containment_way w) { return static_cast<std::size_t>(w); }
constexpr std::size_t index(containment_channel c) { return static_cast<std::size_t>(c); }
constexpr containment_channel channel_of(containment_way w) {
    return w == containment_way::up ? containment_channel::up : containment_channel::down;
}

}  // namespace

containment::containment(std::string_view name, base::context& ctx,
                         const containment_config& config, containment_client& client)
    : ctx_(ctx),
      config_(config),
      clock_(config.clock),
      trigger_time_(clock_.to_time({config.trigger_cycles})),
      release_time_(clock_.to_time({config.release_cycles})),
      verdict_time_(clock_.to_time({config.verdict_cycles})),
      client_(client),
      id_(ctx.timeline.join(name, *this)) {}

// -- inputs --------------------------------------------------------------------------------------

void containment::control(const containment_control& c) { controls_.push({schedule(), c}); }

bool containment::try_trigger(const containment_trigger& t) {
    if (trigger_.due != base::never) {
        refused_[index(containment_channel::trigger)] = true;
        return false;
    }
    trigger_ = {schedule() + trigger_time_, t};
    return true;
}

bool containment::try_tlp(containment_way way, const containment_tlp& t) {
    auto& waiting = tlps_[index(way)];
    const std::size_t n = waiting.size();
    if (n >= config_.lanes &&
        waiting.at(n - config_.lanes).due >= ctx_.now() + verdict_time_) {  // of this edge
        refused_[index(channel_of(way))] = true;
        return false;
    }
    waiting.push({schedule() + verdict_time_, t});
    return true;
}

void containment::release() { release_ = schedule() + release_time_; }

base::ps containment::schedule() {
    const base::ps next = clock_.next_edge(ctx_.now());
    if (!ctx_.timeline.pending(edge_)) {
        edge_at_ = next;
        edge_ = ctx_.timeline.at(next, base::phase::serve, id_, edge_op);
    }
    return next;
}

bool containment::has_input() const {
    return !controls_.empty() || trigger_.due != base::never || release_ != base::never ||
           !tlps_[0].empty() || !tlps_[1].empty();
}

// -- an edge -------------------------------------------------------------------------------------

void containment::on_time(std::uint64_t what) {
    if (what == edge_op)
        edge();
    else if (!ctx_.timeline.pending(edge_) || edge_at_ != ctx_.now())
        end_busy();  // else the edge of this instant does it
}

void containment::edge() {
    while (!controls_.empty() && due(controls_.front().due)) now_ = controls_.pop().what;
    end_busy();
    if (due(trigger_.due)) take_trigger();
    if (due(release_)) take_release();
    judge(containment_way::up);
    judge(containment_way::down);
    tell_ready();
    if (has_input()) schedule();
}

void containment::end_busy() {
    if (!due(idle_at_)) return;
    idle_at_ = base::never;
    busy_ = false;
    client_.rp_idle();
}

void containment::begin() {
    active_ = true;
    busy_ = config_.root_port_extensions;
    if (!busy_ || config_.rp_busy == base::never) return;
    idle_at_ = config_.grid().end_of(ctx_.now());
    ctx_.timeline.cancel(busy_tick_);
    busy_tick_ = ctx_.timeline.at(idle_at_, base::phase::serve, id_, busy_op);
}

void containment::take_trigger() {
    const containment_trigger t = std::exchange(trigger_, {}).what;
    const containment_answer a = answer_to(t);
    if (a == containment_answer::contained) {
        begin();
        client_.contained(t);
    }
    client_.answered(a);
}

void containment::take_release() {
    release_ = base::never;
    if (!active_) return;
    if (busy_) return client_.release_too_early();
    active_ = false;
    client_.released();
}

/// PCIe, table of triggers.
containment_answer containment::answer_to(const containment_trigger& t) const {
    const bool nonfatal = t.cause == containment_cause::nonfatal_message ||
                          (t.cause == containment_cause::own_error && !t.fatal);
    if (now_.trigger_enable == 0 || now_.trigger_enable > 2 ||
        (nonfatal && now_.trigger_enable != 2))
        return containment_answer::not_enabled;
    return active_ ? containment_answer::ignored : containment_answer::contained;
}

containment_verdict containment::judge_up(const containment_tlp& t) {
    if (active_) return containment_verdict::discard;
    if (t.what != containment_class::posted || (!t.err_nonfatal && !t.err_fatal))
        return containment_verdict::pass;
    const containment_trigger by{
        t.err_fatal ? containment_cause::fatal_message : containment_cause::nonfatal_message,
        t.err_fatal, t.requester};
    if (answer_to(by) != containment_answer::contained) return containment_verdict::pass;
    begin();
    client_.contained(by);
    return containment_verdict::discard;
}

containment_verdict containment::judge_down(const containment_tlp& t) const {
    if (!active_) return containment_verdict::pass;
    if (t.what != containment_class::non_posted) return containment_verdict::discard;
    return now_.complete_with_ur ? containment_verdict::complete_ur
                                 : containment_verdict::complete_ca;
}

/// What a verdict brings about may offer more TLPs: they wait for the next edge.
void containment::judge(containment_way way) {
    auto& waiting = tlps_[index(way)];
    while (!waiting.empty() && due(waiting.front().due)) {
        const containment_tlp t = waiting.pop().what;
        client_.judged(way, way == containment_way::up ? judge_up(t) : judge_down(t));
    }
}

void containment::tell_ready() {
    for (const auto c :
         {containment_channel::trigger, containment_channel::up, containment_channel::down})
        if (std::exchange(refused_[index(c)], false)) client_.ready(c);
}

}  // namespace drydock::root_complex
