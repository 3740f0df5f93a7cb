// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sw/arm_smmu_v3/cmdq.h"
#include "sw/arm_smmu_v3/stream_table.h"
#include "sw/arm_smmu_v3/vm.h"
#include "sw/iommu/domain.h"
#include "sw/iommu/io_pgfault.h"

namespace drydock::sw {

/// What becomes of Page Requests. off, deny: as Linux has it for PCIe (linux-flow 3.6).
enum class pri_mode : u8 {
    off,    ///< PRI is enabled at no device; whatever comes is denied
    deny,   ///< enabled at devices whose domains can bring pages in, and denied nevertheless
    handle  ///< enabled there, and pages are brought in
};

struct arm_smmu_config {
    u32 number = 0;  ///< order among several SMMUs
    phys_addr_t base = 0;
    arm_smmu_cmdq_config cmdq;
    u32 evtq_log2size = 7;
    u32 priq_log2size = 8;
    unsigned gerror_cpu = 0, evtq_cpu = 0, priq_cpu = 0;  ///< who takes which interrupt
    u32 sid_bits = 16;                                    ///< StreamIDs used; at most what IDR1 has
    pri_mode pri = pri_mode::off;
    std::optional<unsigned> iopf_cpu = {};  ///< brings pages in; none: the PRI queue's CPU
    u32 pri_allocation = 32;                ///< Page Requests that one device may have outstanding
    bool priqen = true;                     ///< false: the PRI queue is set up and never enabled
    guest_mode guest = guest_mode::off;     ///< whose the devices are; a guest has all of RAM
    phys_addr_t ram = 0;
    u64 ram_bytes = 0;
    bool ppar = true;  ///< STE.PPAR as the function demands PASIDs in responses; false: always 0
};

/// What IDR0..IDR5 say, as far as the driver uses it.
struct arm_smmu_features {
    bool s2 = false, split_ats = false, ats = false, pri = false, msi = false, sev = false,
         hyp = false, stalls = false, range_inv = false, two_level_strtab = false,
         two_level_cdtab = false, coherent = false;
    u8 sid_bits = 0, ssid_bits = 0, asid_bits = 8, ias = 48, oas_code = 5;
};
arm_smmu_features arm_smmu_decode_features(u32 idr0, u32 idr1, u32 idr3, u32 idr5);

class arm_smmu_domain;
class arm_smmu_driver;
class arm_smmu_master;
class arm_smmu_static_domain;
struct quarantine_ops;

/// One SMMUv3 (Linux: struct arm_smmu_device) of a driver.
class arm_smmu_device {
public:
    arm_smmu_device(arm_smmu_driver& driver, const arm_smmu_config& config);
    ~arm_smmu_device();
    arm_smmu_device(const arm_smmu_device&) = delete;

    /// Probes the IDRs and runs the enable sequence (SMMUv3 6.2) up to SMMUEN.
    /// @throws std::runtime_error if hardware lacks stage 1 or does not acknowledge
    void reset();

    /// -EINVAL for a StreamID that is beyond this SMMU.
    int probe_device(device&);
    /// The device is gone: no StreamID of it is known any more.
    void release_device(arm_smmu_master&);
    void forget(const arm_smmu_master&);
    /// Whose StreamID it is; null: nobody's.
    arm_smmu_master* find_master(u32 sid) const;
    quarantine_ops* quarantine() const;
    void page_response(device&, const iommu_fault&, iommu_page_response_code);

    arm_smmu_driver& driver() { return driver_; }
    kernel& k() { return kernel_; }
    arm_smmu_cmdq& cmdq() { return cmdq_; }
    stream_table& strtab() { return strtab_; }
    const arm_smmu_features& features() const { return features_; }
    u32 number() const { return config_.number; }
    /// The guest that has the devices, null for the host.
    const arm_smmu_vm* vm() const { return vm_.get(); }
    u16 vmid() const { return vm_ ? arm_smmu_vm::vmid : 0; }
    u64 gerror_interrupts() const { return gerror_interrupts_; }
    u64 events_read() const { return events_read_; }

    pri_mode pri() const { return config_.pri; }
    u32 pri_allocation() const { return config_.pri_allocation; }
    bool sets_ppar() const { return config_.ppar; }
    /// Null where page requests are not handled.
    iopf_queue* iopf() { return iopf_.get(); }
    u64 page_requests_read() const { return page_requests_read_; }
    u64 priq_overflows() const { return priq_overflows_; }

private:
    struct hw_queue {
        arm_smmu_queue_memory memory;
        arm_smmu_ll_queue llq;
        u64 prod_reg = 0, cons_reg = 0;
    };
    void init_queue(hw_queue&, std::string_view name, u64 base_reg, u32 log2size, u32 entry_bytes);
    void write_and_wait(u64 reg, u64 ack, u32 value);
    void setup_irqs();
    void setup_msi(u64 cfg0, u32 vector);
    void make_guest();
    void enable_cmdq();
    void enable_event_queues();
    void insert_master(arm_smmu_master&);
    void remove_master(arm_smmu_master&);
    void gerror_handler();
    void handle_gerror(u32 gerror, u32 active);
    void evtq_thread();
    void priq_thread();
    /// @return records were lost
    bool drain(hw_queue&, std::string_view name, const std::function<void(phys_addr_t)>& handle);
    void handle_event(const std::array<u64, 4>&);
    void handle_page_request(const std::array<u64, 2>&);
    /// Routing ID by which observers name the device of a StreamID; of one that no device has: its
    /// low bits.
    u16 device_of(u32 sid) const;

    arm_smmu_driver& driver_;
    kernel& kernel_;
    arm_smmu_config config_;
    arm_smmu_features features_;
    arm_smmu_cmdq cmdq_;
    stream_table strtab_;
    hw_queue evtq_, priq_;
    u32 cr0_ = 0;
    std::map<u32, arm_smmu_master*> masters_;  ///< by StreamID
    std::unique_ptr<iopf_queue> iopf_;
    std::unique_ptr<arm_smmu_vm> vm_;
    std::unique_ptr<spinlock> gerror_lock_;  ///< where not the interrupt alone handles errors
    ratelimit event_log_;
    u64 gerror_interrupts_ = 0;
    u64 events_read_ = 0;
    u64 page_requests_read_ = 0, priq_overflows_ = 0;
};

}  // namespace drydock::sw
