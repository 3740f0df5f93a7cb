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

protected:
    int begin(iommu_core& core, iommu_group& g, pci_dev& d) const override {
        if (!g.resetting_domain)
            if (const int rc = block(core, g, d); rc != 0) return rc;
        ++g.reset_cnt;
        return 0;
    }
    bool ends(iommu_group& g) const override { return --g.reset_cnt == 0; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_n2() { return std::make_unique<reset_n2>(); }

}  // namespace drydock::sw
