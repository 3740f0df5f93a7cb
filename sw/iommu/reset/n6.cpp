// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/per_device.h"

namespace drydock::sw {

namespace {

/// Sixth version of the fix for nested calls: N4, and gdev->blocked, which follows the switch of
/// the RID. Detaching is refused as attaching is (H-27); PASIDs are removed a second time (H-28).
class reset_n6 final : public reset::per_device_ops {
public:
    std::string_view name() const override { return "N6"; }

protected:
    bool says_blocked(const group_device& gdev) const override { return gdev.blocked; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_n6() { return std::make_unique<reset_n6>(); }

}  // namespace drydock::sw
