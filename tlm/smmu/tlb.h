// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tlm/smmu/leaf.h"
#include "tlm/smmu/structures.h"
#include "tlm/smmu/translator.h"

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

/// A set-associative TLB for pages and blocks of any size; round-robin replacement within a set. A
/// look-up probes one set per size (and per global entries) that was ever filled, an invalidation
/// by address one per size and block of its range: never more for more entries.
class tlb {
public:
    /// @param entries, ways  powers of two, ways <= entries
    tlb(std::uint32_t entries, std::uint32_t ways, tlb_stamps&);

    /// @param va  canonical; for stream_world::stage2 an IPA
    /// @return null: no entry. Valid until the next fill or invalidation.
    const leaf* find(const tlb_context&, std::uint64_t va);
    /// Replaces an entry of the same tag and address.
    void fill(const tlb_context&, std::uint64_t va, const leaf&);

    /// Largest range that is looked up block by block; longer ones take the whole ASID (VMID if
    /// there are global entries), which is allowed.
    static constexpr std::uint64_t most_blocks = 512;
    /// Entries of the ASID and global ones that overlap [first, last].
    /// @return false if the range is too long: nothing is done, the caller invalidates by stamp
    bool invalidate(const tlb_context&, std::uint64_t first, std::uint64_t last);
    /// Whether a global entry was ever filled.
    bool has_global() const { return kinds_[1] != 0; }
    std::uint64_t sets_probed() const { return probed_; }

private:
    struct entry {
        std::uint64_t page = 0;  // va >> log2_bytes
        std::uint64_t born = 0;
        leaf data;
        tlb_context context;
        bool global = false;
        bool used = false;
    };
    entry* set_of(const tlb_context&, bool global, unsigned log2_bytes, std::uint64_t page);
    entry* match(const tlb_context&, bool global, unsigned log2_bytes, std::uint64_t va);

    tlb_stamps& stamps_;
    std::uint32_t ways_;
    std::uint32_t set_mask_;
    std::vector<entry> entries_;
    std::vector<std::uint8_t> next_way_;
    std::uint64_t kinds_[2] = {};  // bit n: an entry of 2^n bytes was filled; [1] global
    std::uint64_t probed_ = 0;
};

}  // namespace drydock::smmu
