// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/tree.h"

#include <algorithm>
#include <utility>

#include "platform/devices/description.h"
#include "tlm/pcie/caps/acs.h"

namespace drydock::scenario {
namespace {

/// What Linux asks of every port on the way (REQ_ACS_FLAGS). A root port needs none: whatever comes
/// up goes to the SMMU.
bool isolates(std::uint16_t acs) {
    using v = pcie::acs_view;
    constexpr std::uint16_t needed = v::source_validation | v::request_redirect |
                                     v::completion_redirect | v::upstream_forwarding;
    return (acs & needed) == needed;
}

base::routing_id on_bus(unsigned bus, unsigned device) {
    return base::routing_id{static_cast<std::uint16_t>(bus << 8 | device << 3)};
}

/// Numbers buses as software does: each port takes the next number for the bus below it, and what
/// lies there is numbered before the next port is looked at.
struct walk {
    explicit walk(unsigned for_slot) : kept(for_slot) {}
    std::vector<leaf> found;
    std::vector<crowded_slot> crowded;
    std::vector<std::pair<const scenario::port*, base::routing_id>> ports;
    unsigned next_bus = 1;
    unsigned kept;  ///< buses, for each slot

    /// Software keeps the buses that all possible virtual functions need.
    void function(const scenario::device& d, unsigned bus, leaf l) {
        const unsigned id = bus << 8 | d.number;
        l.device = &d;
        l.id = base::routing_id{static_cast<std::uint16_t>(id)};
        found.push_back(l);
        if (!d.description->sriov) return;
        const auto& s = *d.description->sriov;
        next_bus =
            std::max(next_bus, ((id + s.first_offset + (s.total_vfs - 1) * s.stride) >> 8) + 1);
        for (const scenario::device& vf : d.vfs) {
            l.device = &vf;
            l.id = base::routing_id{
                static_cast<std::uint16_t>(id + s.first_offset + (vf.vf - 1) * s.stride)};
            found.push_back(l);
        }
    }
    /// @param at  what all functions there have in common
    void port(const scenario::port& p, leaf at, base::routing_id id) {
        ports.emplace_back(&p, id);
        const unsigned bus = next_bus++;
        at.port = &p;
        const bool within = std::exchange(at.in_slot, at.in_slot || p.hotplug);
        const unsigned for_slot = within ? 1 : kept;
        at.absent |= p.slot_empty;
        if (p.device) {
            at.whole = &*p.device;
            function(*p.device, bus, at);
            for (const scenario::device& d : p.device->functions) function(d, bus, at);
        }
        if (p.below) switch_below(p, at);
        if (!p.hotplug) return;
        if (p.slot_empty && next_bus - bus > for_slot)
            crowded.push_back({&p, next_bus - bus, within});
        next_bus = std::max(next_bus, bus + for_slot);
    }
    void switch_below(const scenario::port& p, leaf at) {
        const unsigned between = next_bus++;  // upstream and downstream ports
        unsigned device = 0;
        at.behind_switch = true;
        if (at.shares_below.empty() && !isolates(p.below->acs)) at.shares_below = p.name;
        for (const scenario::port& down : p.below->ports) port(down, at, on_bus(between, device++));
    }
};

walk whole(const machine& m) {
    walk w(m.hotplug_buses);
    for (unsigned root = 0; root < m.ports.size(); ++root) {
        leaf at;
        at.root = root;
        w.port(m.ports[root], at, on_bus(0, root + 1));
    }
    return w;
}

}  // namespace

std::vector<leaf> leaves(const machine& m) { return whole(m).found; }
std::vector<crowded_slot> crowded_slots(const machine& m) { return whole(m).crowded; }

std::optional<std::uint32_t> stream_of(const smmu& s, unsigned rid) {
    if (s.stream_ids.empty()) return rid;
    for (const stream_range& m : s.stream_ids)
        if (rid >= m.rid && rid - m.rid < m.count) return m.sid + (rid & m.mask) - (m.rid & m.mask);
    return std::nullopt;
}

std::vector<requesters> requesters_of(const machine& m, unsigned root) {
    constexpr unsigned functions = 8, functions_of_a_bus = 256;
    walk w(m.hotplug_buses);
    unsigned first = w.next_bus;
    for (unsigned n = 0; n <= root; ++n) {
        first = w.next_bus;
        w.port(m.ports[n], leaf{}, on_bus(0, n + 1));
    }
    return {{(root + 1) * functions, functions},
            {first * functions_of_a_bus, (w.next_bus - first) * functions_of_a_bus}};
}

std::vector<std::pair<const port*, base::routing_id>> port_ids(const machine& m) {
    return whole(m).ports;
}
unsigned buses(const machine& m) { return whole(m).next_bus - 1; }

}  // namespace drydock::scenario
