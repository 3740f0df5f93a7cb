// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/dpc_machine.h"

#include <chrono>
#include <stdexcept>
#include <string>

namespace drydock::accuracy {
namespace {

using base::ps;
using root_complex::containment_cause;
using root_complex::containment_channel;
using root_complex::containment_class;
using root_complex::containment_way;

constexpr ps patience{1'000'000'000'000}, a_while{1'000'000};

constexpr std::size_t index(containment_channel c) { return static_cast<std::size_t>(c); }
constexpr std::size_t index(containment_way w) {
    return index(w == containment_way::up ? containment_channel::up : containment_channel::down);
}

containment_channel channel_of(dpc_stimulus::kind k) {
    return k == dpc_stimulus::kind::trigger  ? containment_channel::trigger
           : k == dpc_stimulus::kind::tlp_up ? containment_channel::up
                                             : containment_channel::down;
}

}  // namespace

// -- whoever uses a block ------------------------------------------------------------------------

dpc_user::dpc_user(fidelity f, const dpc_pattern& p) : block_(make_dpc(f, p, ctx_, *this)) {}

void dpc_user::hand_in(dpc_stimulus s) {
    s.at = ctx_.now();
    if (into_ != nullptr) into_->push_back(s);
    if (s.what == dpc_stimulus::kind::control) return block_->control(s.control);
    if (s.what == dpc_stimulus::kind::release) {
        releases_.push_back(ctx_.now());
        return block_->release();
    }
    waiting_[index(channel_of(s.what))].push_back(s);
    feed(channel_of(s.what));
}

bool dpc_user::offer(const dpc_stimulus& s) {
    switch (s.what) {
        case dpc_stimulus::kind::trigger:
            return block_->try_trigger(s.trigger);
        case dpc_stimulus::kind::tlp_up:
            return block_->try_tlp(containment_way::up, s.tlp);
        default:
            return block_->try_tlp(containment_way::down, s.tlp);
    }
}

void dpc_user::feed(containment_channel c) {
    auto& waiting = waiting_[index(c)];
    while (!waiting.empty() && offer(waiting.front())) {
        unanswered_[index(c)].push_back(ctx_.now());
        waiting.pop_front();
    }
}

void dpc_user::ready(containment_channel c) { feed(c); }

void dpc_user::say(dpc_answer::kind what, unsigned detail, ps since) {
    answers_.push_back({what, detail, ctx_.now(), since});
}

/// Told before the verdict on the message, or the answer to the trigger, that brought it about.
void dpc_user::contained(const root_complex::containment_trigger& t) {
    const bool message = t.cause == containment_cause::nonfatal_message ||
                         t.cause == containment_cause::fatal_message;
    const auto& by =
        unanswered_[index(message ? containment_channel::up : containment_channel::trigger)];
    contained_at_ = ctx_.now();
    say(dpc_answer::kind::contained, static_cast<unsigned>(t.cause), by.front());
}

void dpc_user::rp_idle() { say(dpc_answer::kind::rp_idle, 0, contained_at_); }

void dpc_user::released() {
    say(dpc_answer::kind::released, 0, releases_.front());
    releases_.pop_front();
}

void dpc_user::release_too_early() {
    say(dpc_answer::kind::too_early, 0, releases_.front());
    releases_.pop_front();
}

void dpc_user::answered(root_complex::containment_answer a) {
    auto& by = unanswered_[index(containment_channel::trigger)];
    say(dpc_answer::kind::answered, static_cast<unsigned>(a), by.front());
    by.pop_front();
}

void dpc_user::judged(containment_way w, root_complex::containment_verdict v) {
    auto& by = unanswered_[index(w)];
    say(w == containment_way::up ? dpc_answer::kind::up : dpc_answer::kind::down,
        static_cast<unsigned>(v), by.front());
    by.pop_front();
}

// -- a port and its software ---------------------------------------------------------------------

dpc_machine::dpc_machine(const dpc_pattern& p, fidelity f, unsigned containments)
    : dpc_user(f, p),
      pattern_(p),
      left_(containments),
      times_{ctx_.rng(p.name, "up"), ctx_.rng(p.name, "down"), ctx_.rng(p.name, "trigger"),
             ctx_.rng(p.name, "release")},
      traffic_(ctx_.rng(p.name, "traffic")),
      id_(ctx_.timeline.join("machine", *this)) {
    ctx_.timeline.seal();
}

std::vector<dpc_answer> dpc_machine::run(std::vector<dpc_stimulus>* into) {
    into_ = into;
    hand_in({.what = dpc_stimulus::kind::control,
             .control = {.trigger_enable = 2, .complete_with_ur = pattern_.complete_with_ur}});
    at(pattern_.up_gap, op::up);
    at(pattern_.down_gap, op::down);
    at(pattern_.quiet, op::trigger);
    while (left_ > 0 && ctx_.now() < patience) ctx_.timeline.run(ctx_.now() + a_while);
    if (left_ > 0)
        throw std::logic_error(std::string(pattern_.name) + ": " + std::to_string(left_) +
                               " containments have not ended within a second");
    return std::move(answers_);
}

/// Some way around that time, so that it falls between edges as often as on them.
void dpc_machine::at(ps delay, op what) {
    const auto span = static_cast<std::uint64_t>(delay.count);
    const std::uint64_t some = times_[static_cast<std::size_t>(what)].below(span);
    ctx_.timeline.after(ps{static_cast<std::int64_t>(span / 2 + some + 1)}, base::phase::arrive,
                        id_, static_cast<std::uint64_t>(what));
}

void dpc_machine::on_time(std::uint64_t what) {
    switch (static_cast<op>(what)) {
        case op::up:
            return traffic(dpc_stimulus::kind::tlp_up, pattern_.up_gap, op::up);
        case op::down:
            return traffic(dpc_stimulus::kind::tlp_down, pattern_.down_gap, op::down);
        case op::trigger:
            return trigger();
        case op::release:
            return hand_in({.what = dpc_stimulus::kind::release});
    }
}

void dpc_machine::traffic(dpc_stimulus::kind way, ps gap, op again) {
    for (unsigned n = 0; n < pattern_.burst; ++n)
        hand_in({.what = way, .tlp = {.what = static_cast<containment_class>(traffic_.below(3))}});
    at(gap, again);
}

/// A message is a TLP; anything else the port finds out itself.
void dpc_machine::trigger() {
    const bool nonfatal = pattern_.cause == containment_cause::nonfatal_message,
               fatal = pattern_.cause == containment_cause::fatal_message;
    if (nonfatal || fatal)
        return hand_in({.what = dpc_stimulus::kind::tlp_up,
                        .tlp = {.err_nonfatal = nonfatal, .err_fatal = fatal}});
    hand_in({.what = dpc_stimulus::kind::trigger,
             .trigger = {.cause = pattern_.cause, .fatal = left_ % 2 == 0}});
}

void dpc_machine::contained(const root_complex::containment_trigger& t) {
    dpc_user::contained(t);
    at(pattern_.reaction, op::release);
}

void dpc_machine::release_too_early() {
    dpc_user::release_too_early();
    at(pattern_.release_again, op::release);
}

void dpc_machine::released() {
    dpc_user::released();
    if (--left_ == 0) return ctx_.timeline.stop();
    at(pattern_.quiet, op::trigger);
}

// -- replay --------------------------------------------------------------------------------------

namespace {

class player final : dpc_user, base::timeline_client {
public:
    player(fidelity f, const dpc_pattern& p, const std::vector<dpc_stimulus>& what)
        : dpc_user(f, p), what_(what), id_(ctx_.timeline.join("player", *this)) {
        ctx_.timeline.seal();
    }
    dpc_replayed run() {
        const auto begin = std::chrono::steady_clock::now();
        if (!what_.empty()) ctx_.timeline.at(what_[0].at, base::phase::arrive, id_);
        while (ctx_.timeline.next() != base::never) ctx_.timeline.run(ctx_.timeline.next());
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        return {std::move(answers_), took.count()};
    }

private:
    void on_time(std::uint64_t) override {
        while (next_ < what_.size() && what_[next_].at <= ctx_.now()) hand_in(what_[next_++]);
        if (next_ < what_.size()) ctx_.timeline.at(what_[next_].at, base::phase::arrive, id_);
    }
    const std::vector<dpc_stimulus>& what_;
    std::size_t next_ = 0;
    base::timeline::client_id id_;
};

}  // namespace

dpc_replayed replay_dpc(fidelity f, const dpc_pattern& p, const std::vector<dpc_stimulus>& what) {
    return player(f, p, what).run();
}

}  // namespace drydock::accuracy
