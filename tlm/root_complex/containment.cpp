// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/containment.h"

#include <utility>

namespace drydock::root_complex {
namespace {

constexpr std::size_t index(containment_way w) { return static_cast<std::size_t>(w); }
constexpr std::size_t index(containment_channel c) { return static_cast<std::size_t>(c); }
constexpr containment_channel channel_of(containment_way w) {
    return w == containment_way::up ? containment_channel::up : containment_channel::down;
}

}  // namespace

containment::containment(base::context& ctx, std::string_view name, base::ps clock,
                         containment_client& client)
    : ctx_(ctx), clock_(clock), client_(client), id_(ctx.timeline.join(name, *this)) {}

void containment::control(const containment_control& c) {
    control_ = c;
    schedule();
}

bool containment::try_trigger(const containment_trigger& t) {
    if (trigger_) {
        refused_[index(containment_channel::trigger)] = true;
        return false;
    }
    trigger_ = t;
    schedule();
    return true;
}

bool containment::try_tlp(containment_way way, const containment_tlp& t) {
    auto& waiting = tlps_[index(way)];
    if (waiting.size() == depth) {
        refused_[index(channel_of(way))] = true;
        return false;
    }
    waiting.push(t);
    schedule();
    return true;
}

void containment::release() {
    release_ = true;
    schedule();
}

void containment::schedule() {
    if (!ctx_.timeline.pending(edge_))
        edge_ = ctx_.timeline.at(clock_.next_edge(ctx_.now()), base::phase::serve, id_);
}

void containment::on_time(std::uint64_t) {
    if (control_) now_ = *std::exchange(control_, std::nullopt);
    if (trigger_) {
        const containment_trigger t = *std::exchange(trigger_, std::nullopt);
        const containment_answer a = decide(t);
        if (a == containment_answer::contained) client_.contained(t);
        client_.answered(a);
    }
    if (std::exchange(release_, false) && std::exchange(active_, false)) client_.released();
    judge(containment_way::up);
    judge(containment_way::down);
    tell_ready();
}

/// PCIe, table of triggers.
containment_answer containment::decide(const containment_trigger& t) {
    const bool nonfatal = t.cause == containment_cause::nonfatal_message ||
                          (t.cause == containment_cause::own_error && !t.fatal);
    if (now_.trigger_enable == 0 || now_.trigger_enable > 2 ||
        (nonfatal && now_.trigger_enable != 2))
        return containment_answer::not_enabled;
    if (active_) return containment_answer::ignored;
    active_ = true;
    return containment_answer::contained;
}

containment_verdict containment::judge_up(const containment_tlp& t) {
    if (active_) return containment_verdict::discard;
    if (!t.err_nonfatal && !t.err_fatal) return containment_verdict::pass;
    const containment_trigger by{
        t.err_fatal ? containment_cause::fatal_message : containment_cause::nonfatal_message,
        t.err_fatal, t.requester};
    if (decide(by) != containment_answer::contained) return containment_verdict::pass;
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
    for (std::size_t n = waiting.size(); n > 0; --n) {
        const containment_tlp t = waiting.pop();
        client_.judged(way, way == containment_way::up ? judge_up(t) : judge_down(t));
    }
}

void containment::tell_ready() {
    for (const auto c :
         {containment_channel::trigger, containment_channel::up, containment_channel::down})
        if (std::exchange(refused_[index(c)], false)) client_.ready(c);
}

}  // namespace drydock::root_complex
