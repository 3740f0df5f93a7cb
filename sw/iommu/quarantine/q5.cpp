// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/quarantine/shared.h"
#include "sw/pci/ats.h"

namespace drydock::sw {

namespace {

/// The agreed direction: all in the driver, before the flush returns. ATS goes off at the device
/// and in its STE, and no domain sends to it any more. The first step takes every device of the
/// batch for guilty; asking each alone is a later one. What was fenced is fenced once. The core is
/// not told: a reset comes from the device's driver or from who administers the machine.
class quarantine_q5 final : public issuer_quarantine {
public:
    using issuer_quarantine::issuer_quarantine;
    std::string_view name() const override { return "Q5"; }
    int issuer_error() const override { return -EIO; }
    bool stops_at_service_failure() const override { return true; }
    bool attach_invalidates_fenced() const override { return false; }
    bool removes_what_was_inserted() const override { return true; }

    void atc_inv_failed(const atc_inv_failure&) override;
    void recovered(device& dev, bool success) override {
        if (success && !env_.switches.no_unfence) env_.core.ops().reset_device_done(dev);
    }

protected:
    bool bit_before_ack() const override { return true; }

private:
    void fence(arm_smmu_master&);
};

void quarantine_q5::atc_inv_failed(const atc_inv_failure& f) {
    if (!lost(f.error)) return;
    if (env_.switches.per_sid_retry) return ask_each(f, [this](arm_smmu_master& m) { fence(m); });
    for (std::size_t i = 0; i < f.count; ++i) {
        const arm_smmu_inv& e = f.entries[i];
        if (!e.is_ats() || !e.live()) continue;
        if (arm_smmu_master* m = master_of(e)) fence(*m);
    }
}

void quarantine_q5::fence(arm_smmu_master& m) {
    if (m.ats_broken) {  // another event of the same death
        ++count_.dropped;
        return;
    }
    call_scope call(k(), "arm_smmu_disable_ats_of_broken", m.dev.id);
    m.ats_broken = true;
    for (arm_smmu_domain* d : m.domains) d->mute(m);
    if (m.dev.pdev->ats_enabled) pci_disable_ats(*m.dev.pdev);
    m.clear_eats();
    ++count_.fenced;
}

}  // namespace

std::unique_ptr<quarantine_ops> make_quarantine_q5(const quarantine_environment& e) {
    return std::make_unique<quarantine_q5>(e);
}

}  // namespace drydock::sw
