// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "platform/scenario/fidelity.h"
#include "platform/scenario/place.h"
#include "tlm/base/parameters.h"
#include "tlm/base/time.h"

/// One concrete run: a scenario file after `extends:`, overrides and one choice per matrix axis,
/// checked, with every quantity in its unit. Names (devices, clients, tasks) have been resolved:
/// what is named exists.
namespace drydock::devices {
struct description;  // platform/devices/description.h
}

namespace drydock::scenario {

using base::ps;
using namespace base::literals;  // NOLINT(google-global-names-in-headers): defaults read as in
                                 // prose

struct link {
    unsigned gen = 4;    ///< 1..6
    unsigned width = 8;  ///< lanes: 1 2 4 8 12 16 32
};

enum class port_type : std::uint8_t { endpoint, legacy_endpoint, rc_integrated_endpoint };

/// Requester IDs [rid, rid + count) are the StreamIDs sid + (RID & mask) - (rid & mask).
struct stream_range {
    unsigned rid = 0;
    unsigned count = 1;
    std::uint32_t sid = 0;
    unsigned mask = 0xffff;
    place where;
};

struct smmu {
    std::string name = "smmu";
    std::string like = "none";     ///< configuration that gives the defaults; none: those below
    ps invalidate_timeout = 60_s;  ///< Invalidate Completion timeout (PCIe ATS: 60 s)
    bool sev = false;  ///< IDR0.SEV: software may wait for the event instead of polling CONS
    unsigned cmdq_log2size = 8;                 ///< entries of the command queue, log2, 1..19
    unsigned evtq_log2size = 7;                 ///< 1..19
    unsigned priq_log2size = 7;                 ///< 1..19
    unsigned itags = 32;                        ///< 1..32
    std::vector<stream_range> stream_ids = {};  ///< none: as the Requester IDs
};

struct irq_routing {
    unsigned gerror_cpu = 0;
    unsigned evtq_cpu = 0;
    unsigned priq_cpu = 0;
    unsigned aer_cpu = 0;  ///< of root ports
    unsigned dpc_cpu = 0;
    unsigned hotplug_cpu = 0;
};

struct atc {
    unsigned entries = 512;  ///< 0 (no cache) .. 65536
    unsigned ways = 4;       ///< 1..64, divides entries
};

/// A function: that of a device which has one, function 0 of one with several, any other, or a
/// virtual one. Each is a device of its own to whoever uses it.
struct device {
    std::string name;
    std::string like;  ///< as written: a name in platform/devices or a path
    std::shared_ptr<const devices::description>
        description;      ///< configuration space after overrides; never null
    scenario::link link;  ///< what the port and the device train to: min of both
    scenario::port_type type = port_type::endpoint;
    scenario::atc atc;
    ps flr_time =
        100_ms;  ///< how long the function is gone after an FLR (PCIe 6.6.2: at most 100 ms)
    unsigned number = 0;            ///< of the function, 0..255
    unsigned vf = 0;                ///< of a virtual function: 1..
    bool share_atc = false;         ///< its virtual functions use its ATC
    std::vector<device> functions;  ///< of function 0: the others of its device, by number
    std::vector<device> vfs;        ///< of a physical function: its virtual ones, as the PF is
    place where;
};

struct switch_tree;

/// A virtual channel of a link beside VC0: resource n of both ends, n its place in the list + 1.
struct virtual_channel {
    std::uint8_t tcs = 0;  ///< traffic classes that it carries, a bit each
};

/// A root port or a switch's downstream port: a device below it, or a switch.
struct port {
    std::string name;  ///< unique: "rp0"; of a switch's port with the way to it: "rp0_dsp1"
    scenario::link link;
    bool dpc = false;            ///< Downstream Port Containment
    std::uint16_t acs = 0;       ///< of a root port: Access Control Services; 0: none
    bool surprise_down = false;  ///< Surprise Down Error Reporting Capable
    bool hotplug = false;        ///< a slot with hot-plug support
    bool slot_empty = false;     ///< nothing is in it when the machine boots
    unsigned smmu = 0;           ///< of a root port: index of the SMMU that translates for it
    std::vector<virtual_channel> channels;  ///< VC1, VC2, ..; none: VC0 alone
    bool strict_channels = false;           ///< the highest VC ID first; else in turn
    std::optional<scenario::device> device = std::nullopt;
    std::shared_ptr<const switch_tree> below = nullptr;
};

struct switch_tree {
    std::string name;         ///< "rp0_switch"
    std::uint16_t acs = 0;    ///< services of the downstream ports (pcie::acs_view); 0: no ACS
    std::vector<port> ports;  ///< in the file's order: device 0, 1, .. of the bus between
};

struct machine {
    std::vector<scenario::smmu> smmus;  ///< at least one, in the file's order
    unsigned cpus = 4;                  ///< 1..64
    irq_routing irq;
    std::vector<port> ports;  ///< in the file's order: port p is root port p
    /// Software keeps so many bus numbers for each port with a slot (Linux: hpbussize).
    unsigned hotplug_buses = 1;
};

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

/// `burst: 64 x 256B, every: 20us, mix: {read: 50%, write: 50%}`, and `atomic:`
struct dma_load {
    unsigned count = 16;   ///< descriptors of one burst, 1..4096
    unsigned bytes = 256;  ///< of each, 1..4096
    ps every = 20_us;      ///< distance of due times, > 0
    unsigned read_percent = 50;
    unsigned atomic_percent = 0;          ///< the rest are writes
    std::string atomic_op = "fetch_add";  ///< fetch_add | swap | cas
    unsigned atomic_bytes = 8;            ///< operand: 4, 8, of cas 16 too
};

/// `unmap: {pages: 1, every: 5us, remap: new_page}`
struct unmap_load {
    unsigned pages = 1;
    ps every = 5_us;
    bool remap = true;     ///< new_page; false: on_fault, the page comes back when the device asks
    bool reclaim = false;  ///< in atomic context, as memory reclaim does
};

/// `vm: {every: 400ms, lives: 150ms}`
struct vm_load {
    ps every = 400_ms, lives = 150_ms;   ///< of a guest: due times, life
    ps retry = 1_ms, give_up = 1_s;      ///< of an attach that is refused with -EBUSY
    std::optional<std::uint32_t> pasid;  ///< attached beside the RID while a guest runs
};

/// `ras: {every: 1ms, failures: 3}`
struct health_watch {
    ps every = 1_ms;
    unsigned failures = 3, attempts = 3;
};

enum class client_kind : std::uint8_t { dma_client, sva, vfio };

struct client {
    std::string name;
    client_kind kind = client_kind::dma_client;
    std::string device;
    std::string peer;                    ///< its DMA goes to this device's BAR0, not to memory
    std::optional<std::uint32_t> pasid;  ///< always for sva
    unsigned cpu = 0;
    std::uint64_t buffer_bytes = 0;  ///< whole pages
    std::uint64_t page_bytes = 4096;
    std::optional<dma_load> dma;
    std::optional<unmap_load> unmap;
    vm_load vm;                       ///< of vfio
    std::optional<health_watch> ras;  ///< of a dma_client: its driver looks after the device
    bool page_faults = false;         ///< sva: pages come in when the device asks for them
    unsigned resident_percent = 100;  ///< of the buffer at the start; below 100 with page_faults
    bool starts_by_timeline =
        false;  ///< a timeline entry `start:` names it; else it starts at time 0
    place where;
};

// -- timeline -----------------------------------------------------------------------------------
struct at_time {
    ps time;
};
/// A task (or client, or one of standing_tasks()) reaches a named point (p0.. d4, r0.., i1..) for
/// the n-th time, of a device if one is named.
struct at_point {
    std::string task, point, device = {};
    std::uint64_t nth = 1;
};
struct on_return {
    std::string task;
};
/// The n-th event of a probe kind, of a device if one is named (matched with the kind's routing ID
/// field).
struct on_event {
    std::string kind, device;
    std::uint64_t nth = 1;
};
using condition = std::variant<at_time, at_point, on_return, on_event>;

/// Starts a task of its own: `task: R, cpu: 3, reset: {device: ep0, method: flr, call:
/// pci_reset_function}`
/// Methods are tried in their order, -25 (ENOTTY) goes on to the next; none: those of the device.
struct do_reset {
    std::string task;
    unsigned cpu = 0;
    std::string device;
    std::vector<std::string> methods;
    std::string call;
};
struct do_start {
    std::string client;
};
/// `attach: {device: ep0, domain: blocked}`, `pasid:` optional; by a task of its own. A domain of
/// software.domain, or a kind.
struct do_attach {
    std::string task;
    unsigned cpu = 0;
    std::string device;
    std::optional<std::uint32_t> pasid;
    std::string domain;
};
struct do_detach {
    std::string task;
    unsigned cpu = 0;
    std::string device;
    std::optional<std::uint32_t> pasid;
};
struct do_inject {
    std::string device, fault = {};
    std::string port = {};   ///< in place of a device, with `error` or a fault of the link below
    std::string smmu = {};   ///< in place of a device, with a fault of an SMMU
    std::string error = {};  ///< in place of a fault: what AER shall have detected
    std::uint32_t count = UINT32_MAX;  ///< occasions that are hit; UINT32_MAX: all from here on
    std::optional<base::ps> delay;     ///< of delay_completions
    bool downward = true;              ///< of the link: which way the TLPs go that are hit
};
struct do_hold {
    std::string task;
};
struct do_release {
    std::string task;
};
struct do_set {
    std::string parameter;
    base::parameter_value value;
};
/// A task takes pages of a client's buffer away, for good: it returns the class of the unmap.
struct do_unmap {
    std::string task;
    unsigned cpu = 0;
    std::string client;
    std::uint64_t page = 0, pages = 1;
    bool reclaim = false;  ///< in atomic context, as memory reclaim does
};
/// The device accesses a page of a client's buffer by itself, by the address that the page had.
struct do_use {
    std::string client, device;
    std::uint64_t page = 0;
    bool write = true;
    unsigned count = 1;
    unsigned bytes = 64;
};
/// A task calls a function of the modelled kernel.
struct do_call {
    std::string task;
    unsigned cpu = 0;
    std::string device, function;
};
/// A task removes a device (sysfs) or finds it again, lets its driver go or binds it, makes its
/// first DMA mapping.
struct do_manage {
    enum class action : std::uint8_t { remove, add, unbind, bind, map };
    std::string task;
    unsigned cpu = 0;
    action what{};
    std::string device;
};
/// A task frees a domain of software.domain.
struct do_free {
    std::string task;
    unsigned cpu = 0;
    std::string domain;
};
/// The next calls at a site of the modelled software fail.
struct do_fail {
    std::string site, device;
    int error = 0;  ///< negative
    std::uint32_t count = 1;
};
using verb = std::variant<do_reset, do_start, do_attach, do_detach, do_inject, do_hold, do_release,
                          do_set, do_unmap, do_use, do_call, do_manage, do_free, do_fail>;

struct timeline_entry {
    condition when;
    verb what;
    place where;
    bool optional = false;  ///< it may be that it never happens
};

/// The run ends `plus` after the last of `when` has come true, at `limit` in any case.
struct end {
    std::vector<condition> when;
    ps plus{};
    ps limit = 100_s;
};

// -- what is expected and what is written --------------------------------------------------------
/// One line of `expect:` that holds for this run, in the file's words.
struct expectation {
    std::string name;      ///< "stale_access", "ep0.timeouts", "R.result"
    std::string relation;  ///< ">= 5", "< 1%", "0", "fires", "fires: nic"
    place where;
};

/// A monitor that fires, for a device if one is named.
struct firing {
    std::string monitor, device;
};
/// What makes a hazard a hit.
struct oracle {
    std::vector<condition> after;  ///< what counts happens after the last of these
    std::vector<firing> fire;      ///< all of them
    std::vector<firing> any;       ///< one of them
    std::vector<firing> silent;    ///< none of them, in a hit as in a clean run
    std::vector<std::pair<std::string, int>> results;  ///< task and what it returns
    place where;
};
/// A hazard's cell: what is to come of this run, and why.
struct hazard {
    scenario::oracle oracle;
    /// Path and value of each axis but the order, in the file's order.
    std::vector<std::pair<std::string, std::string>> axes;
    std::string variant;   ///< their values: "Q4,no_unfence"
    std::string order;     ///< the one of `orders:` that this run takes; empty: there are none
    std::string expected;  ///< hit | clean; empty: the file says nothing of it
    std::string sheet;     ///< what its source says where that differs; empty: it does not
    std::string explain;   ///< why
};

enum class events_level : std::uint8_t { off, life, detail, tlp };

struct waves_window {
    ps from{};
    ps to = base::never;
    bool at_violation = false;  ///< both count from the first violation; `from` is not above 0
};

struct outputs {
    events_level events = events_level::life;
    std::optional<waves_window> waves;
    std::vector<std::string> waves_of;  ///< instances that waves.fst shows; empty: all
    std::optional<waves_window> trace;
    bool trace_all = false;  ///< TLPs and credits of the whole run too
    std::optional<waves_window> pcap;
    bool report = true;  ///< report.html, and what explain and compare read
};

/// A parameter by its hierarchical name (`drydock params`), for whoever builds the machine to put
/// in first.
struct parameter_setting {
    std::string name;
    base::parameter_value value;
    base::origin from = base::origin::scenario;
    place where;
};

/// One line of the effective configuration, for `drydock check`.
struct setting {
    std::string path;    ///< "machine.smmu.invalidate_timeout"
    std::string value;   ///< as written, or the default in the same notation
    std::string origin;  ///< "default", "FILE:LINE", "command line"
};

/// A run of the matrix.
struct run {
    std::string name;  ///< values of the axes, "M2"; also the name of its folder
    std::string title;
    std::string command;  ///< repeats this run alone
    std::uint64_t seed = 1;
    scenario::machine machine;
    scenario::fidelity fidelity;
    scenario::software software;
    std::vector<client> clients;
    std::vector<timeline_entry> timeline;
    scenario::end end;
    std::vector<expectation> expect;
    std::optional<scenario::hazard> hazard;
    scenario::outputs outputs;
    std::vector<parameter_setting> parameters;
    std::vector<std::string> notes;  ///< what a reader must know: "ep0: ... built as an endpoint"
    std::vector<setting> effective;
};

}  // namespace drydock::scenario
