// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "sw/pci/blocked_below.h"
#include "sw/pci/err.h"

namespace drydock::sw {

struct dpc_policy {
    pci_recovery_order order = pci_recovery_order::after_2025_08;
    bool completion_ur = false;  ///< Completion Control: requests into containment end with UR
    /// Firmware owns DPC: it takes the interrupt, and so long after it notifies us through ACPI
    /// (Error Disconnect Recover); none: we own it.
    std::optional<hal::duration> edr = {};
    pci_reset_notice notice = pci_reset_notice::after_reset;
    reset_iommu* iommu = nullptr;  ///< blocks what is below; null: nobody does
};

/// DPC service of a downstream port (Linux: drivers/pci/pcie/dpc.c): learns of containment by
/// interrupt, logs why, releases it and recovers what is below.
class dpc_service {
public:
    dpc_service(const pci_host& host, pci_dev& port, const dpc_policy& policy);

    /// Fatal errors trigger; interrupt on, and the announcement where it is wanted and there is
    /// one; Completion Control where it is to be UR; all other bits of DPC Control stay.
    void enable();
    void disable();
    bool irq();  ///< @return it was its own
    void thread();
    unsigned message_number() const;

    /// An ATC_INV was lost somewhere: if it is this port that contains, what is below is blocked.
    void atc_timeout();

    /// Waits while a recovery is under way, at most 4 s (Linux: pci_dpc_recovered). @return whether
    /// containment was, since the last question, what took the link down, and was recovered from
    bool recovered_lately();

    struct counters {
        u64 interrupts = 0, announced = 0, recovered = 0, failed = 0, removals = 0,
            rp_busy_stuck = 0, edr = 0;
    };
    const counters& count() const { return count_; }

private:
    void log_cause(u16 status);
    void log_pio();
    void handle_edr();
    pci_ers_result recover();
    bool is_surprise_removal();
    void serve_surprise_removal();
    bool wait_not_busy();
    pci_ers_result reset_link(pci_dev& port);
    u16 status() const;

    const pci_host& host_;
    pci_dev& port_;
    dpc_policy policy_;
    pci_blocked_below below_;
    wait_queue completed_;
    bool triggered_ = false;  ///< the interrupt saw a trigger that the task has not served
    bool announced_ = false;  ///< likewise
    bool recovering_ = false, recovered_ = false;
    counters count_;
};

}  // namespace drydock::sw
