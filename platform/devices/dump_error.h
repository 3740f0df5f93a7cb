// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>

#include "platform/scenario/place.h"
#include "tlm/pcie/config_image.h"

namespace drydock::devices {

/// What is wrong in a dump, with its place as messages to users have it.
inline scenario::bad_input dump_error(const pcie::config_error& e, const std::string& file) {
    std::string what = e.what();
    const std::string prefix = e.file + ":" + std::to_string(e.line) + ": ";
    if (what.starts_with(prefix)) what.erase(0, prefix.size());
    return {{file, static_cast<int>(std::max(1u, e.line)), 1}, what};
}

}  // namespace drydock::devices
