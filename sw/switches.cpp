// SPDX-License-Identifier: Apache-2.0
#include "sw/switches.h"

#include <vector>

namespace drydock::sw {

std::span<const named_thing> switches() {
    static const std::vector<named_thing> all{};
    return all;
}

}  // namespace drydock::sw
