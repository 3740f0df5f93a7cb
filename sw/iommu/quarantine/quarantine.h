// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sw/hal/types.h"

namespace drydock::sw {

class arm_smmu_device;
class arm_smmu_domain;
class arm_smmu_driver;
class iommu_core;
class kernel;
struct arm_smmu_inv;
struct device;
struct pci_dev;

/// Details in which a quarantine may differ from the published ones (software.switches).
struct quarantine_switches {
    bool no_synchronize_rcu = false;         ///< release frees what readers may still hold (H-37)
    bool attach_ignores_ats_broken = false;  ///< an attach turns ATS on again (H-43)
    bool no_unfence = false;                 ///< nothing lifts the driver's fence (H-53)
    bool per_sid_retry = false;              ///< Q5 asks each device alone before it fences (H-46)
    bool bit_before_ack = false;             ///< the issuer's bit is set before GERRORN is (H-48)
    bool retest_under_device_lock = false;   ///< the worker looks at the flag once more (H-21)
    bool fence_on_poll_timeout =
        false;  ///< the 1 s limit of a wait counts as a lost ATC_INV (H-57)
};

/// ATC_INVs that did not all come back: what one flush, or one attach, sent to one SMMU.
struct atc_inv_failure {
    arm_smmu_device& smmu;
    arm_smmu_domain* domain;  ///< null: of an attach, `entries` are the device's alone
    arm_smmu_inv* entries;
    std::size_t count;
    u64 iova, size;
    int error;
};

/// What the stack does with a device that does not answer an ATC_INV (linux-flow 2): one
/// implementation per published variant, one file each. None of them: what was lost is logged and
/// forgotten (off).
struct quarantine_ops {
    virtual ~quarantine_ops() = default;
    virtual std::string_view name() const = 0;

    // -- GERROR interrupt, CMDQ_CONS.ERR is CERROR_ATC_INV_SYNC --
    /// Before the acknowledge, and after it. @param sync_prod position of the SYNC that failed
    virtual void atc_error(arm_smmu_device&, u32 /*sync_prod*/) {}
    virtual void atc_error_acknowledged(arm_smmu_device&, u32 /*sync_prod*/) {}
    /// The handler ends when it has disabled an SMMU in service failure mode.
    virtual bool stops_at_service_failure() const { return false; }

    // -- who issued the SYNC, interrupts off, before its flush returns --
    /// What it is told; 0: nothing.
    virtual int issuer_error() const { return 0; }
    virtual void atc_inv_failed(const atc_inv_failure&) {}

    // -- attach --
    /// Whether a fenced device gets ATS from an attach.
    virtual bool attach_turns_ats_on() const { return false; }
    /// Whether the ATC_INV that ends an attach is sent to a fenced device.
    virtual bool attach_invalidates_fenced() const { return true; }

    // -- core --
    /// iommu_report_device_broken(): from any context.
    virtual void report(device&) {}
    /// A reset has ended (done()), group->mutex held, before the RID is attached again.
    virtual void recovered(device&, bool /*success*/) {}
    /// What readers may hold of a device that goes: freed now, or when they are gone.
    virtual void release(std::function<void()> free) { free(); }
    /// Release takes back only those StreamIDs that probing has put in.
    virtual bool removes_what_was_inserted() const { return false; }

    struct counters {
        u64 fenced = 0;    ///< devices, each time
        u64 reported = 0;  ///< to a worker
        u64 dropped = 0;   ///< reports of what was reported already
        u64 blocked = 0;   ///< by a worker's prepare()
        u64 reset = 0;     ///< by a worker
    };
    const counters& count() const { return count_; }

protected:
    counters count_;
};

struct quarantine_environment {
    kernel& k;
    iommu_core& core;
    arm_smmu_driver& driver;
    quarantine_switches switches = {};
    /// pci_reset_function() as the machine has it.
    std::function<int(pci_dev&)> reset_function = {};
};

/// @param variant off, Q1 .. Q5 @return null for off
/// @throws std::invalid_argument naming the variants that there are
std::unique_ptr<quarantine_ops> make_quarantine(std::string_view variant,
                                                const quarantine_environment&);

std::unique_ptr<quarantine_ops> make_quarantine_q1(const quarantine_environment&);
std::unique_ptr<quarantine_ops> make_quarantine_q2(const quarantine_environment&);
std::unique_ptr<quarantine_ops> make_quarantine_q3(const quarantine_environment&);
std::unique_ptr<quarantine_ops> make_quarantine_q4(const quarantine_environment&);
std::unique_ptr<quarantine_ops> make_quarantine_q5(const quarantine_environment&);

}  // namespace drydock::sw
