// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/pcie/routing.h"
#include "tlm/smmu/ats.h"
#include "tlm/smmu/commands.h"
#include "tlm/smmu/invalidation_tracker_if.h"
#include "tlm/smmu/stall_probe.h"
#include "tlm/smmu/stream_map.h"

namespace drydock::smmu {

struct invalidations_client {
    /// An ATC_INV that was started is complete, or lost to the timeout.
    virtual void invalidation_finished(base::span_id, bool lost) = 0;
    /// What start() refused may be tried again.
    virtual void invalidations_ready() = 0;
    /// Everything that drain() waited for is finished.
    virtual void invalidations_drained() = 0;

protected:
    ~invalidations_client() = default;
};

/// From CMD_ATC_INV to Invalidate Request and back: finds the root port, asks the tracker for an
/// ITag, sends.
class invalidations final : invalidation_tracker_client {
public:
    enum class outcome : std::uint8_t {
        started,  ///< an ITag will be owned
        done,     ///< nothing to wait for: no root port leads to the function (UR, SMMUv3)
        refused   ///< no ITag, or the function's queue depth is reached: repeat after ready
    };

    invalidations(std::string_view tracker_name, base::context&, base::place_id, const smmu_config&,
                  const stream_map&, ats&, invalidations_client&);

    void set_directory(const pcie::requester_directory& d) { directory_ = &d; }
    void set_queue_depth(base::routing_id id, unsigned depth) {
        tracker_->set_queue_depth(id, depth);
    }

    outcome start(const command&, base::span_id);
    void completion(const invalidate_completion&, base::span_id behind);
    void resume() { tracker_->resume(); }
    void drain() { tracker_->drain(); }
    /// The link of a port went down.
    void link_lost(unsigned port);

    const invalidation_tracker_if& tracker() const { return *tracker_; }

private:
    struct open_invalidation {
        base::span_id span{};
        std::uint16_t port = 0;
        std::uint8_t tag = 0;
        bool sent = false;
        base::span_id behind{};  ///< posted write that its completion waited for
    };
    bool try_send(invalidation_id, base::itag, const invalidation&) override;
    void finished(invalidation_id, bool lost) override;
    void drained(std::uint32_t) override { client_.invalidations_drained(); }
    void ready() override { client_.invalidations_ready(); }

    base::context& ctx_;
    base::place_id place_;
    const stream_map& streams_;
    ats& ats_;
    invalidations_client& client_;
    const pcie::requester_directory* directory_ = nullptr;
    unsigned itags_;
    stall_probe no_itag_, queue_depth_;
    std::unique_ptr<invalidation_tracker_if> tracker_;
    /// One more than there are ITags: that one the tracker has refused, and it comes again.
    static constexpr unsigned most_open = itags + 1;
    bool is_free(invalidation_id id) const { return (free_ >> id & 1) != 0; }

    std::array<open_invalidation, most_open> open_;
    std::uint64_t free_ = (std::uint64_t{1} << most_open) - 1;  ///< bit n: open_[n] is free
    unsigned open_count() const { return most_open - static_cast<unsigned>(std::popcount(free_)); }
    std::optional<invalidation_id> refused_;
    const stall_probe* refused_by_ = nullptr;  ///< with refused_: what there was none of
    base::ps refused_since_{};
    std::array<std::uint8_t, itags>
        id_of_tag_{};  ///< index in open_ of the request that an ITag stands for
};

}  // namespace drydock::smmu
