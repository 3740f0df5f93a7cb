// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "sw/pci/err.h"

namespace drydock::sw {

/// DPC service of a downstream port (Linux: drivers/pci/pcie/dpc.c): learns of containment by
/// interrupt, logs why, releases it and recovers what is below.
class dpc_service {
public:
    /// @param completion_ur  Completion Control: requests into containment end with UR
    /// @param edr  firmware owns DPC: it takes the interrupt, and so long after it notifies us
    /// through ACPI (Error Disconnect Recover); none: we own it
    dpc_service(const pci_host& host, pci_dev& port, pci_recovery_order order, bool completion_ur,
                std::optional<hal::duration> edr = {});

    /// Fatal errors trigger; interrupt on; Completion Control where it is to be UR; all other bits
    /// of DPC Control stay.
    void enable();
    void disable();
    bool irq();  ///< @return it was its own
    void thread();
    unsigned message_number() const;

    /// Waits while a recovery is under way, at most 4 s (Linux: pci_dpc_recovered). @return whether
    /// containment was, since the last question, what took the link down, and was recovered from
    bool recovered_lately();

    struct counters {
        u64 interrupts = 0, recovered = 0, failed = 0, removals = 0, rp_busy_stuck = 0, edr = 0;
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
    pci_recovery_order order_;
    bool completion_ur_;
    std::optional<hal::duration> edr_;
    wait_queue completed_;
    bool triggered_ = false;  ///< the interrupt saw a trigger that the task has not served
    bool recovering_ = false, recovered_ = false;
    counters count_;
};

}  // namespace drydock::sw
