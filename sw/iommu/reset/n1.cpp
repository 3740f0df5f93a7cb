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
    bool done_after_failure() const override { return false; }

protected:
    int begin(iommu_core& core, iommu_group& g, pci_dev& d) const override {
        return g.resetting_domain ? 0 : block(core, g, d);
    }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_n1() { return std::make_unique<reset_n1>(); }

}  // namespace drydock::sw
