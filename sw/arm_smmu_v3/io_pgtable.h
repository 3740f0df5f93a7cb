// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "sw/hal/types.h"

namespace drydock::sw {

/// Where tables live. Loads and stores take no time; the caller charges `walk_cost`.
struct io_pgtable_memory {
    virtual phys_addr_t alloc_table() = 0;  ///< zeroed 4 KiB
    virtual void free_table(phys_addr_t) = 0;
    virtual u64 load(phys_addr_t) = 0;
    virtual void store(phys_addr_t, u64) = 0;

protected:
    ~io_pgtable_memory() = default;
};

/// Stage 1 page tables, VMSAv8-64, 4 KiB granule, 48-bit input, 4 levels (Linux: io-pgtable-arm).
class io_pgtable {
public:
    static constexpr u64 page_size = 4096;
    static constexpr u64 block_size = u64{1} << 21;  ///< level 2 leaf

    explicit io_pgtable(io_pgtable_memory& m);
    ~io_pgtable();
    io_pgtable(const io_pgtable&) = delete;

    phys_addr_t ttbr() const { return root_; }

    /// Maps by pages, by blocks where both addresses are aligned to one and the rest is long
    /// enough.
    /// @return 0; -EINVAL: misaligned or beyond 48 bits; -EEXIST: mapped already (nothing is
    /// changed then)
    int map(u64 iova, phys_addr_t phys, u64 bytes, u32 prot);

    /// Clears leaf entries; missing ones are skipped. A table whose whole 2 MiB go is unhooked and
    /// handed to `walk_flush` (iova, bytes) before it is freed: walks may still be on it. @return
    /// bytes that were mapped
    u64 unmap(u64 iova, u64 bytes, const std::function<void(u64, u64)>& walk_flush);

    /// @return physical address, 0 if not mapped
    phys_addr_t iova_to_phys(u64 iova) const;
    /// Accesses to table entries since the last call, for charging a CPU.
    struct accesses {
        u32 loads = 0, stores = 0;
    };
    accesses take_accesses();
    u32 tables() const { return tables_; }

private:
    u64 load(phys_addr_t at) const {
        ++accesses_.loads;
        return memory_.load(at);
    }
    void store(phys_addr_t at, u64 v) {
        ++accesses_.stores;
        memory_.store(at, v);
    }
    phys_addr_t entry_of(phys_addr_t table, u64 iova, unsigned level) const;
    phys_addr_t walk(u64 iova, unsigned level, bool make);
    bool mapped(u64 iova, u64 bytes);
    void split_block(phys_addr_t entry);
    void free_below(phys_addr_t table, unsigned level);

    io_pgtable_memory& memory_;
    phys_addr_t root_;
    mutable accesses accesses_;
    u32 tables_ = 1;
};

}  // namespace drydock::sw
