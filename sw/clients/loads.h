// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/clients/dma_engine.h"
#include "sw/kernel/costs.h"

namespace drydock::sw {

// What clients do, as a scenario says it.

struct dma_load {
    u32 burst = 16;   ///< descriptors
    u32 bytes = 256;  ///< of each, 1..page
    hal::duration every = 20us;
    u32 read_percent = 50;
    u32 atomic_percent = 0;  ///< the rest are writes
    dma_descriptor::op atomic = dma_descriptor::op::fetch_add;
    u32 atomic_bytes = 8;  ///< operand: 4, 8, of op::cas 16 too
};

struct unmap_load {
    u32 pages = 1;
    hal::duration every = 5us;
    bool remap = true;  ///< false: the pages come back when the device asks for them
    /// Memory reclaim: under a spinning lock, interrupts off.
    bool atomic = false;
};

/// Pages of a client's buffer, from 0.
struct page_run {
    u64 first = 0, count = 1;
};

/// A process whose pages come in when a device asks for them.
struct demand_paging {
    u32 resident_percent = 100;  ///< of the buffer at the start, spread evenly
};

/// Guests that one device is handed to, one after another.
struct vm_load {
    hal::duration every = 400ms;     ///< distance of the due times of a guest's start
    hal::duration lives = 150ms;     ///< from its start to its stop
    hal::duration retry = 1ms;       ///< after an attach that was refused with -EBUSY
    hal::duration give_up = 1000ms;  ///< of retrying
    std::optional<u32> pasid = {};   ///< attached beside the RID while a guest runs
};

/// A driver's own look after its device.
struct health_watch {
    hal::duration every = 1ms;  ///< distance of the looks
    u32 failures = 3;           ///< looks in a row that find the device dead before it is reset
    u32 attempts = 3;           ///< resets that fail before the driver gives up
};

}  // namespace drydock::sw
