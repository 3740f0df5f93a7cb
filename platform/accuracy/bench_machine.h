// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "platform/accuracy/blocks.h"
#include "platform/accuracy/pattern.h"
#include "platform/accuracy/recording.h"
#include "tlm/base/context.h"
#include "tlm/base/rng.h"

namespace drydock::accuracy {

/// What one run of a pattern gave; index n is the n-th invalidate.
struct run_times {
    std::vector<atc_times> atc;
    std::vector<tracker_times> tracker;
    std::vector<std::uint32_t> order;  ///< in which they finished
};

/// A command queue, an invalidation tracker, a link, functions with DMA and their ATC, a
/// translation service: just the machine that the two blocks need to close every loop between
/// them. Everything but the blocks is the same whatever they are made of.
class bench_machine final : smmu::invalidation_tracker_client,
                            endpoint::atc_client,
                            base::timeline_client,
                            base::observer {
public:
    bench_machine(const pattern&, fidelity, unsigned invalidations);

    /// Until every invalidate has finished. @param into  what the blocks were given; null: nobody
    /// asks  @throws std::logic_error if they do not finish within a second of simulated time
    run_times run(recording* into = nullptr);

private:
    enum class op : std::uint32_t {
        issue,
        request_at_function,
        credit_back,
        fill,
        dma,
        read_back,
        posted_sent,
        admit_write,
        completion_at_tracker
    };
    struct use {
        endpoint::atc_key key{};
        bool write = false, warm_up = false;
        endpoint::use_id id = 0;
    };
    struct posted {
        bool completion = false;
        std::uint32_t number = 0;  ///< of the use, of the entry in completions_
    };
    struct requested {
        endpoint::request_slot slot = 0;
        endpoint::atc_key key{};
        std::uint32_t number = 0;  ///< how many for this key were before
    };

    // clients of the blocks
    bool try_send(smmu::invalidation_id, base::itag, const smmu::invalidation&) override;
    void finished(smmu::invalidation_id, bool lost) override;
    void drained(std::uint32_t) override {}
    void ready() override { feed_tracker(); }
    void hit(endpoint::lookup_id, endpoint::use_id, const endpoint::translation&) override;
    void fault(endpoint::lookup_id, endpoint::atc_fault) override;
    bool try_request(endpoint::request_slot, const endpoint::atc_key&, bool) override;
    bool try_completion(base::routing_id, endpoint::itag_vector, std::uint8_t) override;
    void ready(endpoint::atc_channel) override;
    void on_time(std::uint64_t) override;
    void on_event(const base::event&) override;

    void at(base::ps delay, op what, std::uint32_t number = 0);
    void enable_functions();
    void start_measuring();
    void issue();
    void feed_tracker();
    void feed_function();
    void feed_fills();
    void dma();
    void look_up(const endpoint::atc_key&, bool write, bool warm_up);
    void feed_lookup();
    void done_with(std::uint32_t use_number);
    void post(const posted&);
    void send_posted();
    void posted_sent();
    void admit_write();
    bool posted_room() const { return writes_queued_ < pattern_.posted_queue; }
    void tell_room();
    endpoint::atc_key page(std::uint32_t index) const;
    smmu::invalidation next_invalidation();
    void record(atc_stimulus);
    void record(tracker_stimulus);
    base::ps now() const { return ctx_.now(); }

    const pattern& pattern_;
    unsigned invalidations_;
    base::context ctx_;
    base::rng invalidate_rng_, dma_rng_;
    base::timeline::client_id id_;
    std::unique_ptr<endpoint::atc_if> atc_;
    std::unique_ptr<smmu::invalidation_tracker_if> tracker_;
    recording* into_ = nullptr;
    run_times times_;

    std::uint32_t working_set_;
    bool measuring_ = false;
    unsigned functions_enabled_ = 0, warmed_ = 0;
    // invalidates
    unsigned issued_ = 0, finished_ = 0;
    std::deque<smmu::invalidation> todo_;
    std::vector<endpoint::invalidate> sent_;  ///< by number of invalidate
    std::deque<std::uint32_t> at_function_;
    unsigned credits_;
    // translations
    std::vector<requested> requests_;
    std::deque<std::uint32_t> fills_;
    std::unordered_map<std::uint64_t, std::uint32_t> asked_;  ///< how often, by key
    // DMA
    std::vector<use> uses_;
    std::vector<std::uint32_t> drawn_;  ///< pages, one a period, used or not
    bool lookup_waits_ = false;         ///< the last of uses_ is not accepted
    unsigned reads_ = 0;
    std::deque<posted> posted_;
    std::deque<posted> writes_waiting_;
    unsigned writes_queued_ = 0;
    bool sending_ = false, room_told_ = true, completion_refused_ = false;
    std::vector<smmu::invalidate_completion> completions_;
};

}  // namespace drydock::accuracy
