// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/pcie/ring.h"
#include "tlm/root_complex/containment_if.h"

namespace drydock::root_complex {

/// The containment block at transaction level. One trigger and `depth` TLPs of each way are taken
/// for one edge.
class containment final : public containment_if, base::timeline_client {
public:
    static constexpr std::size_t depth = 8;

    containment(base::context& ctx, std::string_view name, base::ps clock,
                containment_client& client);

    void control(const containment_control& c) override;
    bool try_trigger(const containment_trigger& t) override;
    bool try_tlp(containment_way way, const containment_tlp& t) override;
    void release() override;

private:
    void on_time(std::uint64_t) override;
    void schedule();
    containment_answer decide(const containment_trigger& t);
    containment_verdict judge_up(const containment_tlp& t);
    containment_verdict judge_down(const containment_tlp& t) const;
    void judge(containment_way way);
    void tell_ready();

    base::context& ctx_;
    base::clock_domain clock_;
    containment_client& client_;
    base::timeline::client_id id_;
    base::timeline::handle edge_;
    containment_control now_;
    bool active_ = false;

    // sampled at the next edge
    std::optional<containment_control> control_;
    std::optional<containment_trigger> trigger_;
    bool release_ = false;
    std::array<pcie::ring<containment_tlp>, 2> tlps_;  ///< by containment_way
    std::array<bool, 3> refused_{};                    ///< by containment_channel
};

}  // namespace drydock::root_complex
