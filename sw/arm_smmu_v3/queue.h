// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/kernel/kernel.h"

namespace drydock::sw {

/// Producer and consumer index of a queue of 2^max_n_shift entries: index bits, one wrap bit above
/// them.
struct arm_smmu_ll_queue {
    u32 prod = 0;
    u32 cons = 0;
    u32 max_n_shift = 0;

    u32 idx(u32 p) const { return p & ((1u << max_n_shift) - 1); }
    u32 wrp(u32 p) const { return p & (1u << max_n_shift); }
    u32 pos(u32 p) const { return p & ((2u << max_n_shift) - 1); }
    u32 entries() const { return 1u << max_n_shift; }
    bool empty() const { return pos(prod) == pos(cons); }
    bool full() const { return idx(prod) == idx(cons) && wrp(prod) != wrp(cons); }
    u32 space() const {
        const u32 p = idx(prod), c = idx(cons);
        return wrp(prod) == wrp(cons) ? entries() - (p - c) : c - p;
    }
    bool has_space(u32 n) const { return space() >= n; }
    u32 inc(u32 p, u32 n = 1) const { return pos(p + n); }
    /// Whether the consumer has passed the entry at position p, given that it is at most one round
    /// ahead.
    bool consumed(u32 p) const {
        return (wrp(cons) == wrp(p) && idx(cons) > idx(p)) ||
               (wrp(cons) != wrp(p) && idx(cons) <= idx(p));
    }
};

/// RAM of a queue, aligned to its size as the SMMU demands.
struct arm_smmu_queue_memory {
    phys_addr_t base = 0;
    u32 entry_bytes = 0;
    phys_addr_t entry(const arm_smmu_ll_queue& q, u32 p) const {
        return base + u64{q.idx(p)} * entry_bytes;
    }
};

/// Zeroed pages whose address is a multiple of `align` (a power of two, at least 4 KiB).
phys_addr_t alloc_aligned(kernel& k, u64 bytes, u64 align, std::string_view owner);

/// Lets ten of a kind through in 5 s, then none: logs of errors that come in floods.
class ratelimit {
public:
    bool allow(hal::time_point now);

private:
    hal::time_point begin_{};
    u32 printed_ = 0;
    bool started_ = false;
};

}  // namespace drydock::sw
