// SPDX-License-Identifier: Apache-2.0
// What goes into a slot and comes out of it.
#include "platform/machine/hardware.h"

namespace drydock::machine {

card::card(base::context& ctx, hardware& h, std::string port, bool empty)
    : machine_(h), port_(std::move(port)), slot_(*h.slot(port_)) {
    slot_.connect(this);
    const auto id = ctx.timeline.join(port_ + ".card", *this);
    if (empty) ctx.timeline.at(base::ps{0}, base::phase::arrive, id);
}

/// Nobody has pulled anything: no event, no error.
void card::on_time(std::uint64_t) {
    slot_.mute(true);
    slot_.set_present(false);
    slot_.mute(false);
}

void card::powered(bool on) { machine_.set_reset_below(port_, !on); }

void card::pull(bool noticed) {
    slot_.mute(!noticed);
    machine_.link_below(port_)->set_up(false);
    slot_.set_present(false);
    slot_.mute(false);
}

void card::insert() {
    if (!slot_.present()) machine_.renew_below(port_);
    slot_.set_present(true);
}

void card::press_button() { slot_.press_button(); }

}  // namespace drydock::machine
