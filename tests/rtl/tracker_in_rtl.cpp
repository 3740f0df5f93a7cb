// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/invalidation_tracker_rtl.h"
#include "tests/tlm/smmu/tracker_under_test.h"

namespace drydock::test {

std::unique_ptr<smmu::invalidation_tracker_if> make_tracker(
    std::string_view name, base::context& ctx, const smmu::invalidation_tracker_config& c,
    smmu::invalidation_tracker_client& client) {
    return std::make_unique<rtl::invalidation_tracker_rtl>(name, ctx, c, client);
}

}  // namespace drydock::test
