// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/variants.h"

namespace drydock::sw {

namespace {

/// Before 2025: a reset tells the IOMMU nothing.
class reset_none final : public reset_ops {
public:
    std::string_view name() const override { return "none"; }
    int prepare(iommu_core&, pci_dev&) override { return 0; }
    void done(iommu_core&, pci_dev&, int) override {}
    bool deferred_attach_locks() const override { return false; }
    bool wraps(pci_reset_method) const override { return false; }
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_none() { return std::make_unique<reset_none>(); }

}  // namespace drydock::sw
