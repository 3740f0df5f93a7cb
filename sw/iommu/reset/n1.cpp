// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/resetting_domain.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// First patch of the ATC series v1 and v2: who is prepared already is prepared. done() is called
/// after a good reset only: a device whose reset failed stays blocked, and a later reset that works
/// heals it (H-23). A sibling's prepare() does nothing for the sibling (H-11, H-12).
class reset_n1 final : public resetting_domain_ops {
public:
    std::string_view name() const override { return "N1"; }
    int prepare(iommu_core& core, pci_dev& d) override {
        if (!has_ats(d)) return 0;
        return locked_prepare(
            core, d, [&](iommu_group& g) { return g.resetting_domain ? 0 : block(core, g, d); });
    }
    void done(iommu_core& core, pci_dev& d, int) override {
        if (!has_ats(d)) return;
        locked_done(core, d, [&](iommu_group& g) {
            if (g.resetting_domain) restore(core, g, d);
        });
    }
    bool done_after_failure() const override { return false; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_n1() { return std::make_unique<reset_n1>(); }

}  // namespace drydock::sw
