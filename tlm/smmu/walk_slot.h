// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/event_record.h"
#include "tlm/smmu/tagged_cache.h"

namespace drydock::smmu {

/// Transactions in order of arrival, linked through their slots.
struct waiters {
    static constexpr std::uint32_t none = UINT32_MAX;
    std::uint32_t first = none, last = none;
    bool empty() const { return first == none; }
};

/// What a transaction wants of the tables.
enum class walk_kind : std::uint8_t {
    stage1,  ///< its address through stage 1, and through stage 2 where the STE says so
    stage2,  ///< its address through stage 2 alone
    config   ///< the address of its CD or L1CD through stage 2
};

/// A translation by stage 2, as a walk holds it.
struct stage2_found {
    std::uint64_t ipa = 0, pa = 0;
    stage2_leaf leaf;
    std::uint8_t log2_bytes = 12;
    bool known = false;            ///< the IPA cache had it
    bool walked = false;           ///< its descriptor is known; false: a cache gave it
    std::uint64_t address = 0;     ///< of the descriptor
    std::uint64_t descriptor = 0;  ///< as memory held it
};

/// One walk under way, with everyone who waits for its page.
struct walk_slot {
    /// What is awaited: a cache of the TCU, or an access to memory.
    enum class phase : std::uint8_t {
        tables,
        stage2_caches,
        descriptor1,
        update1,
        descriptor2,
        update2
    };
    /// What stage 2 translates for.
    enum class purpose : std::uint8_t { table_read, table_write, input, config };

    static constexpr std::uint32_t no_tbu = UINT32_MAX;

    bool busy = false;
    bool aborted = false;
    bool fills = false;  ///< no invalidation came in between that would forbid it
    walk_kind kind = walk_kind::stage1;
    std::uint32_t filled = no_tbu;  ///< whose TLBs have it last
    phase awaited = phase::descriptor1;
    purpose stage2_for = purpose::input;
    bool nested = false;  ///< stage1 with stage 2 below
    /// Hull of the ranges invalidated meanwhile; empty: first > last.
    std::uint64_t first_killed = 1, last_killed = 0;
    tlb_context tag;
    std::uint64_t page = 0;       ///< what is translated, in units of 4 KiB
    std::uint64_t accessing = 0;  ///< where memory is read or changed
    std::uint64_t answer = 0;
    // stage 1
    stage1_regime regime1;
    stage1_walk walk1;
    std::uint64_t descriptor1 = 0, desired1 = 0;  ///< as memory holds it, as it shall become
    // stage 2
    stage2_regime regime2;
    table_walk walk2;
    std::uint64_t desired2 = 0;
    stage2_found now;    ///< of stage2_for
    stage2_found final;  ///< of the input
    bool has_final = false;
    waiters waiting;
    // observers only
    base::stream_id sid{};
    base::ps begun{};
    std::uint32_t reads = 0;

    bool joinable() const { return fills && first_killed > last_killed; }
    bool stage2() const { return kind != walk_kind::stage1 || nested; }
    tlb_context stage2_tag() const { return {stream_world::stage2, tag.vmid, 0}; }
    /// CLASS of a fault of stage 2.
    fault_class stage2_class() const {
        switch (stage2_for) {
            case purpose::config:
                return fault_class::cd;
            case purpose::input:
                return fault_class::in;
            default:
                return fault_class::tt;
        }
    }
};

}  // namespace drydock::smmu
