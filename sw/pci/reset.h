// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

class pci_host;

enum class pci_reset_method : u8 { device_specific, acpi, flr, af_flr, pm, bus, cxl_bus, d3cold };
/// @throws std::invalid_argument naming what there is
pci_reset_method pci_reset_method_from(std::string_view name);
std::string_view pci_reset_method_name(pci_reset_method);
/// All, in the order in which a device's methods are walked.
std::vector<pci_reset_method> pci_reset_methods_all();

/// The IOMMU's part of a reset: pci_dev_reset_iommu_prepare() and _done(); variants in
/// sw/iommu/reset.
struct reset_iommu {
    virtual ~reset_iommu() = default;
    virtual int prepare(pci_dev&) = 0;
    virtual void done(pci_dev&, int result) = 0;
    /// After a good reset.
    void done(pci_dev& d) { done(d, 0); }

    /// Whether this way of resetting holds prepare() and done() around it.
    virtual bool wraps(pci_reset_method) const { return true; }
    /// Whether it does so even when it is only asked if it could.
    virtual bool wraps_probe(pci_reset_method) const { return false; }
    virtual bool prepare_failure_aborts() const { return true; }
    /// Whether done() follows a reset that failed; else the device stays blocked.
    virtual bool done_after_failure() const { return true; }
};

struct pci_reset_config {
    hal::duration flr_wait = 100ms;       ///< pause after setting BCR_FLR (Linux: 100 ms)
    hal::duration ready_limit = 60000ms;  ///< PCIE_RESET_READY_POLL_MS
    pci_reset_method method = pci_reset_method::flr;
    /// Tried in this order, -ENOTTY goes on to the next; empty: those that reset_method_store() has
    /// set, else `method` alone.
    std::vector<pci_reset_method> methods = {};
    bool done_only_on_success = false;  ///< switch: a failed reset leaves the device blocked
    bool no_outer_pair = false;  ///< switch: device_specific leaves prepare, done to what it calls
    const pci_host* host = nullptr;  ///< for methods that reset a bus: what else is on it
    /// Resets what is below a bridge; none: by its Bridge Control.
    std::function<int(pci_dev& bridge)> reset_below = {};
};

void pci_dev_lock(pci_dev&);
void pci_dev_unlock(pci_dev&);

/// Transactions Pending, looked at after 0, 100, 300 and 700 ms. @return whether it read 0
bool pci_wait_for_pending_transaction(pci_dev&);
/// Waits until the function answers configuration requests. @return 0 or -ENOTTY
int pci_dev_wait(pci_dev&, std::string_view reset_type, hal::duration limit);

/// Resets one function with the state of its driver and its configuration kept: locks bridge and
/// function, driver's reset_prepare(), save, INTx off, methods, restore, reset_done(), unlock.
/// @return 0; -ENOTTY: no method fits, or never ready again; or what prepare() returned
int pci_reset_function(pci_dev&, reset_iommu&, const pci_reset_config&);
/// The same without the bridge's lock; -EAGAIN at once if the function is locked.
int pci_try_reset_function(pci_dev&, reset_iommu&, const pci_reset_config&);
/// The methods only: who calls has the device's lock and looks after its state.
int __pci_reset_function_locked(pci_dev&, reset_iommu&, const pci_reset_config&);

/// Which quirk resets devices of these IDs. (quirks.cpp)
pci_quirk pci_quirk_of_ids(u16 vendor, u16 device);
/// @throws std::invalid_argument naming what there is
pci_quirk pci_quirk_from(std::string_view name);

/// Secondary bus reset of everything beside `d`, by the slot where there is one (VFIO's hot reset).
/// All functions are locked, saved, restored; the IOMMU is not told. @pre config.host
/// @return 0; -EAGAIN if one is locked; -ENOTTY
int pci_reset_bus(pci_dev& d, const pci_reset_config&);
/// The same of everything below a bridge, never by the slot (sysfs: reset_subordinate).
int reset_subordinate_store(pci_dev& bridge, const pci_reset_config&);

/// sysfs reset_method: which methods the function is to be reset by. Each is asked whether it
/// could; nothing is locked. @param methods none: all that can
/// @return 0; -EINVAL if one cannot: nothing is set
int reset_method_store(pci_dev&, const std::vector<pci_reset_method>& methods, reset_iommu&,
                       const pci_reset_config&);

}  // namespace drydock::sw
