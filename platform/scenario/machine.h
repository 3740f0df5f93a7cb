// SPDX-License-Identifier: Apache-2.0
// What a scenario says of the machine: SMMUs, root ports, switches, devices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/scenario/place.h"
#include "tlm/base/time.h"

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

}  // namespace drydock::scenario
