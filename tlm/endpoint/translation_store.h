// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tlm/base/time.h"
#include "tlm/endpoint/atc_if.h"
#include "tlm/endpoint/ats_format.h"

namespace drydock::endpoint {

/// Whether an entry of the ATC allows an access (PCIe: read needs R, write needs W,
/// zero-length read needs R or W, execution needs R and Exe).
constexpr bool allows(const ats_entry& e, atc_access a) {
    switch (a) {
        case atc_access::read:
            return e.read;
        case atc_access::write:
            return e.write;
        case atc_access::execute:
            return e.read && e.execute;
        case atc_access::zero_length_read:
            return e.read || e.write;
    }
    return false;
}

/// A cached translation with its tag.
struct stored_translation {
    std::uint64_t first = 0;  ///< first untranslated byte, aligned to the size
    ats_entry entry{};
    base::routing_id rid{};
    std::optional<base::substream_id> ssid;
    bool priv = false;  ///< Privileged Mode was requested
    base::ps obtained{};

    std::uint64_t last() const { return first | below_bit(entry.log2_bytes); }
    bool covers(std::uint64_t va) const {
        return ((va ^ first) & ~below_bit(entry.log2_bytes)) == 0;
    }
    /// A PASID's entry serves that PASID only, unless Global.
    bool serves(const atc_key& k) const {
        if (rid != k.rid || priv != k.priv || !covers(k.va.value)) return false;
        return ssid == k.ssid || (entry.global && ssid.has_value() && k.ssid.has_value());
    }
};

/// Whether an Invalidate Request with this PASID (or none) reaches translations of `ssid`. Without
/// PASID: all of them. With: that PASID; Global entries and Global Invalidates reach every PASID.
constexpr bool reaches(const invalidate& i, std::optional<base::substream_id> ssid,
                       bool entry_is_global) {
    if (!i.ssid) return true;
    return ssid.has_value() && (i.global || entry_is_global || ssid == i.ssid);
}

/// The array of an ATC: sets x ways, true LRU within a set. A set is chosen by VA bits only (above
/// the page size of each size that is present), so that an Invalidate Request without PASID finds
/// the entries of every PASID. Simulation work of an invalidate is the lesser of the sets its range
/// can be in and the entries that are valid; it never depends on the capacity.
class translation_store {
public:
    /// @param entries  0 (holds nothing) or a power of two
    /// @param ways     power of two, 1..entries
    /// @throws std::invalid_argument
    translation_store(unsigned entries, unsigned ways);

    /// The entry that serves the key: one that allows the access where there is one, else any, else
    /// null. Marks it as used.
    const stored_translation* find(const atc_key& key, atc_access access);
    /// Replaces the entry with the same tag and size, else an invalid one, else the least recently
    /// used.
    void insert(const stored_translation& t);

    /// Modelled number of set probes: one a page and size present, at most one sweep; a sweep for a
    /// Global one.
    std::uint64_t probes_for(const invalidate& range) const;
    /// Removes all entries that the request reaches; their number.
    std::uint32_t remove(const invalidate& range);
    void clear();
    /// Whether the request reaches a translation.
    static bool hit_by(const invalidate& i, const stored_translation& t);

    std::size_t valid() const { return valid_.size(); }
    std::uint32_t sets() const { return sets_; }

    /// Exact work done, for benchmarks.
    struct work {
        std::uint64_t sets_probed = 0;
        std::uint64_t entries_touched = 0;
    };
    const work& lookup_work() const { return lookup_work_; }
    const work& invalidate_work() const { return invalidate_work_; }

private:
    struct way {
        stored_translation t;
        std::uint64_t used = 0;              ///< LRU stamp
        std::uint32_t position = not_valid;  ///< in valid_
    };
    static constexpr std::uint32_t not_valid = UINT32_MAX;

    std::uint32_t set_of(std::uint64_t va, unsigned log2_bytes) const {
        return log2_bytes >= 64 ? 0 : static_cast<std::uint32_t>(va >> log2_bytes) & (sets_ - 1);
    }
    std::uint32_t victim(std::uint32_t set, const stored_translation& t) const;
    void drop(std::uint32_t index);
    std::uint32_t sweep(const invalidate& range);
    std::uint32_t probe_sets(const invalidate& range);

    std::uint32_t entries_;
    std::uint32_t sets_;
    std::uint32_t ways_;
    std::vector<way> array_;                   ///< from the first entry on
    std::vector<std::uint32_t> valid_;         ///< indices of valid entries, dense
    std::array<std::uint32_t, 65> of_size_{};  ///< valid entries by log2 of the size
    std::uint64_t sizes_ = 0;                  ///< bit n - 1: of_size_[n] > 0
    std::uint64_t stamp_ = 0;
    work lookup_work_;
    work invalidate_work_;
};

}  // namespace drydock::endpoint
