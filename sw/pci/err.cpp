// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/err.h"

#include <linux/pci_regs.h>

#include "sw/pci/walk.h"

namespace drydock::sw {

namespace {

using ers = pci_ers_result;
using channel = pci_channel_state;

/// One walk: a callback of every driver, each under its device's lock.
class recovery {
public:
    /// Of an integrated endpoint, which has no port above: itself.
    recovery(const pci_host& host, pci_dev& port)
        : below_(port.is_bridge ? pci_below(host, port) : std::vector<pci_dev*>{&port}) {}

    /// @param call  what a function says; its vote goes into the result
    template <class Call>
    void walk(Call&& call) {
        for (pci_dev* d : below_) {
            guard hold(d->dev.lock);
            status = pci_merge_result(status, call(*d));
        }
    }
    ers status = ers::can_recover;

private:
    std::vector<pci_dev*> below_;
};

/// A port has no driver of its own here: it does what Linux's port driver does.
ers detected(pci_dev& d, channel state) {
    if (d.disconnected) return ers::disconnect;
    d.error_state = state;
    if (d.driver) {
        call_scope call(d.k, "error_detected", d.rid());
        return d.driver->error_detected(d, state);
    }
    if (!d.is_bridge) return ers::no_aer_driver;
    return state == channel::frozen ? ers::need_reset : ers::can_recover;
}

ers after_reset(pci_dev& d) {
    if (d.disconnected) return ers::none;
    if (d.is_bridge) {
        pci_restore_state(d);
        pci_save_state(d);
        return ers::recovered;
    }
    if (!d.driver) return ers::none;
    call_scope call(d.k, "slot_reset", d.rid());
    const ers vote = d.driver->slot_reset(d);
    d.k.point("s", d.rid());
    return vote;
}

ers mmio_enabled(pci_dev& d) {
    if (!d.driver || d.disconnected) return ers::none;
    call_scope call(d.k, "mmio_enabled", d.rid());
    return d.driver->mmio_enabled(d);
}

ers resumed(pci_dev& d) {
    if (d.disconnected) return ers::none;
    d.error_state = channel::normal;
    if (d.driver) {
        call_scope call(d.k, "resume", d.rid());
        d.driver->resume(d);
    }
    return ers::none;
}

pci_dev& port_of(pci_dev& who) {
    const bool port =
        who.pcie_type == PCI_EXP_TYPE_ROOT_PORT || who.pcie_type == PCI_EXP_TYPE_DOWNSTREAM;
    return port || !who.bridge ? who : *who.bridge;
}

}  // namespace

ers pci_merge_result(ers so_far, ers vote) {
    if (vote == ers::no_aer_driver) return vote;
    if (vote == ers::none) return so_far;
    if (so_far == ers::can_recover || so_far == ers::recovered) return vote;
    if (so_far == ers::disconnect && vote == ers::need_reset) return vote;
    return so_far;
}

ers pcie_do_recovery(const pci_host& host, pci_dev& who, channel state,
                     const reset_subordinates& reset, pci_recovery_order order) {
    pci_dev& port = port_of(who);
    span_scope span(port.k, hal::span_class::reset, port.rid());
    call_scope call(port.k, "pcie_do_recovery", port.rid());
    const bool frozen = state == channel::frozen;
    recovery r(host, port);
    r.walk([&](pci_dev& d) { return detected(d, state); });
    bool lost = false;
    const auto reset_link = [&] {
        if (reset(port) == ers::recovered) return;
        port.k.log(3, "subordinate device reset failed", port.rid());
        lost = true;
    };
    const bool early = order == pci_recovery_order::before_2025_08;
    if (early && frozen) reset_link();
    if (!lost && r.status == ers::can_recover) {
        r.status = ers::recovered;
        r.walk(mmio_enabled);
    }
    if (!lost && !early && (frozen || r.status == ers::need_reset)) reset_link();
    if (!lost && r.status == ers::need_reset) {
        r.status = ers::recovered;
        r.walk(after_reset);
    }
    if (!lost && r.status == ers::recovered) {
        r.walk(resumed);
        port.k.log(5, "device recovery successful", port.rid());
        span.result(call.result(0));
        return ers::recovered;
    }
    port.k.log(5, "device recovery failed", port.rid());
    r.walk([](pci_dev& d) {
        detected(d, channel::perm_failure);
        return ers::none;
    });
    span.result(call.result(-EIO));
    return lost ? ers::disconnect : r.status;
}

}  // namespace drydock::sw
