// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/pcie/ring.h"
#include "tlm/root_complex/containment_if.h"

namespace drydock::root_complex {

/// The containment block at transaction level. One trigger and config.lanes TLPs of each way are
/// taken for one edge.
class containment final : public containment_if, base::timeline_client {
public:
    containment(std::string_view name, base::context& ctx, const containment_config& config,
                containment_client& client);

    void control(const containment_control& c) override;
    bool try_trigger(const containment_trigger& t) override;
    bool try_tlp(containment_way way, const containment_tlp& t) override;
    void release() override;

private:
    void on_time(std::uint64_t) override;
    /// Has an edge at the first at which what is handed in now is sampled. @return its instant
    base::ps schedule();
    void edge();
    bool due(base::ps when) const { return when <= ctx_.now(); }
    bool has_input() const;
    void begin();
    void end_busy();
    void take_release();
    containment_answer answer_to(const containment_trigger& t) const;
    void take_trigger();
    containment_verdict judge_up(const containment_tlp& t);
    containment_verdict judge_down(const containment_tlp& t) const;
    void judge(containment_way way);
    void tell_ready();

    base::context& ctx_;
    containment_config config_;
    base::clock_domain clock_;
    base::ps trigger_time_, release_time_, verdict_time_;
    containment_client& client_;
    base::timeline::client_id id_;
    base::timeline::handle edge_, busy_tick_;
    base::ps edge_at_{};
    containment_control now_;
    bool active_ = false;
    bool busy_ = false;               ///< RP Busy
    base::ps idle_at_ = base::never;  ///< when it ends

    // inputs and when they are sampled
    template <class T>
    struct dated {
        base::ps due = base::never;  ///< never: none
        T what{};
    };
    pcie::ring<dated<containment_control>> controls_;
    dated<containment_trigger> trigger_;
    base::ps release_ = base::never;
    std::array<pcie::ring<dated<containment_tlp>>, 2> tlps_;  ///< by containment_way
    std::array<bool, 3> refused_{};                           ///< by containment_channel
};

}  // namespace drydock::root_complex
