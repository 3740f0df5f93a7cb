// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/port_link.h"

#include <utility>

namespace drydock::root_complex {
namespace {

constexpr unsigned link_status = 0x12;               // in the PCIe capability
constexpr std::uint16_t link_training_bit = 0x0800;  // LnkSta[11]

}  // namespace

port_link::port_link(base::context& ctx, const std::string& name, pcie::config_space& space,
                     unsigned gen, unsigned width, const pcie::link_times& times,
                     port_link_owner& owner)
    : ctx_(ctx),
      space_(space),
      gen_(gen),
      width_(width),
      times_(times),
      owner_(owner),
      client_(ctx.timeline.join(name, *this)) {
    show(true);
}

void port_link::hold(link_hold why) {
    holds_ |= static_cast<std::uint8_t>(why);
    if (ctx_.timeline.cancel(training_)) show(false);
    if (!up_) return;
    visible_ = ctx_.timeline.after(times_.down_visible, base::phase::serve, client_, show_inactive);
    set_up(false);
    owner_.drive_link(false);
}

void port_link::let_go(link_hold why) {
    const auto bit = static_cast<std::uint8_t>(why);
    if ((holds_ & bit) == 0) return;
    holds_ &= static_cast<std::uint8_t>(~bit);
    if (holds_ != 0) return;
    training_ = ctx_.timeline.after(times_.training, base::phase::serve, client_, trained);
    if (!ctx_.timeline.pending(visible_)) show(false);
}

bool port_link::changed(bool now_up) {
    if (now_up == up_) return false;
    if (now_up && holds_ != 0) {  // it may not
        owner_.drive_link(false);
        return false;
    }
    ctx_.timeline.cancel(visible_);
    ctx_.timeline.cancel(training_);
    show(now_up);
    set_up(now_up);
    return !now_up;
}

void port_link::set_recovery(bool on) {
    recovery_ = on && up_;
    show(shown_);
}

void port_link::set_up(bool now_up) {
    up_ = now_up;
    owner_.link_is(now_up);
}

void port_link::on_time(std::uint64_t what) {
    if (what == show_inactive) return show(false);
    ctx_.timeline.cancel(visible_);
    owner_.drive_link(true);
    if (up_) return;  // the link has told so
    show(true);
    set_up(true);
}

void port_link::show(bool active) {
    pcie::express_view x = space_.express();
    x.set_link_status(gen_, width_, active);
    recovery_ = recovery_ && active;
    const bool training = recovery_ || (ctx_.timeline.pending(training_) && !active);
    space_.registers().set(x.at + link_status, 2, link_training_bit,
                           training ? link_training_bit : 0);
    if (std::exchange(shown_, active) != active) owner_.link_active_changed();
}

}  // namespace drydock::root_complex
