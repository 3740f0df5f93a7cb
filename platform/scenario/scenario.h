// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/scenario/client.h"
#include "platform/scenario/fidelity.h"
#include "platform/scenario/machine.h"
#include "platform/scenario/outcome.h"
#include "platform/scenario/place.h"
#include "platform/scenario/software.h"
#include "platform/scenario/timeline.h"
#include "tlm/base/parameters.h"

/// One concrete run: a scenario file after `extends:`, overrides and one choice per matrix axis,
/// checked, with every quantity in its unit. Names (devices, clients, tasks) have been resolved:
/// what is named exists.
namespace drydock::scenario {

/// A parameter by its hierarchical name (`drydock params`), for whoever builds the machine to put
/// in first.
struct parameter_setting {
    std::string name;
    base::parameter_value value;
    base::origin from = base::origin::scenario;
    place where;
};

/// One line of the effective configuration, for `drydock check`.
struct setting {
    std::string path;    ///< "machine.smmu.invalidate_timeout"
    std::string value;   ///< as written, or the default in the same notation
    std::string origin;  ///< "default", "FILE:LINE", "command line"
};

/// A run of the matrix.
struct run {
    std::string name;  ///< values of the axes, "M2"; also the name of its folder
    std::string title;
    std::string command;  ///< repeats this run alone
    std::uint64_t seed = 1;
    scenario::machine machine;
    scenario::fidelity fidelity;
    scenario::software software;
    std::vector<client> clients;
    std::vector<timeline_entry> timeline;
    scenario::end end;
    std::vector<expectation> expect;
    std::optional<scenario::hazard> hazard;
    scenario::outputs outputs;
    std::vector<parameter_setting> parameters;
    std::vector<std::string> notes;  ///< what a reader must know: "ep0: ... built as an endpoint"
    std::vector<setting> effective;
};

}  // namespace drydock::scenario
