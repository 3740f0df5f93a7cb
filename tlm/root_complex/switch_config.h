// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tlm/base/time.h"
#include "tlm/root_complex/config.h"

namespace drydock::root_complex {

/// One downstream port: function 0 of device (index) on the switch's internal bus.
struct switch_port_config {
    std::string name = "dsp0";
    unsigned gen = 4, width = 8;              ///< of its link
    std::optional<dpc_config> dpc{};          ///< without Root Port Extensions; brings MSI with it
    bool surprise_down = false;               ///< Surprise Down Error Reporting Capable
    std::optional<slot_config> slot{};        ///< brings MSI with it
    std::optional<pcie::link_times> times{};  ///< of its link; none: as its generation says
    unsigned virtual_channels = 1;            ///< VC resources, VC0 among them: 1..8
    unsigned low_priority_channels = 7;       ///< VC IDs up to it are served in turn, others first
};

/// A switch; port n of `ports` is device n on the bus between its upstream and downstream ports.
struct switch_config {
    static constexpr unsigned most_ports = 32;  ///< downstream; devices of one bus

    std::uint16_t vendor = 0x104c;                                       ///< Texas Instruments
    std::uint16_t upstream_device = 0x8232, downstream_device = 0x8233;  ///< XIO3130
    unsigned gen = 4, width = 8;                                         ///< of the link above
    unsigned max_payload = 512;  ///< supported by every port, bytes
    bool prefixes = true;        ///< End-End TLP prefixes: PASID passes
    bool atomics = true;         ///< AtomicOp Routing Supported
    bool ecrc = true;            ///< ECRC Generation and Check Capable
    std::uint16_t acs = 0;       ///< services of downstream ports, pcie::acs_view's bits; 0: no ACS
    unsigned virtual_channels = 1;       ///< of the upstream port
    unsigned low_priority_channels = 7;  ///< of the upstream port
    /// First byte in to first byte out of an idle switch (PCIe, model defaults: 120 ns). A TLP that
    /// takes longer than this to arrive leaves when its last byte is in.
    base::ps cut_through{120'000};
    std::vector<switch_port_config> ports{switch_port_config{}};
};

}  // namespace drydock::root_complex
