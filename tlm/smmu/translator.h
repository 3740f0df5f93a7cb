// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/base/ids.h"
#include "tlm/smmu/config.h"
#include "tlm/smmu/event_record.h"
#include "tlm/smmu/memory_type.h"

namespace drydock::smmu {

/// Which of the three ways into the SMMU a transaction takes (PCIe AT field).
enum class request_kind : std::uint8_t {
    ordinary,             ///< AT=00, Untranslated
    translation_request,  ///< AT=01, ATS Translation Request
    translated            ///< AT=10, ATS Translated
};

/// One transaction that wants to pass or, for ATS, to know how it would.
struct translate_request {
    request_kind kind = request_kind::ordinary;
    base::stream_id sid{};
    std::optional<base::substream_id> ssid;  ///< PASID; absent: SSV=0
    base::iova va{};                         ///< input address as received, all 64 bits
    bool write = false;                      ///< ordinary, translated: a write
    /// Of PCIe: from the PASID prefix. Translation Requests have neither without ssid; a write is
    /// never an execution.
    bool execute = false, privileged = false;
    bool no_write = false;   ///< translation_request: NW bit
    bool also_read = false;  ///< of a write: needs both rights, an AtomicOp
    std::uint8_t stus = 1;   ///< translation_request: smallest translation units asked for
    std::uint16_t tbu = 0;   ///< by which TBU it comes: the root port's index
    base::span_id span{};    ///< observers only
};

/// The decision. The owner reports `number` by performed() when the transaction's effect is
/// visible, the completion is on its way, or it is dropped: exactly once for every result, whatever
/// the outcome.
struct translate_result {
    enum class outcome : std::uint8_t {
        ok,                   ///< pass at pa; Translation Request: Success with r, w, x, priv
        abort,                ///< terminate with abort
        raz_wi,               ///< reads answer zeros, writes are dropped, both answer OK
        unsupported_request,  ///< Translation Request: UR
        completer_abort,      ///< Translation Request: CA
        no_access             ///< Translation Request: Success with R=W=0, size page_bytes, priv
    };
    outcome result = outcome::abort;
    base::phys_addr pa{};                  ///< of the byte at va; valid with ok
    std::uint64_t page_bytes = 4096;       ///< size of the aligned translation around va and pa
    bool r = false, w = false, x = false;  ///< Translation Request: what the completion grants
    bool priv = false;                     ///< Translation Request: the request's Privileged bit
    bool translated = false;               ///< ok: a table gave pa; false: passed through
    memory_type type = memory_type::normal_wb;  ///< ok and translated: what the tables say
    std::optional<event_record> event{};  ///< to be recorded before the device can see the outcome
    bool event_may_merge = false;         ///< STE.MEV, or an event that merges without it
    std::uint64_t number = 0;             ///< running number of the look-up, from 1
};

/// Whom the translator answers, from the timeline or from within fetch_port answers; never within
/// start().
struct translator_client {
    virtual void translated(std::uint32_t slot, const translate_result&) = 0;
    /// The transaction has faulted and waits for CMD_RESUME; its number counts as performed. The
    /// record must reach the event queue.
    virtual void stalled(std::uint32_t slot, const event_record&) = 0;

protected:
    ~translator_client() = default;
};

/// The translator's number for one access to memory; comes back with the answer.
using fetch_id = std::uint32_t;

/// The SMMU's own accesses to memory on behalf of translation. Answers come by translator::fetched
/// and translator::updated, within the call or at any later time, in any order.
struct fetch_port {
    /// Reads `bytes` (8 or 64), naturally aligned.
    virtual void fetch(fetch_id, base::phys_addr, std::uint32_t bytes, base::span_id) = 0;
    /// Atomic compare and store of one 8-byte word.
    virtual void update(fetch_id, base::phys_addr, std::uint64_t expected, std::uint64_t desired,
                        base::span_id) = 0;

protected:
    ~fetch_port() = default;
};

/// Register state that decides about transactions: CR0, CR2, GBPA (SMMUv3 6.3). Takes effect for
/// look-ups after the call; caches stay as they are.
struct control {
    bool smmuen = false;       ///< CR0[0]
    bool atschk = false;       ///< CR0[4]
    std::uint8_t vmw = 0;      ///< CR0[8:6]
    bool e2h = false;          ///< CR2[0]
    bool recinvsid = false;    ///< CR2[1]
    bool rec_cfg_ats = false;  ///< CR2[3]; acts only with IDR0.ATSRECERR
    bool gbpa_abort = false;   ///< GBPA[20]
};

/// STRTAB_BASE and STRTAB_BASE_CFG, as the registers hold them.
struct stream_table_base {
    base::phys_addr address{};  ///< ADDR[51:6]; low bits below the table's size are ignored
    std::uint8_t log2size = 0;  ///< LOG2SIZE; acts up to IDR1.SIDSIZE
    std::uint8_t split = 6;     ///< SPLIT code 6, 8, 10; others act as 6
    std::uint8_t fmt = 0;       ///< 0 linear, 1 2-level; others act as 0
};

/// Address operand of a TLBI: one page or a range. TTL and granules are not used to spare entries
/// (over-invalidation is allowed).
struct tlbi_range {
    std::uint64_t first = 0;  ///< first byte
    std::uint64_t last = 0;   ///< last byte, inclusive; with TG=0 equal to first
    bool leaf = false;        ///< walk caches keep what they know
};

/// The whole decision about a transaction: stream table, context descriptor, both stages, caches,
/// faults and their records (SMMUv3). Free of SystemC. Nothing allocates per
/// transaction; every operation's work is independent of the number of TLB entries.
///
/// Each root port has a translation buffer unit (TBU) with a micro and a main TLB; they share one
/// control unit (TCU) with configuration cache, walk caches, IPA cache and walkers. An ordinary or
/// Translated transaction is looked up in the micro TLB, then in the main TLB; a Translation
/// Request in the main TLB. What the TBU does not know goes to the TCU and comes back. Each step is
/// a pipeline of one transaction a cycle with the latency that the configuration names.
///
/// Order: the look-up happens when the first TLB has been read, with the caches and registers of
/// that instant, and gets the next running number. Invalidations act at once, everywhere: a look-up
/// with a later number never uses what they removed; one with an earlier number may, so a SYNC
/// waits until oldest_unperformed() has passed the newest_number() it took.
class translator final {
public:
    /// @param name  hierarchical name; joins the timeline under it
    /// @param tbus  root ports, >= 1
    /// @throws std::invalid_argument for a configuration that validate() refuses
    translator(std::string_view name, base::context&, const smmu_config&, fetch_port&,
               translator_client&, unsigned tbus = 1);
    ~translator();
    translator(const translator&) = delete;
    translator& operator=(const translator&) = delete;

