// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/resetting_domain.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// As merged in 7.0: groups of any size, all methods wrapped. A second prepare() in the group,
/// nested or of a sibling, is refused with a WARN (H-14, H-20a).
class reset_m1 final : public resetting_domain_ops {
public:
    std::string_view name() const override { return "M1"; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_m1() { return std::make_unique<reset_m1>(); }

}  // namespace drydock::sw
