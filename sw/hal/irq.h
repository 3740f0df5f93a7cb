// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/hal/mmio.h"
#include "sw/hal/types.h"

namespace drydock::sw::hal {

struct interrupt_sink {
    /// Message-signalled interrupt `vector` arrived at the interrupt controller. Hardware context.
    virtual void interrupt(u32 vector) = 0;
    /// A wired interrupt goes high. It interrupts until it is low again: irq::asserted().
    virtual void level(u32 /*line*/) {}

protected:
    ~interrupt_sink() = default;
};

struct irq {
    virtual ~irq() = default;
    virtual void connect(interrupt_sink&) = 0;
    /// Where a device writes its vector number to, 32 bit.
    virtual phys_addr_t doorbell() const = 0;
    /// Whether a wired interrupt is high.
    virtual bool asserted(u32 /*line*/) const { return false; }
    /// SEV events of the SMMU (CMD_SYNC with CS=SEV); counts them.
    virtual u64 events_sent() const = 0;
    virtual void watch_events(watch_client&, u64 cookie) = 0;
};

}  // namespace drydock::sw::hal
