// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "sw/hal/types.h"

namespace drydock::sw::hal {

struct mmio_result {
    u64 value = 0;    ///< all ones when the access failed
    duration busy{};  ///< how long the CPU is held from the call on
    bool ok = true;
};

struct mmio_client {
    /// A load or store that could not be answered at once is over.
    virtual void mmio_done(u64 cookie, mmio_result) = 0;

protected:
    ~mmio_client() = default;
};

struct watch_client {
    /// The watched location may have changed. Runs in hardware context: set an alarm, do no more.
    virtual void changed(u64 cookie) = 0;

protected:
    ~watch_client() = default;
};
using watch_id = u32;

/// Device registers and configuration space (ECAM), as a CPU reaches them.
struct mmio {
    virtual ~mmio() = default;
    /// Starts a load. An answer now: it took effect now and holds the CPU for `busy`. None: the CPU
    /// stalls until mmio_done. @param size 1, 2, 4 or 8, naturally aligned
    virtual std::optional<mmio_result> load(unsigned cpu, phys_addr_t, unsigned size, mmio_client&,
                                            u64 cookie) = 0;
    virtual std::optional<mmio_result> store(unsigned cpu, phys_addr_t, unsigned size, u64 value,
                                             mmio_client&, u64 cookie) = 0;
    /// Value without side effect and without time, to decide when a poll would have succeeded.
    virtual u64 peek(phys_addr_t, unsigned size) = 0;
    /// How long a load of this register would hold the CPU: what each round of a poll costs.
    virtual duration load_cost(phys_addr_t, unsigned size) = 0;
    /// Tells of changes of the register at this address until unwatch(). @return 0 if it cannot be
    /// watched
    virtual watch_id watch(phys_addr_t, watch_client&, u64 cookie) = 0;
    virtual void unwatch(watch_id) = 0;
};

}  // namespace drydock::sw::hal
