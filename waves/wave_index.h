// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tlm/base/time.h"

namespace drydock::waves {

/// What is in a waves.fst, as far as a viewer's save file needs it.
struct wave_index {
    struct mark {
        base::ps time;
        std::string text;
    };
    std::vector<std::string> signals;  ///< hierarchical names, sorted; lanes in numerical order
    base::ps begin{}, end{};
    std::vector<mark> faults;      ///< markers.fault
    std::vector<mark> violations;  ///< markers.first_violation: one at most
};

/// @throws std::runtime_error if the file is none
wave_index read_index(const std::filesystem::path& waves);

}  // namespace drydock::waves
