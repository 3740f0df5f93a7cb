// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/arm_smmu_v3/driver.h"
#include "sw/clients/client.h"
#include "sw/clients/health.h"
#include "sw/clients/vfio.h"
#include "sw/iommu/iort.h"
#include "sw/pci/portdrv.h"
#include "sw/pci/probe.h"
#include "sw/pci/reset.h"

namespace drydock::sw {

enum class driver_kind : u8 { none, dma_engine };

struct device_config {
    u16 rid = 0;  ///< as enumeration will find it: root port p is 0:(p+1).0, the buses below are
                  ///< counted from 1
    std::string name;
    driver_kind driver = driver_kind::dma_engine;
    std::string group =
        {};  ///< devices of one name share an IOMMU group; empty: a group of its own
    std::vector<u32> aliases = {};  ///< further StreamIDs of the device
    bool identity = false;          ///< default domain: identity instead of paging
    bool attach_deferred = false;
    bool require_direct = false;  ///< firmware demands a 1:1 mapping
    pci_quirk quirk = pci_quirk::none;
    hal::duration firmware_time{};
    std::optional<acpi_reset_method> acpi_rst = {};
    std::optional<hal::duration> power_off = {};
    dma_engine_options engine = {};
    u16 vfs = 0;  ///< virtual functions to enable
    bool virtual_function = false;
    bool absent = false;  ///< comes later, by hot-plug
};

/// A domain that is there by its name.
struct domain_config {
    std::string name;
    iommu_domain_type type = iommu_domain_type::paging;  ///< paging, identity or sva
    std::optional<u16> device = {};  ///< attached to its group at boot; none: to nobody
    std::optional<u32> pasid = {};   ///< there, in place of the RID
    std::optional<u32> smmu = {};    ///< it takes devices of this one only
};

/// Everything that the software of a machine must be told. Addresses are on the CPU's bus.
struct software_config {
    std::vector<arm_smmu_config> smmus;
    /// Which SMMU translates for whom, by which StreamID.
    std::vector<iort_mapping> iort{{}};
    phys_addr_t ecam = 0x40'1000'0000;
    pci_window mem32{0x1000'0000, 0x3000'0000};
    pci_window mem64{0x80'0000'0000, u64{64} << 30};
    u32 read_request_bytes = 512;  ///< MRRS
    acs_policy acs = acs_policy::standard;
    ecrc_policy ecrc = ecrc_policy::standard;
    bool msi = true;  ///< false: all interrupt by INTx
    pci_slot_reserve slots;
    std::vector<vc_map> virtual_channels = {};  ///< of links that use more than VC0
    std::string reset_variant = "none";
    std::string reset_policy = "disable_and_block_ats";  ///< of reset_policies()
    std::string quarantine = "off";
    quarantine_switches quarantine_options = {};
    arm_smmu_options driver = {};
    pci_reset_config reset;
    pci_port_config ports;
    std::vector<device_config> devices;
    iommu_core_config iommu = {};
    std::vector<domain_config> domains = {};
    std::vector<client_config> clients;
    std::vector<std::string> switches = {};  ///< names of sw::switches()
    u64 seed = 1;
};

/// The machine as configured cannot be driven; the text says which part of it and why. A matter of
/// the input, no fault of the model. Thrown out of the boot task.
struct cannot_boot : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct task_result {
    std::optional<int> result;  ///< none while it runs
    hal::time_point started{}, returned{};
};

/// What the end of a run asks of a device (monitor `stuck`).
struct device_state {
    std::string name;
    u16 rid = 0;
    bool blocked = false;
    bool attach_refused = false;  ///< a new attach would be refused right now
    bool queue_stopped = false;   ///< a client's queue takes no work
    bool ats_enabled = false;     ///< what the driver believes
};

/// The software of one machine: boots, runs clients, resets and attaches devices on request.
/// Called while the machine is built or between simulated instants; never from a task.
class software : private hotplug_owner {
public:
    /// @throws std::invalid_argument for unknown names, CPUs or variants
    software(kernel& k, software_config config);
    ~software();
    software(const software&) = delete;

    /// Starts the boot task on CPU 0: SMMU, enumeration, groups and default domains, drivers,
    /// clients' buffers.
    void boot(std::function<void()> when_booted = {});
    bool booted() const { return booted_; }

    /// Starts all clients with autostart. @pre booted()
    void start();
    void start_client(const std::string& name);

