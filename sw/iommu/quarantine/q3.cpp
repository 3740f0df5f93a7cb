// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/quarantine/shared.h"

namespace drydock::sw {

namespace {

/// Version 3: flag and work per device, found under RCU.
class quarantine_q3 final : public gdev_quarantine {
public:
    using gdev_quarantine::gdev_quarantine;
    std::string_view name() const override { return "Q3"; }
};

}  // namespace

std::unique_ptr<quarantine_ops> make_quarantine_q3(const quarantine_environment& e) {
    return std::make_unique<quarantine_q3>(e);
}

}  // namespace drydock::sw
