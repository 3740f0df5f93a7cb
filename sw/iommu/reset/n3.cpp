// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/per_device.h"

namespace drydock::sw {

namespace {

/// The proposal that followed N2: group->reset_ndevs counts the members that are being reset, the
/// device's reset_depth its nested calls. Depth is taken for "blocked", as in N4.
class reset_n3 final : public reset::per_device_ops {
public:
    std::string_view name() const override { return "N3"; }

protected:
    bool says_blocked(const group_device& gdev) const override { return gdev.reset_depth > 0; }
    counter count() const override { return &iommu_group::reset_ndevs; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_n3() { return std::make_unique<reset_n3>(); }

}  // namespace drydock::sw
