// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "sw/hal/types.h"

namespace drydock::sw {

/// Something that a user may name, and what it means.
struct named_thing {
    std::string_view name;
    std::string_view meaning;
};

/// Sites where the kernel can be told to fail (Linux: fault injection). Each calls
/// kernel::should_fail() with its name.
std::span<const named_thing> fail_sites();

}  // namespace drydock::sw
