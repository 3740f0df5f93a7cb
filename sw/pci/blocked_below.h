// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sw/pci/probe.h"
#include "sw/pci/reset.h"

namespace drydock::sw {

/// When software learns of a reset that hardware begins by itself, and blocks what is below the
/// port (linux-flow 6 rows 16, 43, 47, 48).
enum class pci_reset_notice : u8 {
    after_reset,             ///< too late: the IOMMU is not told at all, as today
    pre_reset_notification,  ///< the port announces it; no hardware does
    on_atc_timeout           ///< an ATC_INV got no answer, and a port contains
};

/// The functions below a port that contains, or is about to: in the blocking domain, with ATS off,
/// until they are recovered.
class pci_blocked_below {
public:
    pci_blocked_below(const pci_host& host, pci_dev& port, reset_iommu* iommu)
        : host_(host), port_(port), iommu_(iommu) {}

    /// pci_dev_reset_iommu_prepare() for each that is not blocked yet. @param contained already:
    /// no ATC_INV is sent that nobody can answer
    void block(bool contained);
    /// pci_dev_reset_iommu_done() for each that is still there.
    void lift();

private:
    const pci_host& host_;
    pci_dev& port_;
    reset_iommu* iommu_;
    std::vector<pci_dev*> blocked_;
};

}  // namespace drydock::sw
