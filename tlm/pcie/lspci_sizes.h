// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tlm/pcie/config_image.h"

namespace drydock::pcie {

/// What the text of a dump says of sizes; 0: nothing.
struct told_sizes {
    std::array<std::uint64_t, 6> bar{};
    std::uint64_t rom = 0;
    std::array<bool, 6> shown{};  ///< a BAR has a line, whatever that says of its size
};

/// The hex bytes of a configuration space don't hold the sizes of BARs: those that were told are
/// taken, any other is what the address allows (a power of two that divides it).
/// @return names of the registers whose size had to be taken from the address: "BAR 0"
std::vector<std::string> settle_sizes(config_image& image, const told_sizes& told);

/// BARs that are shown or implemented but whose size was not told.
std::vector<unsigned> bars_without_size(const config_image& image, const told_sizes& told);

}  // namespace drydock::pcie
