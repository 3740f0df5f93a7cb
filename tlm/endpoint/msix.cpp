// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/msix.h"

#include <algorithm>

namespace drydock::endpoint {

msix_table::msix_table(unsigned vectors, sender& s)
    : sender_(s), entries_(vectors), pending_((vectors + 63) / 64) {}

std::uint32_t msix_table::read_table(std::uint32_t offset) const {
    return offset < table_bytes() ? entries_[offset / entry_bytes].words[offset % entry_bytes / 4]
                                  : 0;
}

void msix_table::write_table(std::uint32_t offset, std::uint32_t value) {
    if (offset >= table_bytes()) return;
    const std::uint32_t word = offset % entry_bytes / 4;
    if (word == 0) value &= ~3u;     // address [1:0] are zero
    if (word == 3) value &= masked;  // other control bits are reserved
    entries_[offset / entry_bytes].words[word] = value;
    flush();
}

std::uint32_t msix_table::read_pba(std::uint32_t offset) const {
    return offset < pba_bytes()
               ? static_cast<std::uint32_t>(pending_[offset / 8] >> (offset % 8 * 8))
               : 0;
}

void msix_table::set_control(bool enabled, bool function_mask) {
    enabled_ = enabled;
    function_mask_ = function_mask;
    flush();
}

void msix_table::fire(std::uint32_t vector) {
    if (!enabled_ || vector >= entries_.size()) return;
    if (!try_send(vector)) set_pending(vector, true);
}

bool msix_table::try_send(std::uint32_t v) {
    const entry& e = entries_[v];
    if (!enabled_ || function_mask_ || (e.words[3] & masked) != 0) return false;
    return sender_.try_send_msi(e.words[0] | std::uint64_t{e.words[1]} << 32, e.words[2]);
}

void msix_table::set_pending(std::uint32_t v, bool on) {
    if (pending(v) == on) return;
    pending_[v / 64] ^= std::uint64_t{1} << (v % 64);
    pending_count_ += on ? 1u : ~0u;
}

void msix_table::flush() {
    for (std::uint32_t v = 0; pending_count_ > 0 && v < entries_.size(); ++v)
        if (pending(v) && try_send(v)) set_pending(v, false);
}

void msix_table::reset() {
    std::fill(entries_.begin(), entries_.end(), entry{});
    std::fill(pending_.begin(), pending_.end(), 0);
    pending_count_ = 0;
    enabled_ = function_mask_ = false;
}

}  // namespace drydock::endpoint
