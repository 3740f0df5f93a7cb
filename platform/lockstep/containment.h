// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "platform/lockstep/comparison.h"
#include "tlm/root_complex/containment.h"

namespace drydock::lockstep {

/// DPC containment in SystemVerilog drives the port; its twin is handed what that one accepted, and
/// what it answers is compared and dropped.
class containment final : public root_complex::containment_if,
                          public pair,
                          root_complex::containment_client {
public:
    containment(std::string_view name, base::context&, const root_complex::containment_config&,
                root_complex::containment_client&, const root_complex::containment_maker& block,
                findings& into);

    void control(const root_complex::containment_control&) override;
    bool try_trigger(const root_complex::containment_trigger&) override;
    bool try_tlp(root_complex::containment_way, const root_complex::containment_tlp&) override;
    void release() override;
    void settle() override;

private:
    enum class event : std::uint32_t { contained, answered, released, too_early, rp_idle };
    struct input {
        enum class kind : std::uint8_t { control, trigger, up, down, release };
        kind what = kind::release;
        root_complex::containment_control control{};
        root_complex::containment_trigger trigger{};
        root_complex::containment_tlp tlp{};
    };
    /// Writes down what one of the two says.
    struct scribe final : root_complex::containment_client {
        explicit scribe(containment& s) : self(s) {}
        void contained(const root_complex::containment_trigger& t) override;
        void released() override { self.said(true, event::released, 0); }
        void release_too_early() override { self.said(true, event::too_early, 0); }
        void rp_idle() override { self.said(true, event::rp_idle, 0); }
        void answered(root_complex::containment_answer a) override;
        void judged(root_complex::containment_way, root_complex::containment_verdict) override;
        void ready(root_complex::containment_channel) override {}
        containment& self;
    };

    void contained(const root_complex::containment_trigger&) override;
    void released() override;
    void release_too_early() override;
    void rp_idle() override;
    void answered(root_complex::containment_answer) override;
    void judged(root_complex::containment_way, root_complex::containment_verdict) override;
    void ready(root_complex::containment_channel c) override { client_.ready(c); }
    void said(bool by_twin, event, std::uint32_t number, std::uint32_t more = 0);
    void verdict(bool by_twin, root_complex::containment_way, root_complex::containment_verdict);
    void catch_up(base::ps now);
    void hand_on(const input&);

    base::context& ctx_;
    root_complex::containment_client& client_;
    channel events_, accepted_;
    std::array<channel, 2> verdicts_;  ///< by way
    std::unique_ptr<root_complex::containment_if> block_;
    lagging_inputs<input> inputs_;
    scribe scribe_;
    root_complex::containment twin_;
};

}  // namespace drydock::lockstep
