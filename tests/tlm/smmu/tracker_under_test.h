// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::test {

/// The tracker that this executable tests.
std::unique_ptr<smmu::invalidation_tracker_if> make_tracker(
    std::string_view name, base::context&, const smmu::invalidation_tracker_config&,
    smmu::invalidation_tracker_client&);

}  // namespace drydock::test
