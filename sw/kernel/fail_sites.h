// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "sw/kernel/named_thing.h"

namespace drydock::sw {

/// Sites where the kernel can be told to fail (Linux: fault injection). Each calls
/// kernel::should_fail() with its name.
std::span<const named_thing> fail_sites();

}  // namespace drydock::sw
