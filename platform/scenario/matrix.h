// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "platform/scenario/document.h"

namespace drydock::scenario {

/// "path=value" of -c.
struct assignment {
    std::string path;
    node value;
};

/// "path=v1,v2" of -m, or a line of `matrix:`.
struct axis {
    std::string path;
    std::vector<node> values;  ///< at least one
    place where;
};

/// One value per axis.
struct choice_of_axes {
    std::vector<std::string> paths;
    std::vector<node> values;
};

/// @throws bad_input if there is no '=', or no value
assignment parse_assignment(const std::string& option);
axis parse_axis(const std::string& option);

/// All choices in order, the first axis slowest; one empty choice if there is no axis.
std::vector<choice_of_axes> cross(const std::vector<axis>& axes);

/// The values, joined by commas, fit for a folder's name: "M2", "none,gen4_x8".
std::string folder_name(const choice_of_axes& c);

}  // namespace drydock::scenario