    /// A task that resets the device; -ENODEV, here and below, if nobody is there.
    /// @param methods  tried in this order; none: those that the device has
    /// @param call  pci_reset_function, pci_try_reset_function, __pci_reset_function_locked;
    /// pci_reset_bus and reset_subordinate of the bridge above take no methods
    /// @throws std::invalid_argument for a name that is not there
    void run_reset(const std::string& task, unsigned cpu, const std::string& device,
                   const std::vector<std::string>& methods,
                   const std::string& call = "pci_reset_function");
    /// What resets of this machine have in common.
    pci_reset_config reset_config() const;
    /// A task that attaches the device's group, or its PASID, to a domain: "default", "identity",
    /// "blocked", one of the configuration, or any other name for a paging domain of that name.
    void run_attach(const std::string& task, unsigned cpu, const std::string& device,
                    const std::string& domain, std::optional<u32> pasid = {});
    void run_detach(const std::string& task, unsigned cpu, const std::string& device,
                    std::optional<u32> pasid = {});
    /// A task that takes pages of a client's buffer away; it returns the class of the unmap, or
    /// -ENOENT if one is not there.
    /// @param reclaim in atomic context, as memory reclaim does it
    void run_unmap(const std::string& task, unsigned cpu, const std::string& client, page_run pages,
                   bool reclaim = false);
    /// A task that calls a function of kernel_calls().
    void run_call(const std::string& task, unsigned cpu, const std::string& function,
                  const std::string& device);
    /// Tasks that remove a function from its bus and look for it again, as sysfs does: 0 or
    /// -ENODEV.
    void run_remove(const std::string& task, unsigned cpu, const std::string& device);
    void run_add(const std::string& task, unsigned cpu, const std::string& device);
    /// Tasks that take the driver away and give one: 0; -ENODEV without one; -EBUSY with one
    /// already, or what kept it from binding.
    void run_unbind(const std::string& task, unsigned cpu, const std::string& device);
    void run_bind(const std::string& task, unsigned cpu, const std::string& device);
    /// A task that makes a DMA mapping.
    void run_map(const std::string& task, unsigned cpu, const std::string& device);
    /// A task that frees a domain of the configuration; -ENOENT if it was freed already.
    void run_free(const std::string& task, unsigned cpu, const std::string& domain);
    /// The next calls at a site of fail_sites() fail, for a device or for any ("").
    void fail(const std::string& site, const std::string& device, int error, u32 count);
    /// @throws std::invalid_argument
    client& client_named(const std::string& name) const;
    /// A task that attaches the domain which the device's group has already: changes nothing, but
    /// meets every fence.
    void run_attach_probe(const std::string& task, unsigned cpu, const std::string& device);
    /// A task that pushes a CMD_SYNC through the command queue of an SMMU.
    void run_sync_probe(const std::string& task, unsigned cpu, u32 smmu = 0);
    /// Told when a task of these has returned; runs as the last act of the task.
    void on_returned(std::function<void(const std::string& task, int result)> f) {
        on_returned_ = std::move(f);
    }

    const std::map<std::string, task_result>& tasks() const { return tasks_; }
    const std::vector<std::unique_ptr<client>>& clients() const { return clients_; }
    const std::vector<std::unique_ptr<vfio>>& vms() const { return vms_; }
    const std::vector<std::unique_ptr<health>>& watched() const { return watched_; }
    std::vector<device_state> devices() const;
    std::optional<device_state> device_of(u16 rid) const;

    kernel& k() { return kernel_; }
    iommu_core& core() { return core_; }
    /// Null: off.
    const quarantine_ops* quarantine() const { return quarantine_.get(); }
    arm_smmu_driver& smmus() { return smmus_; }
    pci_host& pci() { return pci_; }
    const pci_port_driver& port_driver() const { return port_driver_; }

private:
    void check() const;
    pci_port_config port_config();
    void boot_task();
    void bring_up();
    void bind(const device_config&);
    void probe_driver(pci_dev&);
    iommu_domain& make_domain(const domain_config&);
    std::string group_name(u16 rid) const;
    void attach_group_domain(pci_dev&);
    void attach_pasid_domains();
    /// Behind which SMMU the function is, and its StreamIDs there. @throws std::runtime_error
    std::unique_ptr<dev_iommu> dma_configure(const std::string& name, std::vector<u32> rids) const;
    void enable_vfs(const device_config&);
    int attach_port(pci_dev&);
    // hotplug_owner
    void remove_below(pci_dev& port, bool gone) override;
    bool add_below(pci_dev& port) override;
    void take_out(pci_dev&);
    void unbind(pci_dev&);
    int bind_again(pci_dev&);
    void bind_found(const std::vector<pci_dev*>& found);
    void start_bound(u16 rid);
    void make_client(client_config);
    void make_users(client&);
    /// Null: nobody is there now. @throws std::invalid_argument for a name that is not configured
    pci_dev* dev(const std::string& name) const;
    iommu_domain& domain(const std::string& name, pci_dev&);
    void run(const std::string& task, unsigned cpu, std::function<int()> body);

    kernel& kernel_;
    software_config config_;
    arm_smmu_driver smmus_;
    iommu_core core_;
    std::unique_ptr<quarantine_ops> quarantine_;
    pci_host pci_;
    pci_port_driver port_driver_;
    work atc_timeout_work_{"dpc_atc_timeout", [this] { port_driver_.atc_timeout(); }};
    std::map<u16, std::unique_ptr<dma_engine>> engines_;
    std::vector<std::unique_ptr<dma_engine>> retired_;  ///< interrupts may still name them
    std::vector<std::unique_ptr<client>> clients_;
    std::vector<std::unique_ptr<vfio>> vms_;
    std::vector<std::unique_ptr<health>> watched_;
    std::map<std::string, iommu_domain*> named_domains_;
    u64 mappings_ = 0;  ///< of run_map()
    std::map<std::string, task_result> tasks_;
    std::function<void()> when_booted_;
    std::function<void(const std::string&, int)> on_returned_;
    bool booted_ = false;
};

}  // namespace drydock::sw
