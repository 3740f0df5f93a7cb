// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/per_device.h"

namespace drydock::sw {

namespace {

/// The merged set for 7.1: gdev->blocked, gdev->reset_depth, group->recovery_cnt.
/// `blocked` follows the switch of the RID at once and stands before the PASID loop in both
/// directions, so that the driver, when it asks, gets the domain that hardware uses. Nesting counts
/// per device; siblings stay. Detaching passes and leaves a blocked member to done(), and PASIDs of
/// such a member are not removed again.
class reset_m2 final : public reset::per_device_ops {
public:
    std::string_view name() const override { return "M2"; }
    bool must_succeed_passes() const override { return true; }
    bool skips_pasid_removal(const group_device& gdev) const override { return gdev.blocked; }

protected:
    bool says_blocked(const group_device& gdev) const override { return gdev.blocked; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_m2() { return std::make_unique<reset_m2>(); }

}  // namespace drydock::sw
