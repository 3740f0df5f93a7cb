// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "platform/lockstep/comparison.h"
#include "tlm/smmu/invalidation_tracker.h"

namespace drydock::lockstep {

/// The tracker in SystemVerilog drives the machine; its twin is handed what that one accepted, and
/// what it answers is compared and dropped.
class invalidation_tracker final : public smmu::invalidation_tracker_if,
                                   public pair,
                                   smmu::invalidation_tracker_client {
public:
    invalidation_tracker(std::string_view name, base::context&,
                         const smmu::invalidation_tracker_config&,
                         smmu::invalidation_tracker_client&,
                         const smmu::invalidation_tracker_maker& block, findings& into);

    void set_queue_depth(base::routing_id, unsigned depth) override;
    bool try_invalidate(smmu::invalidation_id, const smmu::invalidation&) override;
    void completion(const smmu::invalidate_completion&) override;
    void give_up(base::itag) override;
    void resume() override;
    void drain() override;
    unsigned outstanding() const override { return block_->outstanding(); }
    const smmu::invalidation_tracker_counters& count() const override { return block_->count(); }
    void settle() override;

private:
    struct input {
        enum class kind : std::uint8_t { depth, invalidate, completion, give_up, resume, drain };
        kind what = kind::resume;
        std::uint32_t number = 0;  ///< id, depth or ITag
        smmu::invalidation invalidation{};
        smmu::invalidate_completion completion{};
    };
    /// Whom the twin answers.
    struct twin_client final : smmu::invalidation_tracker_client {
        explicit twin_client(invalidation_tracker& s) : self(s) {}
        bool try_send(smmu::invalidation_id, base::itag, const smmu::invalidation&) override;
        void finished(smmu::invalidation_id, bool lost) override;
        void drained(std::uint32_t lost) override;
        void ready() override {}
        invalidation_tracker& self;
    };

    bool try_send(smmu::invalidation_id, base::itag, const smmu::invalidation&) override;
    void finished(smmu::invalidation_id, bool lost) override;
    void drained(std::uint32_t lost) override;
    void ready() override { client_.ready(); }
    void catch_up(base::ps now);
    void hand_on(const input&);

    base::context& ctx_;
    smmu::invalidation_tracker_client& client_;
    channel sent_, finished_, drained_, accepted_;
    std::unique_ptr<smmu::invalidation_tracker_if> block_;
    lagging_inputs<input> inputs_;
    twin_client twin_client_;
    smmu::invalidation_tracker twin_;
};

}  // namespace drydock::lockstep
