// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "tlm/smmu/structures.h"

namespace drydock::smmu {

/// What a TLB entry is tagged with besides its address (SMMUv3 3.17). Regimes without VMID or ASID
/// use 0.
struct tlb_context {
    stream_world world = stream_world::nh;
    std::uint16_t vmid = 0;
    std::uint16_t asid = 0;
    friend bool operator==(const tlb_context&, const tlb_context&) = default;
};

/// When what was last invalidated, shared by the TLBs of one SMMU. An entry born before the latest
/// stamp of its world, VMID or ASID is dead: invalidating any number of entries is one store. VMIDs
/// and ASIDs share stamps by hash, which may only invalidate too much.
class tlb_stamps {
public:
    tlb_stamps() : vmid_(slots), asid_(slots) {}
    std::uint64_t now() const { return clock_; }
    void kill_world(stream_world w) { world_[index(w)] = ++clock_; }
    void kill_vmid(stream_world w, std::uint16_t vmid) { vmid_[hash(w, vmid, 0)] = ++clock_; }
    /// Entries with nG=1 only.
    void kill_asid(const tlb_context& c) { asid_[hash(c.world, c.vmid, c.asid)] = ++clock_; }
    bool alive(const tlb_context& c, bool global, std::uint64_t born) const {
        return born >= world_[index(c.world)] && born >= vmid_[hash(c.world, c.vmid, 0)] &&
               (global || born >= asid_[hash(c.world, c.vmid, c.asid)]);
    }

private:
    static constexpr std::size_t slots = 4096;
    static std::size_t index(stream_world w) { return static_cast<std::size_t>(w); }
    static std::size_t hash(stream_world w, std::uint16_t vmid, std::uint16_t asid) {
        return (asid ^ vmid * 0x9e5u ^ index(w) * 0x6a1u) % slots;
    }
    std::uint64_t clock_ = 0;
    std::uint64_t world_[4] = {};
    std::vector<std::uint64_t> vmid_, asid_;
};

/// A set-associative cache of what is known about addresses: TLBs, walk caches. An entry covers an
/// aligned block of any size; round-robin replacement within a set. A look-up probes one set per
/// size (and per global entries) that was ever filled, an invalidation by address one per size and
/// block of its range: never more for more entries.
/// @tparam Data  has log2_bytes, the size of its block, and global()
template <class Data>
class tagged_cache {
public:
    /// @param entries  a multiple of ways; 0: nothing is ever kept
    tagged_cache(std::uint32_t entries, std::uint32_t ways, tlb_stamps& stamps)
        : stamps_(&stamps),
          ways_(ways),
          sets_(entries / ways),
          entries_(entries),
          next_way_(sets_) {}

    /// @param va  canonical; for stream_world::stage2 an IPA
    /// @return null: no entry. Valid until the next fill or invalidation.
    const Data* find(const tlb_context& c, std::uint64_t va) {
        for (const bool global : {false, true})
            for (std::uint64_t sizes = kinds_[global]; sizes != 0; sizes &= sizes - 1)
                if (const Data* hit =
                        find_block(c, va, static_cast<unsigned>(std::countr_zero(sizes)), global))
                    return hit;
        return nullptr;
    }
    /// The entry for the block of 2^log2_bytes around va.
    const Data* find_block(const tlb_context& c, std::uint64_t va, unsigned log2_bytes,
                           bool global = false) {
        const entry* e = match(c, global, log2_bytes, va);
        return e != nullptr && stamps_->alive(c, global, e->born) ? &e->data : nullptr;
    }
    /// Replaces an entry of the same tag and block.
    void fill(const tlb_context& c, std::uint64_t va, const Data& d) {
        if (sets_ == 0) return;
        const bool global = d.global();
        kinds_[global] |= std::uint64_t{1} << d.log2_bytes;
        const std::uint64_t page = va >> d.log2_bytes;
        entry* e = match(c, global, d.log2_bytes, va);
        if (e == nullptr) e = victim(set_of(tag_of(c, global), global, d.log2_bytes, page));
        *e = {page, stamps_->now(), d, tag_of(c, global), global, true};
    }

    /// Largest range that is looked up block by block; longer ones take the whole ASID (VMID if
    /// there are global entries), which is allowed.
    static constexpr std::uint64_t most_blocks = 512;
    /// Entries of the ASID and global ones that overlap [first, last].
    /// @return false if the range is too long: nothing is done, the caller invalidates by stamp
    bool invalidate(const tlb_context& c, std::uint64_t first, std::uint64_t last) {
        if (last < first) return false;
        const std::uint64_t sizes = kinds_[0] | kinds_[1];
        if (sizes == 0) return true;
        const int smallest = std::countr_zero(sizes);
        if ((last >> smallest) - (first >> smallest) >= most_blocks) return false;
        for (const bool global : {false, true})
            for (std::uint64_t left = kinds_[global]; left != 0; left &= left - 1) {
                const auto size = static_cast<unsigned>(std::countr_zero(left));
                for (std::uint64_t page = first >> size; page <= last >> size; ++page)
                    if (entry* e = match(c, global, size, page << size)) e->used = false;
            }
        return true;
    }
    /// Whether a global entry was ever filled.
    bool has_global() const { return kinds_[1] != 0; }
    std::uint64_t sets_probed() const { return probed_; }

private:
    struct entry {
        std::uint64_t page = 0;  // va >> log2_bytes
        std::uint64_t born = 0;
        Data data;
        tlb_context context;
        bool global = false;
        bool used = false;
    };
    /// The tag of a global entry leaves the ASID out.
    static tlb_context tag_of(const tlb_context& c, bool global) {
        return {c.world, c.vmid, global ? std::uint16_t{0} : c.asid};
    }
    entry* set_of(const tlb_context& tag, bool global, unsigned log2_bytes, std::uint64_t page) {
        std::uint64_t h = page ^ (std::uint64_t{tag.asid} << 40) ^ (std::uint64_t{tag.vmid} << 24) ^
                          (std::uint64_t{log2_bytes} << 58) ^ (global ? 1u << 20 : 0);
        h *= 0x9e3779b97f4a7c15u;
        return &entries_[((h >> 32) * sets_ >> 32) * ways_];
    }
    entry* match(const tlb_context& c, bool global, unsigned log2_bytes, std::uint64_t va) {
        if (sets_ == 0) return nullptr;
        const tlb_context tag = tag_of(c, global);
        const std::uint64_t page = va >> log2_bytes;
        entry* set = set_of(tag, global, log2_bytes, page);
        ++probed_;
        for (entry* e = set; e != set + ways_; ++e)
            if (e->used && e->page == page && e->data.log2_bytes == log2_bytes &&
                e->global == global && e->context == tag)
                return e;
        return nullptr;
    }
    entry* victim(entry* set) {
        for (entry* w = set; w != set + ways_; ++w)
            if (!w->used || !stamps_->alive(w->context, w->global, w->born)) return w;
        std::uint8_t& turn = next_way_[static_cast<std::size_t>(set - entries_.data()) / ways_];
        entry* e = set + turn;
        turn = static_cast<std::uint8_t>((turn + 1) % ways_);
        return e;
    }

    tlb_stamps* stamps_;
    std::uint32_t ways_;
    std::uint64_t sets_;
    std::vector<entry> entries_;
    std::vector<std::uint8_t> next_way_;
    std::uint64_t kinds_[2] = {};  // bit n: an entry of 2^n bytes was filled; [1] global
    std::uint64_t probed_ = 0;
};

}  // namespace drydock::smmu
