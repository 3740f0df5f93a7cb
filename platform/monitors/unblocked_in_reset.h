// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// A function that is being reset is translated again: software attaches it to a domain that does
/// not block while another prepare() for it awaits its done(), between the reset (r0) and the
/// function's first answer (r1), or while a device specific reset is at work; or an access of it is
/// performed between prepare() and done().
class unblocked_in_reset final : public monitor {
public:
    explicit unblocked_in_reset(reporter& r);

private:
    struct device {
        bool quarantining = false;     // prepare() is called without a reset
        std::uint32_t prepared = 0;    // calls of prepare() that no done() has answered
        std::uint32_t specific = 0;    // device specific resets at work
        std::uint64_t blocked_by = 0;  // domain with tables that blocks it; 0: none
        bool not_ready = false;        // r0 .. r1
        bool watched() const { return prepared != 0 || specific != 0 || not_ready; }
    };
    void on_event(const base::event& e) override;
    void call(const base::event& e, bool begins);
    void hit(const base::event& e, std::uint64_t function, std::uint64_t rule, std::string what);
    template <class Change>
    void change(std::uint64_t function, Change&& c);

    waves::flat_map<std::uint64_t, device> devices_;  // by function
    std::uint64_t watched_ = 0;
    std::uint32_t done_, old_done_, specific_, quarantine_, blocked_, p4_, r0_, r1_;
};

}  // namespace drydock::monitors
