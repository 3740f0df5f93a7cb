// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/smmu/invalidation_tracker_trace.h"
#include "tlm/smmu/ring.h"

namespace drydock::smmu {

/// The invalidation tracker at transaction level: gives ITags out round robin, counts completions
/// (CC, modulo 8) and times out. An ITag's time starts when it is taken, also if its port has no
/// room for the request yet. One timeline record is armed for the oldest ITag; none is pending when
/// no ITag is out.
class invalidation_tracker final : public invalidation_tracker_if, base::timeline_client {
public:
    using config = invalidation_tracker_config;
    invalidation_tracker(std::string_view name, base::context&, const config&,
                         invalidation_tracker_client&);

    void set_queue_depth(base::routing_id, unsigned depth) override;
    bool try_invalidate(invalidation_id, const invalidation&) override;
    void completion(const invalidate_completion&) override;
    void give_up(base::itag) override;
    void resume() override;
    void drain() override;

    unsigned outstanding() const override { return outstanding_; }
    using counters = invalidation_tracker_counters;
    const counters& count() const override { return trace_.count(); }

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
    /// Has an edge at the first at which what is handed in now is sampled. @return its instant
    base::ps schedule_edge();
    void schedule_edge_at(base::ps when);
    bool due(base::ps when) const { return when <= ctx_.now(); }
    void edge();
    void expire();
    /// Tells what ended, offers requests.
    void tell();
    void take_input();
    bool drain_needs_edge() const;
    void catch_up();
    void take_drain();
    void take_resume();
    void send();
    void apply(const invalidate_completion&);
    void give_up_all();
    void retire(unsigned tag);
    void arm();
    bool has_room(base::routing_id) const;
    base::span_id holder(bool any, base::routing_id) const;
    /// As the probe tells it: one accepted for the next edge has no ITag yet.
    unsigned free_itags() const;
    void finish(std::uint32_t vector, bool lost);

    base::context& ctx_;
    invalidation_tracker_trace trace_;
    config config_;
    std::uint32_t absent_;  ///< bit n: there is no ITag n
    base::clock_domain clock_;
    base::ps issue_time_, match_time_;
    base::tick_grid grid_;
    invalidation_tracker_client& client_;
    base::timeline::client_id timeline_id_;
    base::timeline::handle edge_, armed_;
    base::ps edge_at_{};
    std::array<entry, itags> entries_;
    std::uint32_t used_ = 0;    ///< bit n: ITag n is out
    std::uint32_t unsent_ = 0;  ///< bit n: ITag n owned, request not yet taken by its port
    std::uint32_t free_ = 0;    ///< bit n: ITag n was free when this edge began
    std::uint32_t done_ = 0, given_up_ = 0, expired_ = 0;  ///< ended at this edge
    struct {
        base::ps asked = base::never;  ///< to be sampled then
        bool waiting = false;
        std::uint32_t awaited = 0, lost = 0;  ///< bit n: ITag n
    } drain_;
    std::bitset<256> full_ports_;    ///< refused a request since resume()
    base::ps resume_ = base::never;  ///< to be sampled then
    std::uint8_t oldest_ = nobody, newest_ = nobody;
    unsigned next_tag_ = 0;
    unsigned outstanding_ = 0;                ///< owned plus accepted for the next edge
    std::vector<std::uint8_t> depth_, busy_;  ///< by routing ID
    struct {
        bool full = false;
        base::ps due{};
        invalidation_id id = 0;
        invalidation what;
    } input_;
    template <class T>
    struct dated {
        base::ps due{};
        T what{};
    };
    ring<dated<invalidate_completion>> completions_;
    ring<dated<base::itag>> given_up_itags_;
    bool refused_ = false;  ///< somebody waits for ready()
    bool room_made_ = false;
};

}  // namespace drydock::smmu
