// SPDX-License-Identifier: Apache-2.0
#include "platform/lockstep/containment.h"

namespace drydock::lockstep {

using root_complex::containment_answer;
using root_complex::containment_trigger;
using root_complex::containment_verdict;
using root_complex::containment_way;

containment::containment(std::string_view name, base::context& ctx,
                         const root_complex::containment_config& c,
                         root_complex::containment_client& client,
                         const root_complex::containment_maker& block, findings& into)
    : ctx_(ctx),
      client_(client),
      events_(into, "event [contained, answered, released, too early, RP idle; which, source]"),
      accepted_(into, "acceptance [input]"),
      verdicts_{channel(into, "verdict upward"), channel(into, "verdict downward")},
      block_(block(name, ctx, c, *this)),
      scribe_(*this),
      twin_("twin", inputs_.context(), c, scribe_) {
    into.block = name;
    inputs_.context().timeline.seal();
}

void containment::settle() {
    catch_up(ctx_.now());
    for (channel* c : {&events_, &accepted_, &verdicts_[0], &verdicts_[1]}) c->finish(ctx_.now());
}

void containment::catch_up(base::ps now) {
    inputs_.catch_up(now, [this](const input& i) { hand_on(i); });
}

void containment::hand_on(const input& i) {
    bool taken = true;
    if (i.what == input::kind::control) return twin_.control(i.control);
    if (i.what == input::kind::release) return twin_.release();
    if (i.what == input::kind::trigger) taken = twin_.try_trigger(i.trigger);
    if (i.what == input::kind::up) taken = twin_.try_tlp(containment_way::up, i.tlp);
    if (i.what == input::kind::down) taken = twin_.try_tlp(containment_way::down, i.tlp);
    if (taken) accepted_.from_twin(inputs_.context().now(), {static_cast<std::uint32_t>(i.what)});
}

void containment::said(bool by_twin, event e, std::uint32_t number, std::uint32_t more) {
    const channel::answer a{static_cast<std::uint32_t>(e), number, more};
    if (by_twin)
        events_.from_twin(inputs_.context().now(), a);
    else
        events_.from_block(ctx_.now(), a);
}

void containment::verdict(bool by_twin, containment_way way, containment_verdict v) {
    channel& c = verdicts_[static_cast<std::size_t>(way)];
    const channel::answer a{static_cast<std::uint32_t>(v)};
    if (by_twin)
        c.from_twin(inputs_.context().now(), a);
    else
        c.from_block(ctx_.now(), a);
}

// -- to the block --------------------------------------------------------------------------------

void containment::control(const root_complex::containment_control& c) {
    catch_up(ctx_.now());
    block_->control(c);
    inputs_.push(ctx_.now(), {.what = input::kind::control, .control = c});
}

bool containment::try_trigger(const containment_trigger& t) {
    catch_up(ctx_.now());
    if (!block_->try_trigger(t)) return false;
    const input i{.what = input::kind::trigger, .trigger = t};
    accepted_.from_block(ctx_.now(), {static_cast<std::uint32_t>(i.what)});
    inputs_.push(ctx_.now(), i);
    return true;
}

bool containment::try_tlp(containment_way way, const root_complex::containment_tlp& t) {
    catch_up(ctx_.now());
    if (!block_->try_tlp(way, t)) return false;
    const input i{.what = way == containment_way::up ? input::kind::up : input::kind::down,
                  .tlp = t};
    accepted_.from_block(ctx_.now(), {static_cast<std::uint32_t>(i.what)});
    inputs_.push(ctx_.now(), i);
    return true;
}

void containment::release() {
    catch_up(ctx_.now());
    block_->release();
    inputs_.push(ctx_.now(), {.what = input::kind::release});
}

// -- from the block ------------------------------------------------------------------------------

void containment::contained(const containment_trigger& t) {
    said(false, event::contained, static_cast<std::uint32_t>(t.cause), t.source.value);
    client_.contained(t);
}

void containment::released() {
    said(false, event::released, 0);
    client_.released();
}

void containment::release_too_early() {
    said(false, event::too_early, 0);
    client_.release_too_early();
}

void containment::rp_idle() {
    said(false, event::rp_idle, 0);
    client_.rp_idle();
}

void containment::answered(containment_answer a) {
    said(false, event::answered, static_cast<std::uint32_t>(a));
    client_.answered(a);
}

void containment::judged(containment_way way, containment_verdict v) {
    verdict(false, way, v);
    client_.judged(way, v);
}

// -- from the twin -------------------------------------------------------------------------------

void containment::scribe::contained(const containment_trigger& t) {
    self.said(true, event::contained, static_cast<std::uint32_t>(t.cause), t.source.value);
}

void containment::scribe::answered(containment_answer a) {
    self.said(true, event::answered, static_cast<std::uint32_t>(a));
}

void containment::scribe::judged(containment_way way, containment_verdict v) {
    self.verdict(true, way, v);
}

}  // namespace drydock::lockstep
