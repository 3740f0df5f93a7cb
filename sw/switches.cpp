// SPDX-License-Identifier: Apache-2.0
#include "sw/switches.h"

#include <vector>

namespace drydock::sw {

std::span<const named_thing> switches() {
    static const std::vector<named_thing> all{
        {"done_only_on_success", "a reset that failed leaves its device blocked"},
        {"no_outer_pair",
         "resets of a device's own kind leave prepare() and done() to the FLR within"},
    };
    return all;
}

}  // namespace drydock::sw
