// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sw/arm_smmu_v3/commands.h"
#include "sw/arm_smmu_v3/queue.h"

namespace drydock::sw {

/// Commands of one submission (Linux: CMDQ_BATCH_ENTRIES).
inline constexpr u32 CMDQ_BATCH_ENTRIES = 64;

/// Boundaries of an unmap's stages, on its own span, as far as it gets: the last two with ATC_INVs
/// only, all but the first two with TLBIs only. Those of single commands are 0, 1 and 16.
enum unmap_boundary : u64 {
    unmap_begins = 32,
    unmap_pte_cleared,
    unmap_tlbi_issued,
    unmap_tlbi_synced,
    unmap_atc_issued,
    unmap_returned
};

class arm_smmu_cmdq;

/// Collects commands; a full batch is pushed without a SYNC, or, with force_sync, one command
/// earlier and with one. submit() ends with a SYNC. Keeps the spans of what it sent until the next
/// SYNC is through.
class arm_smmu_cmdq_batch {
public:
    explicit arm_smmu_cmdq_batch(arm_smmu_cmdq& q) : queue_(q) {}
    void add(const arm_smmu_cmdq_ent&);
    /// @return of the first of its SYNCs that failed: -ETIMEDOUT, or what its config has for lost
    /// ATC_INVs; else 0
    int submit();
    u32 num() const { return num_; }
    bool has_atc_inv() const { return atc_inv_; }
    /// The unmap on whose span issuing is told: what goes out between its boundaries. 0: none.
    void belongs_to(hal::span_id unmap) { unmap_ = unmap; }

private:
    friend class arm_smmu_cmdq;
    void end_spans(int result);
    void push(bool sync);

    arm_smmu_cmdq& queue_;
    std::array<cmdq_words, CMDQ_BATCH_ENTRIES> cmds_;
    std::array<hal::span_id, CMDQ_BATCH_ENTRIES> spans_;
    std::array<bool, CMDQ_BATCH_ENTRIES> is_atc_;
    std::vector<std::pair<hal::span_id, bool>>
        pushed_;  ///< of batches sent without SYNC; bool: ATC_INV
    u32 num_ = 0;
    bool atc_inv_ = false;
    int failed_ = 0;  ///< of SYNCs before the last
    hal::span_id unmap_ = 0;
};

struct arm_smmu_cmdq_config {
    u32 log2size = 8;
    bool sev = false;                ///< SYNC sends an event, pollers wait for it
    bool msi_polling = false;        ///< SYNC overwrites its own slot, pollers watch that
    hal::duration timeout = 1000ms;  ///< ARM_SMMU_POLL_TIMEOUT_US, per wait
    bool force_sync = false;         ///< ARM_SMMU_OPT_CMDQ_FORCE_SYNC: every batch has its SYNC
    /// What the issuer of a SYNC gets that met CERROR_ATC_INV_SYNC; 0: it is not told.
    int atc_error = 0;
    /// Whom a failed SYNC concerns: its issuer, or everybody who waits for one (VT-d aborts all
    /// pending wait descriptors).
    bool all_waiters_fail = false;
    /// Looks at GERROR now and then while it waits for a SYNC, and handles a CMDQ_ERR on the spot.
    bool poll_gerror = false;
};

/// Command queue with many producers: each reserves slots by moving PROD's copy, writes them, marks
/// them valid; the first of a run of reservations (the owner) waits until all of them are valid and
/// writes the register once.
class arm_smmu_cmdq {
public:
    arm_smmu_cmdq(kernel& k, phys_addr_t smmu_base, const arm_smmu_cmdq_config& config);

    /// What hardware has (IDR0): SYNCs ask for an event or an MSI only then.
    void limit_to(bool sev, bool msi);
    /// Allocates the queue and writes CMDQ_BASE, PROD, CONS. From a task; CMDQEN must be 0.
    void init();

    /// Commands that fit into one submission, its SYNC beside them: 64, less only in a queue that
    /// does not hold those. Linux refuses such a queue; here its batches are shorter (choice).
    u32 batch_entries() const;

    /// arm_smmu_cmdq_issue_cmdlist(): puts the commands, and a SYNC behind them, into the queue
    /// with interrupts off throughout; with a SYNC returns when it is consumed. @return 0,
    /// -ETIMEDOUT after the time limit, or config.atc_error
    int issue_cmdlist(arm_smmu_cmdq_batch&, bool sync);
    int issue_cmd(const arm_smmu_cmdq_ent&);
    int issue_cmd_with_sync(const arm_smmu_cmdq_ent&);

    /// From the GERROR interrupt: logs the error, replaces an illegal command by a SYNC.
    /// @return position of the SYNC that stood for lost ATC_INVs, if it was that
    std::optional<u32> skip_err();
    /// atc_sync_timeouts: the issuer of the SYNC in this slot will find it, or all who wait
    /// (config.all_waiters_fail; linear in the queue's size, errors are rare). Told once.
    void set_atc_error(u32 sync_prod);
    /// The command before a position.
    cmdq_words command_before(u32 prod);
    /// Who handles a CMDQ_ERR that a waiter finds (config.poll_gerror).
    void on_gerror(std::function<void()> handler) { gerror_ = std::move(handler); }

    kernel& k() { return kernel_; }
    const arm_smmu_cmdq_config& config() const { return config_; }
    u64 syncs_timed_out() const { return syncs_timed_out_; }
    u64 cerror_atc_inv() const { return cerror_atc_inv_; }

private:
    struct reservation {
        arm_smmu_ll_queue llq;  ///< as it was: our first slot is llq.prod
        u32 head;               ///< first slot behind ours
        bool owner;
    };
    reservation reserve(u32 n);
    void poll_until_not_full(u32 n);
    void shared_lock();
    void shared_unlock(u32 cons);
    void write_commands(const arm_smmu_cmdq_batch&, u32 prod);
    hal::span_id write_sync(u32 prod);
    void mark_valid(u32 from, u32 to);
    void publish(u32 from, u32 to);
    int wait_for_sync(u32 sync_prod);
    int poll_until_consumed(u32 sync_prod, u32& cons);
    int poll_until_msi(u32 sync_prod, u32& cons);
    template <class Poll>
    bool poll(Poll);
    bool take_atc_error(u32 sync_prod);
    void report_timeout(u32 sync_prod);
    void tell_space_held(const arm_smmu_cmdq_batch&);
    void tell_issued(const arm_smmu_cmdq_batch&, bool sync);
    template <class Condition>
    void spin_until(Condition);

    kernel& kernel_;
    phys_addr_t smmu_;
    arm_smmu_cmdq_config config_;
    arm_smmu_queue_memory memory_;
    arm_smmu_ll_queue llq_;  ///< prod[31]: somebody gathers (CMDQ_PROD_OWNED_FLAG)
    u32 owner_prod_ = 0;     ///< up to here the register was written
    /// Waiters for their SYNC, under whom CONS's copy may not move; -1: somebody moves it.
    int lock_ = 0;
    std::vector<u8> valid_;              ///< per slot: 1 ^ wrap bit of the position last made valid
    std::vector<u8> atc_sync_timeouts_;  ///< per slot
    std::vector<u8> sync_waits_;         ///< per slot: somebody waits for the SYNC there
    std::function<void()> gerror_;
    ratelimit timeout_log_, full_log_;
    u64 syncs_timed_out_ = 0;
    u64 cerror_atc_inv_ = 0;
};

}  // namespace drydock::sw
