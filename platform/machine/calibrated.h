// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace drydock::machine {

/// A time of a block at transaction level whose default is measured, not chosen (docs/accuracy.md).
struct calibrated {
    std::string_view name;    ///< of the parameter, behind that of the block's owner
    std::string_view origin;  ///< as `drydock params` says it
};

inline constexpr std::string_view from_atc = "measured from rtl/atc.sv, pattern set A",
                                  from_tracker =
                                      "measured from rtl/invalidation_tracker.sv, pattern set A",
                                  from_dpc = "measured from rtl/dpc_containment.sv, pattern set A";

inline constexpr std::array calibrated_parameters{
    calibrated{"atc.lookup_cycles", from_atc},
    calibrated{"atc.fill_cycles", from_atc},
    calibrated{"atc.invalidate_cycles", from_atc},
    calibrated{"atc.probe_cycles", from_atc},
    calibrated{"atc.completion_cycles", from_atc},
    calibrated{"tracker.issue_cycles", from_tracker},
    calibrated{"tracker.match_cycles", from_tracker},
    calibrated{"dpc.trigger_cycles", from_dpc},
    calibrated{"dpc.release_cycles", from_dpc},
    calibrated{"dpc.verdict_cycles", from_dpc},
};

/// Where the default of a parameter comes from.
constexpr std::string_view origin_of_default(std::string_view parameter) {
    for (const calibrated& c : calibrated_parameters)
        if (parameter.ends_with(c.name) && parameter.size() > c.name.size() &&
            parameter[parameter.size() - c.name.size() - 1] == '.')
            return c.origin;
    return "default";
}

}  // namespace drydock::machine
