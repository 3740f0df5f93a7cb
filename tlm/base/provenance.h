// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tlm/base/ids.h"

namespace drydock::base {

/// Shadow of registered memory (queue pages): which span wrote each 16-byte slot. It lets the SMMU
/// say, for emission only, which software call a command came from; no model decides by it.
class provenance {
public:
    static constexpr std::uint64_t granule = 16;

    /// Starts to shadow [base, base + bytes). Nothing is kept for other memory.
    void shadow(phys_addr base, std::uint64_t bytes);
    /// Off: writes are not kept and every question is answered with no_span.
    void enable(bool on) { on_ = on; }

    void written(phys_addr at, std::uint64_t bytes, span_id by) {
        if (on_ && !regions_.empty()) record(at, bytes, by);
    }
    span_id writer_of(phys_addr at) const;

private:
    struct region {
        std::uint64_t base;
        std::vector<span_id> slots;
    };
    void record(phys_addr at, std::uint64_t bytes, span_id by);
    std::vector<region> regions_;
    bool on_ = true;
};

}  // namespace drydock::base
