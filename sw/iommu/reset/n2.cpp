// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/resetting_domain.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// Second version of the fix for nested calls: a count per group. Nesting works; but what the first
/// prepare() does, it does for one member, and what the last done() undoes, for another (H-11,
/// H-12).
class reset_n2 final : public resetting_domain_ops {
public:
    std::string_view name() const override { return "N2"; }
    int prepare(iommu_core& core, pci_dev& d) override {
        if (!has_ats(d)) return 0;
        return locked_prepare(core, d, [&](iommu_group& g) {
            if (!g.resetting_domain)
                if (const int rc = block(core, g, d); rc != 0) return rc;
            ++g.reset_cnt;
            return 0;
        });
    }
    void done(iommu_core& core, pci_dev& d, int) override {
        if (!has_ats(d)) return;
        locked_done(core, d, [&](iommu_group& g) {
            if (!g.resetting_domain || --g.reset_cnt != 0) return;
            restore(core, g, d);
        });
    }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_n2() { return std::make_unique<reset_n2>(); }

}  // namespace drydock::sw
