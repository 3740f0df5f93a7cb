// SPDX-License-Identifier: Apache-2.0
#include "platform/hal/hal_systemc.h"

namespace drydock::hal_systemc {

void irq::watch_events(sw::hal::watch_client& client, sw::u64 cookie) {
    client_ = &client;
    cookie_ = cookie;
}

void irq::msi(std::uint32_t data) {
    if (sink_ != nullptr) sink_->interrupt(data);
}

void irq::line_raised(unsigned n) {
    if (sink_ != nullptr) sink_->level(n);
}

void irq::sev() {
    ++events_;
    if (client_ != nullptr) client_->changed(cookie_);
}

std::size_t choice::choose(std::string_view point, std::span<const sw::hal::candidate> among) {
    candidates_.clear();
    for (const sw::hal::candidate& c : among) candidates_.push_back({c.name, c.key});
    return ctx_.chooser->choose(point, candidates_);
}

hal_systemc::hal_systemc(sc_core::sc_module_name name, base::context& ctx,
                         base::timeline_kernel& kernel, system::memory& memory,
                         system::interrupt_controller& interrupts, const config& c, steering* s)
    : sc_module(name),
      clock_(ctx.timeline),
      stacks_("stacks", ctx.timeline, kernel, c.stacks, c.stack_bytes),
      mmio_(this->name(), ctx, kernel, c.cpus, c.mmio),
      memory_(ctx, memory, c.ram, c.ram_bytes),
      irq_(c.doorbell, interrupts),
      observe_(ctx, s),
      choice_(ctx),
      host_{clock_, stacks_, mmio_, memory_, irq_, observe_, choice_} {
    interrupts.connect(irq_);
}

void hal_systemc::rethrow() const {
    if (stacks_.thrown()) std::rethrow_exception(stacks_.thrown());
}

}  // namespace drydock::hal_systemc
