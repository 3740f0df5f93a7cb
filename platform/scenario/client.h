// SPDX-License-Identifier: Apache-2.0
// What a scenario says of the load: drivers and guests that use the devices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "platform/scenario/place.h"
#include "tlm/base/time.h"

namespace drydock::scenario {

using base::ps;
using namespace base::literals;  // NOLINT(google-global-names-in-headers): defaults read as in
                                 // prose

/// `burst: 64 x 256B, every: 20us, mix: {read: 50%, write: 50%}`, and `atomic:`
struct dma_load {
    unsigned count = 16;   ///< descriptors of one burst, 1..4096
    unsigned bytes = 256;  ///< of each, 1..4096
    ps every = 20_us;      ///< distance of due times, > 0
    unsigned read_percent = 50;
    unsigned atomic_percent = 0;          ///< the rest are writes
    std::string atomic_op = "fetch_add";  ///< fetch_add | swap | cas
    unsigned atomic_bytes = 8;            ///< operand: 4, 8, of cas 16 too
};

/// `unmap: {pages: 1, every: 5us, remap: new_page}`
struct unmap_load {
    unsigned pages = 1;
    ps every = 5_us;
    bool remap = true;     ///< new_page; false: on_fault, the page comes back when the device asks
    bool reclaim = false;  ///< in atomic context, as memory reclaim does
};

/// `vm: {every: 400ms, lives: 150ms}`
struct vm_load {
    ps every = 400_ms, lives = 150_ms;   ///< of a guest: due times, life
    ps retry = 1_ms, give_up = 1_s;      ///< of an attach that is refused with -EBUSY
    std::optional<std::uint32_t> pasid;  ///< attached beside the RID while a guest runs
};

/// `ras: {every: 1ms, failures: 3}`
struct health_watch {
    ps every = 1_ms;
    unsigned failures = 3, attempts = 3;
};

enum class client_kind : std::uint8_t { dma_client, sva, vfio };

struct client {
    std::string name;
    client_kind kind = client_kind::dma_client;
    std::string device;
    std::string peer;                    ///< its DMA goes to this device's BAR0, not to memory
    std::optional<std::uint32_t> pasid;  ///< always for sva
    unsigned cpu = 0;
    std::uint64_t buffer_bytes = 0;  ///< whole pages
    std::uint64_t page_bytes = 4096;
    std::optional<dma_load> dma;
    std::optional<unmap_load> unmap;
    vm_load vm;                       ///< of vfio
    std::optional<health_watch> ras;  ///< of a dma_client: its driver looks after the device
    bool page_faults = false;         ///< sva: pages come in when the device asks for them
    unsigned resident_percent = 100;  ///< of the buffer at the start; below 100 with page_faults
    bool starts_by_timeline =
        false;  ///< a timeline entry `start:` names it; else it starts at time 0
    place where;
};

}  // namespace drydock::scenario
