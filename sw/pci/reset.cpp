// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/reset.h"

#include <linux/pci_regs.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "sw/pci/ats.h"
#include "sw/pci/reset_methods.h"

namespace drydock::sw {

namespace {

constexpr std::array<std::string_view, 8> method_names{
    "device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus", "d3cold"};
constexpr hal::duration link_retrain_after = 1000ms;           // PCI_RESET_WAIT
constexpr hal::duration d3hot_delay = 10ms, d2_delay = 200us;  // PCI PM 5.6.1

/// The nearest root port decides whether RRS is visible.
const pci_dev* root_port_of(const pci_dev& d) {
    const pci_dev* top = &d;
    while (top->bridge) top = top->bridge;
    return top == &d ? nullptr : top;
}

bool answers(pci_dev& d) {
    const pci_dev* root = root_port_of(d);
    if (root && root->config_rrs_sv)
        return (pci_read_config_dword(d, PCI_VENDOR_ID) & 0xffff) != 0x0001;
    return pci_read_config_dword(d, PCI_COMMAND) != ~0u;
}

void retrain_link(pci_dev& d) {
    if (!d.bridge || !d.bridge->pcie_cap) return;
    const int where = d.bridge->pcie_cap + PCI_EXP_LNKCTL;
    const u16 control = pci_read_config_word(*d.bridge, where);
    pci_write_config_word(*d.bridge, where, control | PCI_EXP_LNKCTL_RL);
}

/// pci_set_power_state(dev, PCI_D0): state can only be saved there.
void power_up(pci_dev& d) {
    if (!d.pm_cap) return;
    const int where = d.pm_cap + PCI_PM_CTRL;
    const u16 control = pci_read_config_word(d, where);
    const u16 state = control & PCI_PM_CTRL_STATE_MASK;
    if (state == 0) return;
    pci_write_config_word(d, where, control & static_cast<u16>(~PCI_PM_CTRL_STATE_MASK));
    d.k.sleep(state == 3 ? d3hot_delay : d2_delay);
}

/// What the function is to be tried with.
std::vector<pci_reset_method> methods_of(const pci_dev& d, const pci_reset_config& config) {
    if (!config.methods.empty()) return config.methods;
    if (!d.reset_methods.empty()) return d.reset_methods;
    return {config.method};
}

/// Whether it is worth locking anything.
bool reset_supported(const pci_dev& d, const pci_reset_config& config) {
    const auto methods = methods_of(d, config);
    return std::any_of(methods.begin(), methods.end(),
                       [&d](pci_reset_method m) { return pci_reset_possible(d, m); });
}

int reset_locked(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    pci_reset_save_and_disable(d);
    const int rc = __pci_reset_function_locked(d, iommu, config);
    pci_reset_restore(d);
    return rc;
}

}  // namespace

bool pci_dev_trylock(pci_dev& d) {
    if (!d.dev.lock.try_lock()) return false;
    if (d.cfg_access.try_lock()) return true;
    d.dev.lock.unlock();
    return false;
}

void pci_reset_save_and_disable(pci_dev& d) {
    if (d.driver) {
        call_scope call(d.k, "reset_prepare", d.rid());
        d.driver->reset_prepare(d);
    }
    power_up(d);
    pci_save_state(d);
    // No DMA, no decoding, no legacy interrupt from here on.
    pci_write_config_word(d, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
}

void pci_reset_restore(pci_dev& d) {
    pci_restore_state(d);
    d.k.point("s", d.rid());
    if (d.driver) {
        call_scope call(d.k, "reset_done", d.rid());
        d.driver->reset_done(d);
    }
}

pci_reset_method pci_reset_method_from(std::string_view name) {
    for (std::size_t i = 0; i < method_names.size(); ++i)
        if (method_names[i] == name) return static_cast<pci_reset_method>(i);
    std::string known;
    for (auto n : method_names) known += (known.empty() ? "" : ", ") + std::string(n);
    throw std::invalid_argument("reset method '" + std::string(name) + "' is unknown; there are " +
                                known);
}

std::string_view pci_reset_method_name(pci_reset_method m) {
    return method_names.at(static_cast<std::size_t>(m));
}

std::vector<pci_reset_method> pci_reset_methods_all() {
    std::vector<pci_reset_method> all;
    for (std::size_t i = 0; i < method_names.size(); ++i)
        all.push_back(static_cast<pci_reset_method>(i));
    return all;
}

void pci_dev_lock(pci_dev& d) {
    d.dev.lock.lock();
    d.cfg_access.lock();
}

void pci_dev_unlock(pci_dev& d) {
    d.cfg_access.unlock();
    d.dev.lock.unlock();
}

bool pci_wait_for_pending_transaction(pci_dev& d) {
    if (!d.pcie_cap) return true;
    for (int i = 0; i < 4; ++i) {
        if (i > 0) d.k.sleep((1 << (i - 1)) * 100ms);
        if (!(pci_read_config_word(d, d.pcie_cap + PCI_EXP_DEVSTA) & PCI_EXP_DEVSTA_TRPND))
            return true;
    }
    return false;
}

int pci_dev_wait(pci_dev& d, std::string_view reset_type, hal::duration limit) {
    bool retrain = true;
    for (hal::duration delay = 1ms; !answers(d); delay *= 2) {
        if (delay > limit) {
            d.k.log(4, "not ready after " + std::string(reset_type) + "; giving up", d.rid());
            return -ENOTTY;
        }
        if (delay > link_retrain_after && retrain) {
            retrain = false;
            retrain_link(d);
        }
        d.k.sleep(delay);
    }
    return 0;
}

int __pci_reset_function_locked(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    for (const pci_reset_method m : methods_of(d, config))
        if (const int rc = pci_reset_by(d, m, iommu, config); rc != -ENOTTY) return rc;
    return -ENOTTY;
}

int pci_reset_function(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    span_scope span(d.k, hal::span_class::reset, d.rid());
    call_scope call(d.k, "pci_reset_function", d.rid());
    if (!reset_supported(d, config)) return call.result(-ENOTTY);
    if (d.bridge) pci_dev_lock(*d.bridge);
    pci_dev_lock(d);
    const int rc = reset_locked(d, iommu, config);
    pci_dev_unlock(d);
    if (d.bridge) pci_dev_unlock(*d.bridge);
    span.result(rc);
    return call.result(rc);
}

int pci_try_reset_function(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    span_scope span(d.k, hal::span_class::reset, d.rid());
    call_scope call(d.k, "pci_try_reset_function", d.rid());
    if (!reset_supported(d, config)) return call.result(-ENOTTY);
    if (!pci_dev_trylock(d)) return call.result(-EAGAIN);
    const int rc = reset_locked(d, iommu, config);
    pci_dev_unlock(d);
    span.result(rc);
    return call.result(rc);
}

int reset_method_store(pci_dev& d, const std::vector<pci_reset_method>& methods, reset_iommu& iommu,
                       const pci_reset_config& config) {
    call_scope call(d.k, "reset_method_store", d.rid());
    std::vector<pci_reset_method> taken;
    for (const pci_reset_method m : methods.empty() ? pci_reset_methods_all() : methods) {
        const int rc = pci_reset_probe(d, m, iommu, config);
        if (rc == 0) {
            taken.push_back(m);
        } else if (!methods.empty()) {
            d.k.log(3, "unsupported reset method '" + std::string(pci_reset_method_name(m)) + "'",
                    d.rid());
            return call.result(-EINVAL);
        }
    }
    d.reset_methods = std::move(taken);
    return call.result(0);
}

}  // namespace drydock::sw
