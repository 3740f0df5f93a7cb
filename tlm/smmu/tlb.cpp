// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/tlb.h"

#include <bit>

namespace drydock::smmu {
namespace {

/// Calls f(log2_bytes) for each bit of a mask of sizes, smallest first, until it returns true.
template <class F>
bool any_size(std::uint64_t sizes, F&& f) {
    for (; sizes != 0; sizes &= sizes - 1)
        if (f(static_cast<unsigned>(std::countr_zero(sizes)))) return true;
    return false;
}

/// The tag of a global entry leaves the ASID out.
tlb_context tag_of(const tlb_context& c, bool global) {
    return {c.world, c.vmid, global ? std::uint16_t{0} : c.asid};
}

}  // namespace

tlb::tlb(std::uint32_t entries, std::uint32_t ways, tlb_stamps& stamps)
    : stamps_(stamps),
      ways_(ways),
      set_mask_(entries / ways - 1),
      entries_(entries),
      next_way_(entries / ways) {}

tlb::entry* tlb::set_of(const tlb_context& tag, bool global, unsigned log2_bytes,
                        std::uint64_t page) {
    std::uint64_t h = page ^ (std::uint64_t{tag.asid} << 40) ^ (std::uint64_t{tag.vmid} << 24) ^
                      (std::uint64_t{log2_bytes} << 58) ^ (global ? 1u << 20 : 0);
    h *= 0x9e3779b97f4a7c15u;
    return &entries_[(static_cast<std::uint32_t>(h >> 32) & set_mask_) * ways_];
}

tlb::entry* tlb::match(const tlb_context& c, bool global, unsigned log2_bytes, std::uint64_t va) {
    const tlb_context tag = tag_of(c, global);
    const std::uint64_t page = va >> log2_bytes;
    entry* set = set_of(tag, global, log2_bytes, page);
    ++probed_;
    for (entry* e = set; e != set + ways_; ++e) {
        if (e->used && e->page == page && e->data.log2_bytes == log2_bytes && e->global == global &&
            e->context == tag)
            return e;
    }
    return nullptr;
}

const leaf* tlb::find(const tlb_context& c, std::uint64_t va) {
    const leaf* hit = nullptr;
    for (const bool global : {false, true}) {
        any_size(kinds_[global], [&](unsigned size) {
            const entry* e = match(c, global, size, va);
            if (e != nullptr && stamps_.alive(c, global, e->born)) hit = &e->data;
            return hit != nullptr;
        });
        if (hit != nullptr) break;
    }
    return hit;
}

void tlb::fill(const tlb_context& c, std::uint64_t va, const leaf& l) {
    const bool global = l.global();
    kinds_[global] |= std::uint64_t{1} << l.log2_bytes;
    entry* e = match(c, global, l.log2_bytes, va);
    const tlb_context tag = tag_of(c, global);
    const std::uint64_t page = va >> l.log2_bytes;
    if (e == nullptr) {
        entry* set = set_of(tag, global, l.log2_bytes, page);
        for (entry* w = set; w != set + ways_ && e == nullptr; ++w)
            if (!w->used || !stamps_.alive(w->context, w->global, w->born)) e = w;
        if (e == nullptr) {
            std::uint8_t& turn = next_way_[static_cast<std::size_t>(set - entries_.data()) / ways_];
            e = set + turn;
            turn = static_cast<std::uint8_t>((turn + 1) % ways_);
        }
    }
    *e = {page, stamps_.now(), l, tag, global, true};
}

bool tlb::invalidate(const tlb_context& c, std::uint64_t first, std::uint64_t last) {
    if (last < first) return false;
    for (const bool global : {false, true})
        if (any_size(kinds_[global],
                     [&](unsigned s) { return (last >> s) - (first >> s) >= most_blocks; }))
            return false;
    for (const bool global : {false, true}) {
        any_size(kinds_[global], [&](unsigned size) {
            for (std::uint64_t page = first >> size; page <= last >> size; ++page)
                if (entry* e = match(c, global, size, page << size)) e->used = false;
            return false;
        });
    }
    return true;
}

}  // namespace drydock::smmu
