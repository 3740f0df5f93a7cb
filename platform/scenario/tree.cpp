// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/tree.h"

#include <algorithm>

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

/// Numbers buses as software does: each port takes the next number for the bus below it, and what
/// lies there is numbered before the next port is looked at.
struct walk {
    std::vector<leaf> found;
    unsigned next_bus = 1;

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
    void port(const scenario::port& p, unsigned root, bool behind_switch,
              const std::string& shared) {
        const unsigned bus = next_bus++;
        if (p.device) {
            const leaf as_is{nullptr, &*p.device, &p, root, behind_switch, {}, shared};
            function(*p.device, bus, as_is);
            for (const scenario::device& d : p.device->functions) function(d, bus, as_is);
        }
        if (!p.below) return;
        ++next_bus;  // between upstream and downstream ports
        const std::string& here = shared.empty() && !isolates(p.below->acs) ? p.name : shared;
        for (const scenario::port& down : p.below->ports) port(down, root, true, here);
    }
};

walk whole(const machine& m) {
    walk w;
    for (unsigned root = 0; root < m.ports.size(); ++root) w.port(m.ports[root], root, false, "");
    return w;
}

}  // namespace

std::vector<leaf> leaves(const machine& m) { return whole(m).found; }
unsigned buses(const machine& m) { return whole(m).next_bus - 1; }

}  // namespace drydock::scenario
