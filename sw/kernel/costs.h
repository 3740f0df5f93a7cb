// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/hal/types.h"

namespace drydock::sw {

using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): durations read as
                                       // in prose

/// What things cost on the modelled CPUs. Defaults are choices; each is a parameter of the machine.
struct cpu_costs {
    hal::duration function_call = 20ns;  ///< entering one of the larger kernel functions
    hal::duration memory_write =
        2ns;  ///< store to RAM of up to 16 bytes; beyond 64, of a 64-byte line
    hal::duration memory_read =
        5ns;  ///< load from RAM of up to 16 bytes; beyond 64, of a 64-byte line
    hal::duration cpu_relax = 10ns;         ///< one spin of a poll loop, its register read apart
    hal::duration lock = 20ns;              ///< uncontended lock or unlock
    hal::duration interrupt_entry = 500ns;  ///< from the interrupt to its handler
    hal::duration context_switch = 1us;     ///< another task on a CPU
    hal::duration page_fault = 2us;         ///< finding and clearing a page that a device asks for
    hal::duration guest_exit = 2us;         ///< a guest's batch of commands on its way to the host
    /// What ends a WFE without an event: the timer's event stream (Linux: 10 kHz, at whole
    /// multiples).
    hal::duration event_stream = 100us;
};

/// The back-off of a poll loop: `spins` times cpu_relax and a look, then one udelay and a look, and
/// so on; the udelay doubles from `first_delay` without cap (arm-smmu-v3's queue_poll). first_delay
/// 0: cpu_relax only. wait_for_event: WFE instead, until the SMMU's SEV, an interrupt of this CPU
/// or the event stream.
struct poll_backoff {
    u32 spins = 9;
    hal::duration first_delay = 1us;
    bool wait_for_event = false;
    /// From the start of the poll. Tested once after each look, so that the last udelay may overrun
    /// it: 1 s ends at 1.05 s (first look after 2^20 us).
    hal::duration limit = 1000ms;
};

/// What a CPU has done so far, open intervals included.
struct cpu_totals {
    hal::duration busy{};            ///< a task or a handler was on it
    hal::duration irqs_off_total{};  ///< interrupts masked, by software or by a handler that runs
    hal::duration irqs_off_longest{};
    u64 interrupts = 0;  ///< handlers run
    u64 switches = 0;    ///< times that another task came on
};

}  // namespace drydock::sw
