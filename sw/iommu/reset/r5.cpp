// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/resetting_domain.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// The fifth version: group->resetting_domain, and only for groups of one device; members of others
/// are reset unprotected. A second prepare() is refused with a WARN.
class reset_r5 final : public resetting_domain_ops {
public:
    std::string_view name() const override { return "R5"; }
    bool wraps(pci_reset_method m) const override { return all_but_bus(m); }
    bool wraps_probe(pci_reset_method m) const override {
        return m == pci_reset_method::device_specific;
    }

protected:
    int begin(iommu_core& core, iommu_group& g, pci_dev& d) const override {
        return g.devices.size() == 1 ? resetting_domain_ops::begin(core, g, d) : 0;
    }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_r5() { return std::make_unique<reset_r5>(); }

}  // namespace drydock::sw
