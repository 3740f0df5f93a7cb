// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "sw/hal/mmio.h"
#include "sw/hal/types.h"

namespace drydock::sw::hal {

/// RAM, coherent with DMA: a write is visible to hardware in the call, a read sees what is there.
/// Takes no time by itself: the kernel charges its CPU.
struct dma_memory {
    virtual ~dma_memory() = default;
    virtual phys_addr_t ram_base() const = 0;
    virtual u64 ram_bytes() const = 0;
    virtual void read(phys_addr_t, void* to, std::size_t bytes) = 0;
    /// @param by span that provenance keeps for registered queue pages
    virtual void write(phys_addr_t, const void* from, std::size_t bytes, span_id by) = 0;
    /// Queue pages whose writers hardware may ask for (observers only).
    virtual void track_writers(phys_addr_t, u64 bytes) = 0;
    /// Span of what wrote a tracked queue page at this address, 0 where nobody keeps it. For
    /// telling observers only.
    virtual span_id writer_of(phys_addr_t) const { return 0; }
    /// Tells of writes by hardware into [at, at + 8) until unwatch().
    virtual watch_id watch(phys_addr_t at, watch_client&, u64 cookie) = 0;
    virtual void unwatch(watch_id) = 0;
};

}  // namespace drydock::sw::hal
