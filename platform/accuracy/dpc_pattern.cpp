// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/dpc_pattern.h"

#include <array>

namespace drydock::accuracy {
namespace {

using namespace base::literals;
using root_complex::containment_cause;

// Neighbours of the same kind: the first of each pair calibrates, the second judges.
constexpr std::array table{
    dpc_pattern{
        .name = "dpc_fatal", .text = "ERR_FATAL messages, completions with UR", .calibrates = true},
    dpc_pattern{.name = "dpc_nonfatal",
                .text = "ERR_NONFATAL messages, completions with CA",
                .calibrates = false,
                .cause = containment_cause::nonfatal_message,
                .complete_with_ur = false},
    dpc_pattern{.name = "dpc_own_error",
                .text = "errors of the port's own, completions with CA, no RP Busy",
                .calibrates = true,
                .cause = containment_cause::own_error,
                .complete_with_ur = false,
                .root_port_extensions = false},
    dpc_pattern{.name = "dpc_software",
                .text = "software's triggers, completions with UR, no RP Busy",
                .calibrates = false,
                .cause = containment_cause::software,
                .root_port_extensions = false},
    dpc_pattern{.name = "dpc_busy",
                .text = "RP Busy of 2 us, software releases until it may",
                .calibrates = true,
                .rp_busy = 2_us},
    dpc_pattern{.name = "dpc_busy_short",
                .text = "RP Busy of 130 ns, RP PIO errors, software is fast",
                .calibrates = false,
                .cause = containment_cause::rp_pio,
                .rp_busy = 130_ns,
                .down_gap = 11_ns,
                .reaction = 60_ns,
                .release_again = 17_ns},
    dpc_pattern{.name = "dpc_one_lane",
                .text = "one TLP of each way an edge, more than that offered",
                .calibrates = true,
                .large = false,
                .lanes = 1,
                .complete_with_ur = false,
                .burst = 6,
                .up_gap = 8_ns,
                .down_gap = 7_ns,
                .quiet = 300_ns,
                .reaction = 100_ns},
    dpc_pattern{.name = "dpc_eight_lanes",
                .text = "bursts of twenty TLPs of each way",
                .calibrates = false,
                .cause = containment_cause::own_error,
                .burst = 20,
                .up_gap = 15_ns,
                .down_gap = 13_ns,
                .quiet = 300_ns,
                .reaction = 100_ns},
};

}  // namespace

std::span<const dpc_pattern> dpc_patterns() { return table; }

}  // namespace drydock::accuracy
