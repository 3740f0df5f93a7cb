// SPDX-License-Identifier: Apache-2.0
#include "platform/hal/dma_memory.h"

#include <algorithm>

namespace drydock::hal_systemc {
namespace {

constexpr sw::phys_addr_t page_of(sw::phys_addr_t at) { return at / system::memory::page_bytes; }

}  // namespace

dma_memory::dma_memory(base::context& ctx, system::memory& m, base::phys_addr base,
                       std::uint64_t bytes)
    : ctx_(ctx), memory_(m), base_(base), bytes_(bytes) {}

void dma_memory::read(sw::phys_addr_t at, void* to, std::size_t bytes) {
    memory_.read(base::phys_addr{at}, to, bytes);
}

void dma_memory::write(sw::phys_addr_t at, const void* from, std::size_t bytes,
                       sw::hal::span_id by) {
    ctx_.provenance.written(base::phys_addr{at}, bytes, base::span_id{by});
    memory_.write(base::phys_addr{at}, from, bytes);
}

void dma_memory::track_writers(sw::phys_addr_t at, sw::u64 bytes) {
    ctx_.provenance.shadow(base::phys_addr{at}, bytes);
}

sw::hal::span_id dma_memory::writer_of(sw::phys_addr_t at) const {
    return ctx_.provenance.writer_of(base::phys_addr{at}).value;
}

bool dma_memory::page_watched(sw::phys_addr_t at) const {
    return std::any_of(watchers_.begin(), watchers_.end(),
                       [at](const watcher& w) { return page_of(w.at) == page_of(at); });
}

sw::hal::watch_id dma_memory::watch(sw::phys_addr_t at, sw::hal::watch_client& client,
                                    sw::u64 cookie) {
    if (!page_watched(at)) memory_.watch(*this, base::phys_addr{at});
    watchers_.push_back({++last_, at, &client, cookie});
    return last_;
}

void dma_memory::unwatch(sw::hal::watch_id id) {
    const auto found = std::find_if(watchers_.begin(), watchers_.end(),
                                    [id](const watcher& w) { return w.id == id; });
    if (found == watchers_.end()) return;
    const sw::phys_addr_t at = found->at;
    watchers_.erase(found);
    if (!page_watched(at)) memory_.unwatch(*this, base::phys_addr{at});
}

void dma_memory::written(base::phys_addr at, unsigned bytes) {
    for (const watcher& w : watchers_)
        if (at.value < w.at + 8 && w.at < at.value + bytes) w.client->changed(w.cookie);
}

}  // namespace drydock::hal_systemc
