// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rtl/adapter/block_signals.h"
#include "rtl/adapter/host.h"
#include "rtl/adapter/invalidation_tracker_pins.h"
#include "tlm/pcie/ring.h"
#include "tlm/smmu/invalidation_tracker_if.h"
#include "tlm/smmu/invalidation_tracker_trace.h"

namespace drydock::rtl {

/// rtl/invalidation_tracker.sv behind the interface of its twin. What is handed in waits here for
/// the first edge after it; what the block leaves at an edge is told at its instant.
class invalidation_tracker_rtl final : public smmu::invalidation_tracker_if,
                                       public base::signal_source,
                                       host::clocked {
public:
    /// @throws std::invalid_argument when the parameter set has fewer ITags than the configuration
    invalidation_tracker_rtl(std::string_view name, base::context&,
                             const smmu::invalidation_tracker_config&,
                             smmu::invalidation_tracker_client&, tracker_set = tracker_set::large,
                             bool look_ahead = false);
    /// A Verilated block of the caller's making, with config.itags in use.
    invalidation_tracker_rtl(std::string_view name, base::context&,
                             const smmu::invalidation_tracker_config&,
                             smmu::invalidation_tracker_client&,
                             std::unique_ptr<invalidation_tracker_pins> block,
                             bool look_ahead = false);

    void set_queue_depth(base::routing_id, unsigned depth) override;
    bool try_invalidate(smmu::invalidation_id, const smmu::invalidation&) override;
    void completion(const smmu::invalidate_completion&) override;
    void give_up(base::itag) override;
    void resume() override;
    void drain() override;
    unsigned outstanding() const override;
    const smmu::invalidation_tracker_counters& count() const override { return trace_.count(); }

    /// Its ports and registers, at every edge that is computed.
    void record_to(base::signal_recorder* to) override;

    std::uint64_t edges() const { return host_.edges(); }

private:
    template <class T>
    struct dated {
        base::ps due{};
        T what{};
    };
    struct owner {
        smmu::invalidation_id id = 0;
        smmu::invalidation what;
        base::ps started{};
    };

    state edge() override;
    bool hand_out() override;
    bool due(base::ps when) const { return when <= host_.edge_time(); }
    bool has_input() const;
    bool more();
    void drive_request(const smmu::invalidation&);
    void drive_inputs();
    bool has_output() const;
    unsigned free_itags() const;
    base::span_id holder(bool any, base::routing_id) const;
    void tell_ends();
    void finish(std::uint32_t vector, bool lost);
    void offer();

    base::context& ctx_;
    smmu::invalidation_tracker_trace trace_;
    smmu::invalidation_tracker_config config_;
    base::tick_grid grid_;
    smmu::invalidation_tracker_client& client_;
    std::unique_ptr<invalidation_tracker_pins> block_;
    host host_;
    std::string name_;
    std::unique_ptr<block_signals> signals_;  ///< null: nobody records them

    std::array<owner, smmu::itags> owners_;
    std::uint32_t used_ = 0;           ///< bit n: ITag n is out, as told
    std::vector<std::uint8_t> depth_;  ///< by routing ID
    dated<owner> input_;               ///< due never: none
    owner taken_;                      ///< sampled at the last edge
    pcie::ring<dated<smmu::invalidate_completion>> completions_;
    base::routing_id completed_by_;  ///< of the completion sampled at the last edge
    pcie::ring<dated<base::itag>> given_up_;
    base::ps drain_ = base::never, resume_ = base::never;  ///< when to be sampled
    bool sending_ = false;                                 ///< what is offered has been taken
    bool refused_ = false;                                 ///< somebody waits for ready()
};

}  // namespace drydock::rtl