    /// Takes a transaction into `slot`, a number of the owner's in [0, config.translation_slots).
    /// The slot is free again when translated() is called for it.
    /// @return false, and nothing happens, while the slot is in use
    /// @throws std::out_of_range for a slot that does not exist
    bool start(std::uint32_t slot, const translate_request&);
    std::uint32_t in_use() const;  ///< transactions inside

    /// CMD_PREFETCH_CONFIG, with an address CMD_PREFETCH_ADDR: brings STE, CD and the page's
    /// translation into the caches. Records no event, changes no descriptor, has no number: no SYNC
    /// waits for it. A hint: dropped while an earlier one is under way.
    /// @param tbu  whose TLBs the translation goes into
    void prefetch(base::stream_id, std::optional<base::substream_id>, std::optional<base::iova>,
                  std::uint16_t tbu);

    // -- stalled transactions (SMMUv3 4.6); what names none has no effect --
    /// CMD_RESUME. @param retry  from the look-up on; else it ends: with `abort`, or as RAZ/WI
    void resume(base::stream_id, std::uint16_t stag, bool retry, bool abort);
    /// CMD_STALL_TERM: all of the stream end with abort.
    void terminate_stalled(base::stream_id);

    // -- answers of the fetch_port --
    /// @param words  bytes / 8 words; ignored if aborted
    void fetched(fetch_id, std::span<const std::uint64_t> words, bool aborted);
    /// @param old  what memory held: equal to `expected` if the store happened
    void updated(fetch_id, std::uint64_t old, bool aborted);

