// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "rtl/adapter/atc_pins.h"
#include "rtl/adapter/block_signals.h"
#include "rtl/adapter/host.h"
#include "tlm/base/signals.h"
#include "tlm/endpoint/atc_if.h"

namespace drydock::rtl {

/// Of the ATC's caller; the rest is the block's.
struct atc_config {
    base::ps clock{1'000};
    unsigned uses = 256;             ///< at most the block's
    unsigned invalidate_queue = 32;  ///< at most the block's
    bool shared = false;
    bool ignore_when_disabled = false;
    bool retry_after_ur = false;
    bool look_ahead = false;  ///< host
};

/// A Verilated ATC behind the interface of its twin. Numbers lookups and invalidates as the block
/// wants them, keeps for each what only observers need, and queues what is accepted until its edge.
class atc final : public endpoint::atc_if, public base::signal_source, host::clocked {
public:
    /// @throws std::invalid_argument if the block is smaller than the configuration
    atc(std::string_view hierarchical_name, base::context& ctx, const atc_unit& unit,
        const atc_config& config, endpoint::atc_client& client);
    ~atc() override;
    atc(const atc&) = delete;
    atc& operator=(const atc&) = delete;

    bool try_lookup(endpoint::lookup_id, const endpoint::atc_key&, endpoint::atc_access) override;
    bool try_fill(endpoint::request_slot, const endpoint::completion_entry&) override;
    bool try_invalidate(const endpoint::invalidate&) override;
    void release(endpoint::use_id) override;
    bool try_control(base::routing_id, endpoint::atc_control) override;
    void set_stu(std::uint8_t log2_bytes) override;
    void resume() override;

    /// Its ports and what it shows of its state, at every edge that is computed.
    void record_to(base::signal_recorder* to) override;
    void show(signal_sink&) const;

    std::uint64_t edges() const { return host_.edges(); }

private:
    static constexpr std::size_t most_fills = 256, most_controls = 4;

    /// A lookup, later the use that it was given.
    struct lookup {
        endpoint::lookup_id id = 0;
        endpoint::atc_key key{};
        endpoint::atc_access access{};
        enum class state : std::uint8_t { free, in_progress, used, forgotten } is = state::free;
        std::uint16_t generation = 0;
        std::uint64_t joined = 0;  ///< order among those that wait for one request
    };
    struct invalidation {
        endpoint::invalidate what{};
        base::span_id waited_for{};
        base::ps sample{};
        bool taken = false;
        bool drained = false;
    };
    struct queued_lookup {
        std::uint16_t tag;
        base::ps from;
    };
    struct queued_fill {
        endpoint::request_slot slot;
        endpoint::completion_entry entry;
        base::ps from;
    };
    struct queued_invalidate {
        std::uint8_t slot;
        base::ps from;
    };
    struct queued_control {
        base::routing_id rid;
        endpoint::atc_control what;
        base::ps from;
    };

    // atc.cpp: what goes in
    state edge() override;
    void offer();
    void taken();
    /// Whether the next one of each queue was of a function that is reset at this edge.
    struct forgotten {
        bool lookup = false, fill = false, invalidate = false;
    };
    forgotten forget(base::routing_id rid);
    template <class Queue>
    bool due(const Queue& q) const {
        return !q.empty() && q.front().from <= host_.edge_time();
    }
    bool of(base::routing_id rid, base::routing_id whom) const {
        return !config_.shared || rid == whom;
    }
    bool pending() const;
    bool has_results() const;
    bool room_for_lookups() const { return in_progress_ < config_.uses; }
    bool room_for_invalidates() const { return invalidates_ < config_.invalidate_queue; }
    bool busy();
    void free_tag(std::uint16_t tag);
    // atc_results.cpp: what comes out
    bool hand_out() override;
    void hand_out_dropped();
    void hand_out_wake();
    void hand_out_invalidates();
    void hand_out_answer();
    void hand_out_request();
    void hand_out_completion();
    void hand_out_ready();
    void grant(std::uint16_t tag, std::uint64_t base, unsigned size, bool untranslated,
               base::ps obtained);
    void give_back(std::uint16_t tag);
    void refuse(std::uint16_t tag, endpoint::atc_fault why);
    void ignored(std::uint8_t slot, std::uint32_t reason);
    void completed();
    void stage(unsigned boundary, base::span_id span, base::span_id waited_for = {});

    base::context& ctx_;
    atc_unit unit_;
    void* block_;
    atc_config config_;
    endpoint::atc_client& client_;
    base::place_id place_;
    host host_;
    atc_inputs in_{};
    atc_outputs out_{};
    std::unique_ptr<block_signals> signals_;  ///< null: nobody records them

    std::vector<lookup> lookups_;
    std::vector<std::uint16_t> free_tags_;
    unsigned in_progress_ = 0;  ///< lookups in progress and uses
    std::uint64_t joins_ = 0;
    std::vector<std::uint16_t> woken_;
    std::array<invalidation, 32> invalidations_{};
    unsigned invalidates_ = 0;
    base::span_id previous_{};
    std::vector<endpoint::atc_key> requested_;  ///< by request slot
    std::vector<base::ps> obtained_;            ///< by entry of the block
    queued_fill filled_{};                      ///< the last one that the block took

    std::deque<queued_lookup> lookup_queue_;
    std::deque<queued_fill> fill_queue_;
    std::deque<queued_invalidate> invalidate_queue_;
    std::deque<queued_control> control_queue_;
    std::array<std::uint64_t, use_words> releases_{};
    bool releasing_ = false;
    bool lookup_refused_ = false, invalidate_refused_ = false, control_refused_ = false;
    bool requests_blocked_ = false, completions_blocked_ = false;
    bool ready_due_ = false;
    std::uint32_t reason_disabled_, reason_reset_;
};

}  // namespace drydock::rtl
