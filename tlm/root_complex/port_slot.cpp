// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/port_slot.h"

#include <utility>

namespace drydock::root_complex {
namespace {

// In the PCI Express capability (PCIe).
constexpr unsigned flags = 0x02, slot_capabilities = 0x14, slot_control = 0x18, slot_status = 0x1a;
constexpr std::uint16_t slot_implemented = 0x0100, message_mask = 0x3e00;
constexpr unsigned message_shift = 9;
// Slot Control
constexpr std::uint16_t interrupt_enable = 0x20, power_off = 0x400, link_state_enable = 0x1000,
                        plain_enables = 0x1f;

}  // namespace

void port_slot::describe(pcie::config_image& image, std::uint16_t at, const slot_config& c) {
    const std::uint32_t indicators = 0x18, hot_plug = 0x60;  // attention, power; surprise, capable
    image.set16(at + flags, image.u16(at + flags) | slot_implemented);
    image.set32(at + slot_capabilities,
                (c.attention_button ? 1u : 0u) | (c.power_controller ? 2u : 0u) | indicators |
                    hot_plug | (c.command_completed ? 0u : 1u << 18) | (c.number << 19));
}

port_slot::port_slot(base::context& ctx, const std::string& name, const slot_config& config,
                     pcie::config_space& space, port_slot_owner& owner)
    : ctx_(ctx),
      config_(config),
      space_(space),
      owner_(owner),
      client_(ctx.timeline.join(name, *this)) {
    space_.registers().set(space_.express().at + slot_status, 2, presence, presence);
}

std::uint16_t port_slot::control() const {
    return space_.registers().get16(space_.express().at + slot_control);
}

unsigned port_slot::message_number() const {
    return (space_.registers().get16(space_.express().at + flags) & message_mask) >> message_shift;
}

void port_slot::set_message_number(unsigned n) {
    space_.registers().set(space_.express().at + flags, 2, message_mask, n << message_shift);
}

void port_slot::happen(std::uint16_t event) {
    if (muted_) return;
    space_.registers().set(space_.express().at + slot_status, 2, event, event);
    look();
}

void port_slot::look() {
    const std::uint16_t now = space_.registers().get16(space_.express().at + slot_status);
    const std::uint16_t enabled = control();
    const bool event = (now & enabled & plain_enables) != 0 ||
                       ((now & link_state_changed) != 0 && (enabled & link_state_enable) != 0);
    const bool asks = event && (enabled & interrupt_enable) != 0;
    if (asks && !std::exchange(asked_, asks)) owner_.slot_interrupt();
    asked_ = asks;
}

void port_slot::set_present(bool present) {
    if (present == present_) return;
    present_ = present;
    space_.registers().set(space_.express().at + slot_status, 2, port_slot::presence,
                           present ? port_slot::presence : 0);
    happen(presence_changed);
    serve();
}

/// The link goes before the power and comes after it.
void port_slot::serve() {
    const bool now = present_ && powered_;
    if (std::exchange(serves_, now) == now) return;
    if (now && adapter_ != nullptr) adapter_->powered(true);
    owner_.slot_serves(now);
    if (!now && adapter_ != nullptr) adapter_->powered(false);
}

void port_slot::control_written() {
    ctx_.timeline.cancel(command_);
    command_ = ctx_.timeline.after(config_.command_time, base::phase::serve, client_);
    look();
}

void port_slot::port_reset() {
    ctx_.timeline.cancel(command_);
    asked_ = false;
    carry_out();
}

/// The command has been carried out.
void port_slot::on_time(std::uint64_t) {
    carry_out();
    if (config_.command_completed) happen(command_completed);
}

void port_slot::carry_out() {
    const bool on = !config_.power_controller || (control() & power_off) == 0;
    if (on != powered_) {
        powered_ = on;
        serve();
    }
}

}  // namespace drydock::root_complex
