// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "tlm/pcie/config_space.h"
#include "tlm/pcie/routing.h"
#include "tlm/pcie/tlp.h"
#include "tlm/root_complex/bridge_windows.h"

namespace drydock::root_complex {

/// Access Control Services of a downstream port, as they judge what comes up through it (PCIe
/// 6.12.1). Completions are never blocked.
class access_control {
public:
    enum class way : std::uint8_t {
        direct,    ///< to the peer that it names
        upstream,  ///< redirected: whoever is above decides
        violation
    };

    /// Looks at the registers; again whenever they change.
    void decode(pcie::config_space& space) {
        pcie::acs_view acs = space.acs();
        enabled_ = acs.enabled();
        for (unsigned n = 0; n < vector_.size(); ++n)
            vector_[n] = acs.present() && acs.egress_blocked(n);
    }

    /// Source Validation and Translation Blocking: whether a request may enter at all.
    bool admits(const pcie::tlp& t, const bridge_windows& below) const {
        using v = pcie::acs_view;
        if (t.is_completion()) return true;
        if (on(v::source_validation) && !below.has_bus(pcie::bus_of(t.requester))) return false;
        const bool memory = t.type == pcie::tlp_type::mrd || t.type == pcie::tlp_type::mwr;
        return !(on(v::translation_blocking) && memory && t.at != base::address_type::untranslated);
    }

    /// A request to another downstream port of the switch, by its Port Number. Egress Control
    /// alone blocks, with Request Redirect it names those that are redirected.
    way of_request(const pcie::tlp& t, unsigned peer) const {
        using v = pcie::acs_view;
        if (on(v::direct_translated) && t.at == base::address_type::translated) return way::direct;
        const bool named = peer < vector_.size() && vector_[peer];
        if (on(v::egress_control)) {
            if (!named) return way::direct;
            return on(v::request_redirect) ? way::upstream : way::violation;
        }
        return on(v::request_redirect) ? way::upstream : way::direct;
    }
    /// A completion to another downstream port: without Relaxed Ordering it stays behind what was
    /// redirected.
    way of_completion(const pcie::tlp& t) const {
        const bool redirect = on(pcie::acs_view::completion_redirect) && !t.relaxed_ordering;
        return redirect ? way::upstream : way::direct;
    }
    /// What names the port's own side: was redirected further down.
    bool forwards_upstream() const { return on(pcie::acs_view::upstream_forwarding); }

private:
    bool on(std::uint16_t service) const { return (enabled_ & service) != 0; }

    std::uint16_t enabled_ = 0;
    std::array<bool, 33> vector_{};  ///< Egress Control Vector, by Port Number
};

}  // namespace drydock::root_complex