    // -- order of look-ups and their effects --
    std::uint64_t newest_number() const;
    /// The oldest look-up not yet reported by performed(); newest_number() + 1 if there is none.
    /// O(1).
    std::uint64_t oldest_unperformed() const;
    void performed(std::uint64_t number);

    // -- registers --
    void set_control(const control&);  ///< SMMUEN 1 to 0 ends what is stalled with abort
    void set_stream_table(const stream_table_base&);

    // -- CFGI commands (SMMUv3 4.3); operands out of range have no effect --
    void invalidate_ste(base::stream_id, bool leaf);  ///< STE and every CD of the SID
    void invalidate_ste_range(base::stream_id,
                              std::uint8_t range);  ///< 2^(range+1) aligned SIDs; 31 = all
    void invalidate_all_config();
    void invalidate_cd(base::stream_id, base::substream_id, bool leaf);
    void invalidate_cd_all(base::stream_id);

    // -- TLBI commands (SMMUv3 4.4); the VMID is compared only with IDR0.S2P --
    void tlbi_nh_all(std::uint16_t vmid);
    void tlbi_nh_asid(std::uint16_t vmid, std::uint16_t asid);  ///< global entries stay
    void tlbi_nh_va(std::uint16_t vmid, std::uint16_t asid,
                    tlbi_range);  ///< and global entries of the range
    void tlbi_nh_vaa(std::uint16_t vmid, tlbi_range);
    void tlbi_el2_all();
    void tlbi_el2_asid(std::uint16_t asid);
    void tlbi_el2_va(std::uint16_t asid, tlbi_range);
    void tlbi_el2_vaa(tlbi_range);
    void tlbi_s12_vmall(std::uint16_t vmid);
    void tlbi_s2_ipa(std::uint16_t vmid, tlbi_range);  ///< stage-2-only entries
    void tlbi_nsnh_all();
    /// TLB and walk cache sets that the last TLBI by address looked into, in the TCU and in the
    /// busiest TBU: what it costs.
    std::uint64_t last_tlbi_sets() const;

    /// Work done so far, for exact limits in tests and benchmarks.
    struct work {
        std::uint64_t lookups = 0;            ///< translations looked up
        std::uint64_t tlb_hits = 0;           ///< of the micro or the main TLB
        std::uint64_t micro_hits = 0;         ///< of the micro TLB
        std::uint64_t config_hits = 0;        ///< STEs and CDs that the configuration cache had
        std::uint64_t config_reads = 0;       ///< and that were read from memory
        std::uint64_t ipa_hits = 0;           ///< of the IPA cache, for walks
        std::uint64_t walk_cache_hits = 0;    ///< trees of tables entered below their start
        std::uint64_t walk_cache_misses = 0;  ///< and at their start
        std::uint64_t walks = 0;              ///< table walks begun
        std::uint64_t joined_walks = 0;       ///< look-ups that waited for another's walk
        std::uint64_t fetches = 0;            ///< reads through the fetch_port
        std::uint64_t updates = 0;            ///< atomic updates through the fetch_port
        std::uint64_t sets_probed = 0;  ///< TLB sets looked into, by look-ups and invalidations
    };
    const work& counters() const;

private:
    class engine;
    std::unique_ptr<engine> engine_;
};

}  // namespace drydock::smmu
