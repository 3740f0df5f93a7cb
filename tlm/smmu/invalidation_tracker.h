// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::smmu {

inline constexpr unsigned itags = 32;  // PCIe ATS: ITag is 5 bits

/// Owns the ITags of Invalidate Requests, 32 or fewer: gives them out round robin, counts
/// completions (CC, modulo 8) and times out. One input of each kind is sampled per clock edge;
/// completions queue up.
///
/// Timeouts are judged on a grid of timeout/16: an ITag expires at the first grid point at or after
/// its start + timeout, so never early and at most 6.25 % late. It starts when the ITag is taken,
/// also if its port has no room for the request yet. One timeline record is armed for
/// the oldest ITag; none is pending when no ITag is out.
class invalidation_tracker final : public invalidation_tracker_if, base::timeline_client {
public:
    struct config {
        base::ps timeout{60'000'000'000'000};  ///< PCIe ATS: 60 s -0 % +50 %
        base::ps clock{1'000};
        unsigned itags = 32;  ///< ITags that there are, 1..32
    };
    invalidation_tracker(std::string_view name, base::context&, const config&,
                         invalidation_tracker_client&);

    /// Invalidate queue depth of a function: most requests outstanding, 1..32; 0 means 32 (PCIe
    /// ATS).
    void set_queue_depth(base::routing_id, unsigned depth);

    bool try_invalidate(invalidation_id, const invalidation&) override;
    void completion(const invalidate_completion&) override;
    void give_up(base::itag) override;
    void resume() override;

    unsigned outstanding() const { return outstanding_; }
    struct counters {
        std::uint64_t issued = 0, completed = 0, timeouts = 0, given_up = 0;
        std::uint64_t unexpected = 0;  ///< ITags named by completions that nobody waited for
    };
    const counters& count() const { return count_; }

private:
    static constexpr std::uint8_t nobody = itags;
    struct entry {
        invalidation_id id = 0;
        invalidation what;
        base::ps started{};
        base::ps expires{};
        std::uint8_t received = 0, cc = 0;  ///< completions so far; cc valid once received > 0
        bool used = false;
        std::uint8_t older = nobody, newer = nobody;  ///< list by age
    };
    enum class op : std::uint64_t { edge, tick };

    void on_time(std::uint64_t op) override;
    void schedule_edge();
    void edge();
    void take_input();
    void send_unsent();
    void apply(const invalidate_completion&);
    void retire(unsigned tag, bool lost);
    void tick();
    void arm();
    bool has_room(base::routing_id) const;
    /// As the probe tells it: one accepted for the next edge has no ITag yet.
    unsigned free_itags() const;
    void report_wait(const invalidation&, invalidation_id);
    void unexpected(std::uint32_t vector, base::routing_id, std::uint32_t why);

    base::context& ctx_;
    base::place_id place_;
    config config_;
    std::uint32_t absent_;  ///< bit n: there is no ITag n
    base::clock_domain clock_;
    base::ps period_;
    invalidation_tracker_client& client_;
    base::timeline::client_id timeline_id_;
    base::timeline::handle edge_, armed_;
    std::array<entry, itags> entries_;
    std::uint32_t used_ = 0;      ///< bit n: ITag n is out
    std::uint32_t unsent_ = 0;    ///< bit n: ITag n owned, request not yet taken by its port
    std::uint32_t retiring_ = 0;  ///< bit n: to be retired without completion at the next edge
    std::uint8_t oldest_ = nobody, newest_ = nobody;
    unsigned next_tag_ = 0;
    unsigned outstanding_ = 0;                ///< owned plus accepted for the next edge
    std::vector<std::uint8_t> depth_, busy_;  ///< by routing ID
    struct {
        bool full = false;
        invalidation_id id = 0;
        invalidation what;
    } input_;
    std::vector<invalidate_completion> completions_;
    bool refused_ = false;  ///< somebody waits for ready()
    invalidation_id refused_id_ = 0;
    bool waited_ = false;  ///< refused_id_ has waited; its owner span is in freed_by_
    base::span_id freed_by_{};
    counters count_;
    std::uint32_t no_itag_text_, depth_text_, unknown_text_, function_text_, cc_text_;
};

}  // namespace drydock::smmu
