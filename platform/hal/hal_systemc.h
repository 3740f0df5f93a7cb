// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "platform/hal/clock.h"
#include "platform/hal/dma_memory.h"
#include "platform/hal/mmio.h"
#include "platform/hal/observe.h"
#include "platform/hal/stacks.h"
#include "sw/hal/host.h"
#include "tlm/base/context.h"
#include "tlm/base/register_observer.h"
#include "tlm/base/timeline_kernel.h"
#include "tlm/system/interrupt_controller.h"
#include "tlm/system/memory.h"

namespace drydock::hal_systemc {

struct config {
    unsigned cpus = 4;     ///< bus ports, one per CPU
    unsigned stacks = 64;  ///< tasks, workers, interrupt threads and CPUs at once
    std::size_t stack_bytes = 256 * 1024;
    mmio_config mmio;
    base::phys_addr ram{0x4000'0000};  ///< RAM that software hands out pages of
    std::uint64_t ram_bytes = std::uint64_t{1} << 30;
    base::phys_addr doorbell{0x0808'0040};  ///< where MSIs are written to
};

/// Interrupts of the MSI controller and events of the SMMU, for software.
class irq final : public sw::hal::irq, public system::msi_sink, public base::sev_sink {
public:
    irq(base::phys_addr doorbell, const system::interrupt_controller& controller)
        : doorbell_(doorbell), controller_(controller) {}

    void connect(sw::hal::interrupt_sink& sink) override { sink_ = &sink; }
    sw::phys_addr_t doorbell() const override { return doorbell_.value; }
    sw::u64 events_sent() const override { return events_; }
    void watch_events(sw::hal::watch_client& client, sw::u64 cookie) override;
    void msi(std::uint32_t data) override;
    void line_raised(unsigned n) override;
    bool asserted(sw::u32 line) const override { return controller_.line(line); }
    void sev() override;

private:
    base::phys_addr doorbell_;
    const system::interrupt_controller& controller_;
    sw::hal::interrupt_sink* sink_ = nullptr;
    sw::hal::watch_client* client_ = nullptr;
    sw::u64 cookie_ = 0;
    sw::u64 events_ = 0;
};

/// The order that a scenario or an explorer chooses, for software.
class choice final : public sw::hal::choice {
public:
    explicit choice(base::context& ctx) : ctx_(ctx) {}
    std::size_t choose(std::string_view point, std::span<const sw::hal::candidate> among) override;

private:
    base::context& ctx_;
    std::vector<base::candidate> candidates_;
};

/// All doors between the modelled software and the modelled hardware. Whoever builds the machine
/// binds socket(n) of each CPU to the bus, hands events() to the SMMU's event output and
/// registers() to its register observers, and calls rethrow() when the run has ended.
class hal_systemc final : public sc_core::sc_module {
public:
    hal_systemc(sc_core::sc_module_name name, base::context& ctx, base::timeline_kernel& kernel,
                system::memory& memory, system::interrupt_controller& interrupts,
                const config& c = {}, steering* s = nullptr);

    sw::hal::host& host() { return host_; }
    tlm::tlm_initiator_socket<64>& socket(unsigned cpu) { return mmio_.port(cpu).socket; }
    base::register_observer& registers() { return mmio_; }
    base::sev_sink& events() { return irq_; }
    void steer(steering* s) { observe_.steer(s); }
    std::uint64_t switches() const { return stacks_.switches(); }
    /// Throws what a task threw, which ended the run.
    void rethrow() const;

private:
    clock clock_;
    stacks stacks_;
    mmio mmio_;
    dma_memory memory_;
    irq irq_;
    observe observe_;
    choice choice_;
    sw::hal::host host_;
};

}  // namespace drydock::hal_systemc
