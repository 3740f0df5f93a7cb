// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sw/hal/dma_memory.h"
#include "tlm/base/context.h"
#include "tlm/system/memory.h"

namespace drydock::hal_systemc {

/// RAM as software sees it: directly, coherent with every device.
class dma_memory final : public sw::hal::dma_memory, system::write_observer {
public:
    /// @param base, bytes  the part of `m` that software may use
    dma_memory(base::context& ctx, system::memory& m, base::phys_addr base, std::uint64_t bytes);

    sw::phys_addr_t ram_base() const override { return base_.value; }
    sw::u64 ram_bytes() const override { return bytes_; }
    void read(sw::phys_addr_t at, void* to, std::size_t bytes) override;
    void write(sw::phys_addr_t at, const void* from, std::size_t bytes,
               sw::hal::span_id by) override;
    void track_writers(sw::phys_addr_t at, sw::u64 bytes) override;
    sw::hal::span_id writer_of(sw::phys_addr_t at) const override;
    sw::hal::watch_id watch(sw::phys_addr_t at, sw::hal::watch_client& client,
                            sw::u64 cookie) override;
    void unwatch(sw::hal::watch_id id) override;

private:
    struct watcher {
        sw::hal::watch_id id;
        sw::phys_addr_t at;
        sw::hal::watch_client* client;
        sw::u64 cookie;
    };
    void written(base::phys_addr at, unsigned bytes) override;
    bool page_watched(sw::phys_addr_t at) const;

    base::context& ctx_;
    system::memory& memory_;
    base::phys_addr base_;
    std::uint64_t bytes_;
    std::vector<watcher> watchers_;  ///< at most one per CPU
    sw::hal::watch_id last_ = 0;
};

}  // namespace drydock::hal_systemc
