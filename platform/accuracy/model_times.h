// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "platform/machine/calibrated.h"
#include "tlm/endpoint/atc_config.h"
#include "tlm/root_complex/containment_if.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::accuracy {

/// The times of the models that are measured from the blocks in SystemVerilog, in cycles; as the
/// models have them if nothing else is said.
struct model_times {
    unsigned lookup = endpoint::atc_config{}.lookup_cycles;
    unsigned fill = endpoint::atc_config{}.fill_cycles;
    unsigned invalidate = endpoint::atc_config{}.invalidate_cycles;
    unsigned probe = endpoint::atc_config{}.probe_cycles;
    unsigned completion = endpoint::atc_config{}.completion_cycles;
    unsigned issue = smmu::invalidation_tracker_config{}.issue_cycles;
    unsigned match = smmu::invalidation_tracker_config{}.match_cycles;
    unsigned trigger = root_complex::containment_config{}.trigger_cycles;
    unsigned release = root_complex::containment_config{}.release_cycles;
    unsigned verdict = root_complex::containment_config{}.verdict_cycles;
};

struct model_time {
    std::string_view name;  ///< as that of the machine's parameter, behind its owner's
    unsigned model_times::*value;
    std::string_view origin;
    unsigned least;  ///< that the model can have
};
inline constexpr unsigned most_model_cycles = 64;

inline constexpr std::array all_model_times = [] {
    using t = model_times;
    constexpr std::array fields{&t::lookup, &t::fill,  &t::invalidate, &t::probe,   &t::completion,
                                &t::issue,  &t::match, &t::trigger,    &t::release, &t::verdict};
    static_assert(fields.size() == machine::calibrated_parameters.size());
    std::array<model_time, fields.size()> all{};
    for (std::size_t n = 0; n < fields.size(); ++n)
        all[n] = {machine::calibrated_parameters[n].name, fields[n],
                  machine::calibrated_parameters[n].origin,
                  fields[n] == &t::lookup || fields[n] == &t::probe ? 1u : 0u};
    return all;
}();

}  // namespace drydock::accuracy
