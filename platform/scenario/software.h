// SPDX-License-Identifier: Apache-2.0
// What a scenario says of the software: groups, domains, resets, policies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/scenario/place.h"
#include "tlm/base/time.h"

namespace drydock::scenario {

using base::ps;
using namespace base::literals;  // NOLINT(google-global-names-in-headers): defaults read as in
                                 // prose

/// Devices that software puts into one IOMMU group, with all that shares with them anyway.
struct group {
    std::string name;
    std::vector<std::string> devices;
    place where;
};

/// A domain that the timeline knows by name.
struct domain {
    std::string name;
    std::string kind = "paging";         ///< paging | identity | sva
    std::string device;                  ///< attached at boot, its group with it; empty: not
    std::optional<std::uint32_t> pasid;  ///< there, in place of the RID
    std::optional<unsigned> smmu;        ///< index of the only SMMU whose devices it takes
    place where;
};

/// What software, or firmware towards it, says of a device.
struct device_software {
    std::string device;
    std::vector<std::string> aliases;   ///< devices whose Requester IDs its requests may carry
    bool require_direct = false;        ///< firmware demands a 1:1 mapping (RMR)
    bool attach_deferred = false;       ///< its first mapping attaches it
    bool identity = false;              ///< default domain
    bool driver = true;                 ///< false: none is bound at boot
    std::string quirk = "none";         ///< a reset of its kind's own, by name
    ps firmware_time{};                 ///< after an FLR, before it takes work (hinic_vf)
    std::optional<ps> acpi_reset;       ///< it has a _RST, which takes so long
    std::optional<ps> power_off;        ///< firmware can take its power away, for so long at least
    std::string frozen = "need_reset";  ///< need_reset | can_recover: its driver's vote
    std::string remove = "stops";       ///< stops | waits_for_interrupt: its driver's remove()
    place where;
};

struct software {
    std::string reset_variant = "none";                  ///< of `drydock list`
    std::string reset_policy = "disable_and_block_ats";  ///< likewise
    std::vector<group> groups;
    std::vector<domain> domains;
    std::vector<device_software> devices;
    std::vector<std::string> switches;  ///< mechanisms left out, or other behaviour, by name
    /// by_variant | refuse | ignore | paging: of blocking what firmware wants mapped 1:1
    std::string require_direct = "by_variant";
    bool blocked_domain = true;  ///< the IOMMU driver has one; false: the core takes an empty one
    std::string quarantine = "off";            ///< off | Q1 .. Q5
    std::string invalidation = "invs";         ///< invs | masters: whom an unmap tells
    bool cmdq_force_sync = false;              ///< every batch of commands has its SYNC
    bool poll_gerror = false;                  ///< who waits for a SYNC looks at GERROR
    std::string disable_ats = "driver_must";   ///< driver_must | driver_may: VT-d, AMD
    std::string sync_failure = "failed_sync";  ///< failed_sync | all_waiters: VT-d
    std::string presence_check = "off";        ///< off | config_read: before each ATC_INV
    std::string reset_notice = "after_reset";  ///< | pre_reset_notification | on_atc_timeout
    std::string cerror_sync =
        "repeated";             ///< repeated | skipped: the SYNC that met CERROR_ATC_INV_SYNC
    ps flr_wait = 100_ms;       ///< Linux waits this long after an FLR before it looks
    std::string guest = "off";  ///< off | full_ats | split_ats: whose the devices are
    std::string pri = "off";    ///< off | deny | handle: what becomes of Page Requests
    std::string recovery = "after_2025_08";  ///< before_2025_08 | after_2025_08: callbacks' order
    std::string dpc_completion = "ca";       ///< ca | ur: DPC Completion Control
    std::string dpc = "native";              ///< native | edr: who owns DPC, software or firmware
    ps edr_latency = 1'000'000'000_ps;       ///< edr: from the interrupt to firmware's notification
    std::string ecrc = "default";            ///< default | off | on: what becomes of ECRC
    bool msi = true;                         ///< false: everything interrupts by INTx
    /// Windows of each port with a slot are at least so large (Linux: hpmmiosize, hpmmioprefsize).
    std::uint64_t hotplug_memory = 2 << 20, hotplug_prefetchable = 2 << 20;
};

}  // namespace drydock::scenario
