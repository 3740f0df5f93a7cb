// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/per_device.h"

namespace drydock::sw {

namespace {

/// Fourth version of the fix for nested calls: reset_depth of the device, recovery_cnt of the
/// group. A depth above 0 is taken for "in the blocking domain", which it is not yet between its
/// increment and the switch of the RID, and still is between its decrement and the switch back
/// (H-10c). Detaching is refused as attaching is (H-27); PASIDs are removed a second time (H-28).
class reset_n4 final : public reset::per_device_ops {
public:
    std::string_view name() const override { return "N4"; }

protected:
    bool says_blocked(const group_device& gdev) const override { return gdev.reset_depth > 0; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_n4() { return std::make_unique<reset_n4>(); }

}  // namespace drydock::sw
