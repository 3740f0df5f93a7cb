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
    int prepare(iommu_core& core, pci_dev& d) override {
        if (!has_ats(d)) return 0;
        return locked_prepare(core, d, [&](iommu_group& g) {
            if (g.devices.size() != 1) return 0;
            if (core.k().warn_on(g.resetting_domain != nullptr,
                                 "iommu_dev_reset_prepare: prepared already", d.rid()))
                return -EBUSY;
            return block(core, g, d);
        });
    }
    void done(iommu_core& core, pci_dev& d, int) override {
        if (!has_ats(d)) return;
        locked_done(core, d, [&](iommu_group& g) {
            if (g.resetting_domain) restore(core, g, d);
        });
    }
    bool wraps(pci_reset_method m) const override { return all_but_bus(m); }
    bool wraps_probe(pci_reset_method m) const override {
        return m == pci_reset_method::device_specific;
    }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_r5() { return std::make_unique<reset_r5>(); }

}  // namespace drydock::sw
