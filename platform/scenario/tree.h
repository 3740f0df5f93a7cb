// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/scenario/scenario.h"
#include "tlm/base/ids.h"

namespace drydock::scenario {

/// A function in its place in the tree.
struct leaf {
    const scenario::device* device = nullptr;  ///< the function
    const scenario::device* whole = nullptr;   ///< function 0 of its device
    const scenario::port* port = nullptr;      ///< the port right above it
    unsigned root = 0;                         ///< index of the root port at the top
    bool behind_switch = false;
    bool in_slot = false;   ///< comes and goes, perhaps with a switch
    bool absent = false;    ///< in a slot that is empty when the machine boots, or below one
    base::routing_id id{};  ///< as a depth-first enumeration finds it, VFs as the PF places them
    /// The port above the first switch on the way whose ports do not keep those below apart; empty:
    /// the device's IOMMU group is its own (Linux: pci_device_group()).
    std::string shares_below = {};
};

/// All functions, each PF followed by its VFs, in the order of enumeration. They point into m.
std::vector<leaf> leaves(const machine& m);

/// A slot that is empty at first, and what comes into it takes more buses than are kept for it.
struct crowded_slot {
    const scenario::port* port;
    unsigned buses;
    bool within;  ///< below another slot: it has one bus, whatever the software keeps
};
std::vector<crowded_slot> crowded_slots(const machine& m);

/// StreamID of a Requester ID at this SMMU; none: no range has it.
std::optional<std::uint32_t> stream_of(const smmu& s, unsigned rid);

/// Requester IDs whose requests come up through one root port: its own, and those of its buses.
struct requesters {
    unsigned first = 0, count = 0;
};
std::vector<requesters> requesters_of(const machine& m, unsigned root);

/// Routing IDs of all ports that have a link below, as an enumeration finds them.
std::vector<std::pair<const port*, base::routing_id>> port_ids(const machine& m);

/// Buses below the root bus that an enumeration gives out; 255 is all there is.
unsigned buses(const machine& m);

}  // namespace drydock::scenario
