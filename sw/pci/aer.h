// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "sw/pci/err.h"

namespace drydock::sw {

/// Error reporting of a function on (Device Control), messages from below let through by bridges;
/// masks and severities stay as they are (Linux: pci_aer_init, pci_configure_serr).
void pci_aer_init(pci_dev&);
/// Clears what a function has logged: Device Status, AER status.
void pci_aer_clear_status(pci_dev&);

/// AER service of a root port or root complex event collector (Linux: drivers/pci/pcie/aer.c): the
/// interrupt queues what Root Error Status says, a task finds the function that reported, clears
/// its log and recovers.
class aer_service {
public:
    /// Resets what is below a bridge. @return 0 or an error
    using bus_reset = std::function<int(pci_dev& bridge)>;

    /// @param flr resets an integrated endpoint, which has no bus of its own
    aer_service(const pci_host& host, pci_dev& port, bus_reset reset, pci_recovery_order order,
                std::function<int(pci_dev&)> flr = {})
        : host_(host), port_(port), reset_(std::move(reset)), order_(order), flr_(std::move(flr)) {}

    void enable();
    bool irq();  ///< @return it was its own
    void thread();
    unsigned message_number() const;

    struct counters {
        u64 correctable = 0, nonfatal = 0, fatal = 0, recovered = 0, failed = 0;
    };
    const counters& count() const { return count_; }

private:
    struct source {
        u32 status;
        u16 correctable, uncorrectable;
    };
    static constexpr std::size_t most_queued = 128;  // Linux: AER_ERROR_SOURCES_MAX

    void serve(const source&);
    void serve_uncorrectable(const source&);
    pci_dev* reporter(u16 id, bool several) const;
    pci_ers_result root_reset(pci_dev& port);

    const pci_host& host_;
    pci_dev& port_;
    bus_reset reset_;
    pci_recovery_order order_;
    std::function<int(pci_dev&)> flr_;
    std::deque<source> queue_;
    counters count_;
};

}  // namespace drydock::sw
