// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rtl/adapter/block_signals.h"
#include "rtl/adapter/dpc_containment_pins.h"
#include "rtl/adapter/host.h"
#include "tlm/pcie/ring.h"
#include "tlm/root_complex/containment_if.h"

namespace drydock::rtl {

/// rtl/dpc_containment.sv behind the interface of its twin. What is handed in waits here for the
/// first edge after it; what the block leaves at an edge is told at its instant.
class dpc_containment_rtl final : public root_complex::containment_if,
                                  public base::signal_source,
                                  host::clocked {
public:
    /// @throws std::invalid_argument when the parameter set has fewer lanes than the configuration
    dpc_containment_rtl(std::string_view name, base::context&,
                        const root_complex::containment_config&, root_complex::containment_client&,
                        containment_set = containment_set::large, bool look_ahead = false);
    /// A Verilated block of the caller's making.
    dpc_containment_rtl(std::string_view name, base::context&,
                        const root_complex::containment_config&, root_complex::containment_client&,
                        std::unique_ptr<dpc_containment_pins> block, bool look_ahead = false);

    void control(const root_complex::containment_control&) override;
    bool try_trigger(const root_complex::containment_trigger&) override;
    bool try_tlp(root_complex::containment_way, const root_complex::containment_tlp&) override;
    void release() override;

    /// Its ports and registers, at every edge that is computed.
    void record_to(base::signal_recorder* to) override;

    std::uint64_t edges() const { return host_.edges(); }

private:
    template <class T>
    struct dated {
        base::ps due = base::never;  ///< never: none
        T what{};
    };
    using lanes_in = std::array<dpc_containment_pins::tlp, dpc_containment_pins::most_lanes>;
    using lanes_out = std::array<dpc_containment_pins::verdict, dpc_containment_pins::most_lanes>;

    state edge() override;
    bool hand_out() override;
    bool due(base::ps when) const { return when <= host_.edge_time(); }
    bool has_input() const;
    bool more();
    bool has_output() const;
    void drive_inputs();
    void drive_lanes(root_complex::containment_way, lanes_in&);
    void tell_verdicts(root_complex::containment_way, const lanes_out&);
    void tell_ready();

    root_complex::containment_config config_;
    base::tick_grid grid_;
    root_complex::containment_client& client_;
    std::unique_ptr<dpc_containment_pins> block_;
    host host_;
    std::string name_;
    std::unique_ptr<block_signals> signals_;  ///< null: nobody records them

    pcie::ring<dated<root_complex::containment_control>> controls_;
    dated<root_complex::containment_trigger> trigger_;
    root_complex::containment_trigger triggered_by_;  ///< sampled at the last edge
    base::ps release_ = base::never;
    std::array<pcie::ring<dated<root_complex::containment_tlp>>, 2> tlps_;  ///< by way
    std::array<bool, 3> refused_{};                                         ///< by channel
};

}  // namespace drydock::rtl
