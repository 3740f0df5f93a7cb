// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "sw/iommu/reset_ops.h"
#include "sw/kernel/named_thing.h"

namespace drydock::sw {

/// What an operating system may do about Invalidate Requests that a function in reset does not
/// answer (linux-flow 6 rows 29, 39..41, 44).
std::span<const named_thing> reset_policies();

/// What prepare() and done() are by this policy. @param variant by which disable_and_block_ats goes
/// @throws std::invalid_argument naming what there is
std::unique_ptr<reset_ops> make_reset_policy(std::string_view policy, std::string_view variant);
/// Unmaps do not wait for ATCs by this policy.
bool policy_is_asynchronous(std::string_view policy);

}  // namespace drydock::sw
