// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sw/pci/aer.h"
#include "sw/pci/dpc.h"
#include "sw/pci/hotplug.h"

namespace drydock::sw {

struct pci_port_config {
    unsigned aer_cpu = 0, dpc_cpu = 0, hotplug_cpu = 0;  ///< who takes which interrupt
    dpc_policy dpc;                         ///< its order of callbacks is that of AER, too
    std::function<int(pci_dev&)> flr = {};  ///< how recovery resets an integrated endpoint
};

/// The services of one port, as far as it has what they need.
struct pci_port_services {
    explicit pci_port_services(pci_dev& d) : port(d) {}
    pci_dev& port;
    std::unique_ptr<aer_service> aer;
    std::unique_ptr<dpc_service> dpc;
    std::unique_ptr<hotplug_service> hotplug;
};

/// Driver of root and downstream ports (Linux: drivers/pci/pcie/portdrv.c): finds what services a
/// port can have, gives them its MSI messages by the numbers that hardware says, enables them.
class pci_port_driver {
public:
    /// Puts a port's own requests, its interrupts, into a domain that lets them pass. @return 0 or
    /// an error: the port gets no services
    using attach = std::function<int(pci_dev& port)>;

    pci_port_driver(kernel& k, const pci_host& host, pci_port_config config, attach a,
                    hotplug_owner& owner)
        : kernel_(k), host_(host), config_(config), attach_(std::move(a)), owner_(owner) {}

    /// From a task, after enumeration.
    void probe();
    /// Ports that have come, if it is one.
    void probe(pci_dev& d);
    const std::vector<std::unique_ptr<pci_port_services>>& ports() const { return ports_; }
    /// @return null if the port has no services
    pci_port_services* find(const pci_dev& port) const;
    /// An ATC_INV was lost (pci_reset_notice::on_atc_timeout).
    void atc_timeout() const;
    /// Resets what is below a bridge: by its slot, where it has one. @return 0 or -ENOTTY
    int reset_below(pci_dev& bridge) const;

private:
    struct service {
        std::string name;
        unsigned message;
        unsigned cpu;
        std::function<bool()> irq;
        std::function<void()> thread;
    };
    void serve(pci_dev& port);
    void enable_messages(pci_dev& port);
    void request(pci_dev& port, std::vector<service> services);
    void request_wire(u32 line, std::vector<service> services);

    kernel& kernel_;
    const pci_host& host_;
    pci_port_config config_;
    attach attach_;
    hotplug_owner& owner_;
    std::vector<std::unique_ptr<pci_port_services>> ports_;
};

}  // namespace drydock::sw
