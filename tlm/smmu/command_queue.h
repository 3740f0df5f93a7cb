// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "tlm/base/context.h"
#include "tlm/smmu/command_trace.h"
#include "tlm/smmu/commands.h"
#include "tlm/smmu/event_queue.h"
#include "tlm/smmu/gerror.h"
#include "tlm/smmu/invalidations.h"
#include "tlm/smmu/record_queue.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu {

struct command_queue_client {
    /// CR0.SMMUEN in force: with 0 ATC_INV and PRI_RESP are ignored (SMMUv3).
    virtual bool translating() const = 0;
    virtual invalidations::outcome invalidate(const command&, base::span_id) = 0;
    /// invalidations_drained() follows when every one begun so far is finished.
    virtual void drain_invalidations() = 0;
    virtual void respond(const command&) = 0;
    /// The root port that the stream comes by; 0 for one that is unknown.
    virtual std::uint16_t tbu_of(base::stream_id) const = 0;
    /// Event to the PEs.
    virtual void sev() = 0;
    /// No command is begun any more and none will be (CMDQEN=0 or CERROR).
    virtual void commands_quiet() = 0;

protected:
    ~command_queue_client() = default;
};

/// Command queue (SMMUv3 4, 7.1): a pipeline that reads several commands at a time, decodes one per
/// config.command and runs them in order. CFGI and TLBI hold the queue for their work at the TCU;
/// that the TBUs have done theirs is waited for by the next SYNC. ATC_INV is consumed when the
/// tracker takes it; SYNC holds the queue until everything older is complete. CMDQ_CONS passes a
/// command when it is consumed.
class command_queue final : memory_client, base::timeline_client {
public:
    command_queue(std::string_view name, base::context&, base::place_id, const smmu_config&,
                  register_map&, memory_port&, translator&, event_queue&, msi&, global_errors&,
                  command_queue_client&);

    void observe(base::register_observer& o) { observer_ = &o; }
    void prod_written(std::uint64_t before);
    /// Effective CMDQEN. Switched off, a command already begun still ends.
    void enable(bool on);
    bool quiet() const { return state_ == state::idle; }
    /// CMDQ_ERR has been acknowledged.
    void restart();
    /// Something that a SYNC may wait for has happened.
    void poke();
    void invalidation_finished(base::span_id, bool lost);
    void invalidations_ready();
    void invalidations_drained();

    /// ATC_INVs begun and neither complete nor lost.
    unsigned outstanding() const { return outstanding_; }

private:
    enum class state : std::uint8_t { idle, decoding, working, waiting_itag, waiting_sync };
    enum class op : std::uint64_t { decoded, worked, tbus_done, sync_check };
    static constexpr std::size_t buffer_commands = 8;

    bool running() const { return enabled_ && !errors_.active(global_error::cmdq); }
    std::uint32_t prod() const {
        return static_cast<std::uint32_t>(regs_.cmdq_prod.value) & geometry_.position_mask();
    }
    std::uint32_t cons() const {
        return static_cast<std::uint32_t>(regs_.cmdq_cons.value) & geometry_.position_mask();
    }
    void look();
    void start_over();
    void forget_fetched();
    void fetch();
    void begin();
    void decoded();
    void run();
    void run_invalidation();
    void invalidate_caches();
    void run_atc_inv();
    void run_prefetch();
    void begin_sync();
    bool sync_done() const;
    void check_sync();
    void end_sync();
    void consume();
    void pass();
    void fail(cerror);
    void notify();
    void on_time(std::uint64_t) override;
    void answered(std::uint64_t token, tlm::tlm_generic_payload&) override;

    base::context& ctx_;
    base::place_id place_;
    const smmu_config& config_;
    register_map& regs_;
    memory_port& memory_;
    translator& translator_;
    event_queue& events_;
    msi& msi_;
    global_errors& errors_;
    command_queue_client& client_;
    base::register_observer* observer_ = nullptr;
    base::timeline::client_id timeline_id_;
    command_trace trace_;

    queue_geometry geometry_;
    bool enabled_ = false;
    state state_ = state::idle;
    bool next_told_ = false;  ///< boundary 3 of the head is told
    // fetch
    ring<raw_command> buffer_;
    std::uint32_t fetch_position_ = 0;
    std::uint64_t fetch_epoch_ = 0;  ///< answers of older epochs are thrown away
    bool fetching_ = false, fetch_aborted_ = false;
    bool fetch_singly_ = false;  ///< a read of several commands was aborted
    // head
    command head_;
    // what a SYNC covers
    unsigned outstanding_ = 0;
    bool draining_ = false;  ///< a SYNC waits for the tracker
    unsigned lost_ = 0;      ///< ATC_INVs lost and not yet reported
    std::uint64_t effect_number_ =
        0;                  ///< look-ups up to this one may have used what was invalidated
    base::ps tbus_done_{};  ///< when every TBU has done the newest invalidation
    std::uint64_t sync_events_ = 0;
    bool check_scheduled_ = false;
    base::span_id released_by_{};
};

}  // namespace drydock::smmu
