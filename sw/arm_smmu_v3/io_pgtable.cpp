// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/io_pgtable.h"

#include <utility>

#include "sw/iommu/domain.h"
#include "sw/pci/device.h"

namespace drydock::sw {

namespace {

// Descriptors (VMSAv8-64, stage 1)
constexpr u64 pte_valid = 1, pte_table = 3, pte_block = 1, pte_page = 3, pte_type = 3;
constexpr unsigned attr_index_shift = 2;
constexpr u64 attr_write_back = 1, attr_device = 2;  // indices into cd::MAIR
constexpr u64 ap_unprivileged = 1u << 6, ap_read_only = 1u << 7;
constexpr u64 sh_inner = 3u << 8, sh_outer = 2u << 8, af = 1u << 10, ng = 1u << 11;
constexpr u64 pxn = u64{1} << 53, uxn = u64{1} << 54;
constexpr u64 address = 0x0000'ffff'ffff'f000;
constexpr unsigned last_level = 3;
constexpr u64 input_limit = u64{1} << 48;

u64 attributes(u32 prot) {
    u64 v = ap_unprivileged | af | ng | pxn | uxn;
    if (!(prot & IOMMU_WRITE)) v |= ap_read_only;
    if (prot & IOMMU_MMIO)
        v |= attr_device << attr_index_shift | sh_outer;
    else
        v |= attr_write_back << attr_index_shift | sh_inner;
    return v;
}

constexpr unsigned shift_of(unsigned level) { return 12 + 9 * (last_level - level); }
bool is_table(u64 pte, unsigned level) {
    return level < last_level && (pte & pte_type) == pte_table;
}

}  // namespace

io_pgtable::io_pgtable(io_pgtable_memory& m) : memory_(m), root_(m.alloc_table()) {}
io_pgtable::~io_pgtable() { free_below(root_, 0); }

phys_addr_t io_pgtable::entry_of(phys_addr_t table, u64 iova, unsigned level) const {
    return table + (iova >> shift_of(level) & 0x1ff) * 8;
}

/// @return address of the entry at `level`, 0 if a table above is missing and may not be made; a
/// block above it is split when it has to be.
phys_addr_t io_pgtable::walk(u64 iova, unsigned level, bool make) {
    phys_addr_t table = root_;
    for (unsigned l = 0; l < level; ++l) {
        const phys_addr_t at = entry_of(table, iova, l);
        u64 pte = load(at);
        if ((pte & pte_valid) && !is_table(pte, l)) {
            split_block(at);
            pte = load(at);
        }
        if (!(pte & pte_valid)) {
            if (!make) return 0;
            pte = memory_.alloc_table() | pte_table;
            ++tables_;
            store(at, pte);
        }
        table = pte & address;
    }
    return entry_of(table, iova, level);
}

/// A 2 MiB block becomes 512 pages of the same attributes: same translation before and after.
void io_pgtable::split_block(phys_addr_t entry) {
    const u64 block = load(entry);
    const phys_addr_t table = memory_.alloc_table();
    ++tables_;
    const u64 lower = (block & ~address & ~pte_type) | pte_page;
    for (u64 i = 0; i < 512; ++i) store(table + i * 8, (block & address) + i * page_size + lower);
    store(entry, table | pte_table);
}

bool io_pgtable::mapped(u64 iova, u64 bytes) {
    for (u64 at = iova; at < iova + bytes; at += page_size)
        if (iova_to_phys(at) != 0) return true;
    return false;
}

int io_pgtable::map(u64 iova, phys_addr_t phys, u64 bytes, u32 prot) {
    if ((iova | phys | bytes) & (page_size - 1)) return -EINVAL;
    if (bytes == 0 || iova + bytes > input_limit || iova + bytes < iova ||
        phys + bytes > input_limit)
        return -EINVAL;
    if (mapped(iova, bytes)) return -EEXIST;
    const u64 attr = attributes(prot);
    while (bytes > 0) {
        const bool aligned = ((iova | phys) & (block_size - 1)) == 0 && bytes >= block_size;
        const phys_addr_t at2 = aligned ? walk(iova, 2, true) : 0;
        const bool block = aligned && !(load(at2) & pte_valid);
        if (block)
            store(at2, phys | attr | pte_block);
        else
            store(walk(iova, last_level, true), phys | attr | pte_page);
        const u64 step = block ? block_size : page_size;
        iova += step;
        phys += step;
        bytes -= step;
    }
    return 0;
}

u64 io_pgtable::unmap(u64 iova, u64 bytes, const std::function<void(u64, u64)>& walk_flush) {
    u64 done = 0;
    const u64 end = iova + bytes;
    while (iova < end) {
        const bool whole = (iova & (block_size - 1)) == 0 && end - iova >= block_size;
        const phys_addr_t at2 = whole ? walk(iova, 2, false) : 0;
        const u64 pte2 = at2 ? load(at2) : 0;
        if (whole) {
            if (is_table(pte2, 2)) {
                const phys_addr_t table = pte2 & address;
                for (u64 i = 0; i < 512; ++i)
                    if (load(table + i * 8) & pte_valid) done += page_size;
                store(at2, 0);
                walk_flush(iova, block_size);
                memory_.free_table(table);
                --tables_;
            } else if (pte2 & pte_valid) {
                store(at2, 0);
                done += block_size;
            }
            iova += block_size;
            continue;
        }
        if (const phys_addr_t at = walk(iova, last_level, false); at && (load(at) & pte_valid)) {
            store(at, 0);
            done += page_size;
        }
        iova += page_size;
    }
    return done;
}

phys_addr_t io_pgtable::iova_to_phys(u64 iova) const {
    phys_addr_t table = root_;
    for (unsigned l = 0; l <= last_level; ++l) {
        const u64 pte = memory_.load(entry_of(table, iova, l));
        if (!(pte & pte_valid)) return 0;
        if (!is_table(pte, l)) {
            const u64 offset = iova & ((u64{1} << shift_of(l)) - 1);
            return (pte & address) + offset;
        }
        table = pte & address;
    }
    return 0;
}

io_pgtable::accesses io_pgtable::take_accesses() { return std::exchange(accesses_, {}); }

void io_pgtable::free_below(phys_addr_t table, unsigned level) {
    if (level < last_level)
        for (u64 i = 0; i < 512; ++i)
            if (const u64 pte = memory_.load(table + i * 8); is_table(pte, level))
                free_below(pte & address, level + 1);
    memory_.free_table(table);
}

}  // namespace drydock::sw
