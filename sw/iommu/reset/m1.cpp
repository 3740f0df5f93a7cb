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
    int prepare(iommu_core& core, pci_dev& d) override {
        if (!has_ats(d)) return 0;
        return locked_prepare(core, d, [&](iommu_group& g) {
            if (core.k().warn_on(g.resetting_domain != nullptr,
                                 "pci_dev_reset_iommu_prepare: prepared already", d.rid()))
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
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_m1() { return std::make_unique<reset_m1>(); }

}  // namespace drydock::sw
