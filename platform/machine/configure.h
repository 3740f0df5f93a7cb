// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "platform/hal/hal_systemc.h"
#include "platform/scenario/scenario.h"
#include "sw/kernel/costs.h"
#include "tlm/base/parameters.h"
#include "tlm/endpoint/device.h"
#include "tlm/pcie/link_direction.h"
#include "tlm/root_complex/config.h"
#include "tlm/root_complex/switch_config.h"
#include "tlm/smmu/config.h"
#include "tlm/system/memory.h"

namespace drydock::machine {

/// Declares the fields of one component's configuration as parameters under a common prefix: the
/// field's value is the default, and what comes back is put into it.
class declarer {
public:
    declarer(base::parameters& p, std::string prefix)
        : parameters_(p), prefix_(std::move(prefix)) {}

    template <class T>
    void number(std::string_view name, T& field, std::int64_t low, std::int64_t high,
                std::string unit, std::string description) {
        field =
            static_cast<T>(parameters_.integer(path(name), static_cast<std::int64_t>(field), low,
                                               high, std::move(unit), std::move(description)));
    }
    void time(std::string_view name, base::ps& field, base::ps low, base::ps high,
              std::string description) {
        field = parameters_.time(path(name), field, low, high, std::move(description));
    }
    void flag(std::string_view name, bool& field, std::string description) {
        field = parameters_.flag(path(name), field, std::move(description));
    }
    std::string word(std::string_view name, std::string field, std::string choices,
                     std::string description) {
        return parameters_.word(path(name), std::move(field), std::move(choices),
                                std::move(description));
    }

private:
    std::string path(std::string_view name) const { return prefix_ + "." + std::string(name); }
    base::parameters& parameters_;
    std::string prefix_;
};

/// An SMMU of a machine: the scenario's words over the defaults, parameters under its name
/// (`smmu.*`) over both. @throws scenario::bad_input for StreamIDs that it does not have
smmu::smmu_config configure_smmu(base::parameters& p, const scenario::run& r,
                                 const scenario::smmu& s);
/// RAM at `at`; parameters `memory.*`.
system::memory_config configure_memory(base::parameters& p, base::phys_addr at,
                                       std::uint64_t bytes);
/// Root complex and root ports; parameters `rc.*`.
root_complex::root_complex_config configure_root_complex(base::parameters& p,
                                                         const scenario::run& r,
                                                         base::phys_addr ecam,
                                                         std::uint64_t ecam_bytes);
/// One of its ports; parameters `rc.PORT.*`.
void configure_root_port(base::parameters& p, root_complex::root_port_config& c);
/// Containment of a switch's port; parameters `PORT.dpc.*`.
void configure_switch_dpc(base::parameters& p, const std::string& port,
                          root_complex::dpc_config& c);
/// Slot of a switch's port; parameters `PORT.slot.*`.
void configure_slot(base::parameters& p, const std::string& port, root_complex::slot_config& c);
/// Link below a port; parameters `PORT_link.*`.
pcie::link_config configure_link(base::parameters& p, const scenario::port& port, bool at_root);
/// Switch below a port; parameters `PORT_switch.*`.
root_complex::switch_config configure_switch(base::parameters& p, const scenario::run& r,
                                             const scenario::port& port);
/// A function, and as the same its virtual ones; parameters `DEVICE.*`.
endpoint::function_config configure_function(base::parameters& p, const scenario::device& d);
/// Ways of the CPUs to registers, and stacks; parameters `sw.*`.
hal_systemc::config configure_cpus(base::parameters& p, const scenario::run& r);
/// What things cost on the CPUs; parameters `sw.cost.*`.
sw::cpu_costs configure_costs(base::parameters& p);

}  // namespace drydock::machine
