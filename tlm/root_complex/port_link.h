// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tlm/base/context.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/link_training.h"

namespace drydock::root_complex {

/// Who keeps a link from training.
enum class link_hold : std::uint8_t {
    disabled = 1,
    secondary_bus_reset = 2,
    containment = 4,
    empty_slot = 8,  ///< no adapter, or none with power
    fundamental_reset = 16,
    reset_above = 32  ///< hot reset that a switch passes on
};

struct port_link_owner {
    /// The port takes the link up or down.
    virtual void drive_link(bool up) = 0;
    /// DL_Active as TLPs see it has changed.
    virtual void link_is(bool up) = 0;
    /// Data Link Layer Link Active, as software reads it, has changed.
    virtual void link_active_changed() = 0;

protected:
    ~port_link_owner() = default;
};

/// The link of a downstream port at TLM level: held down, training, active; Link Status of the
/// port. A hold stops TLPs at once; DLLLA follows after link_times::down_visible; when the last
/// hold is gone Detect to L0 takes link_times::training. Link Training reads 1 then, and in
/// Recovery.
class port_link final : base::timeline_client {
public:
    port_link(base::context& ctx, const std::string& name, pcie::config_space& space, unsigned gen,
              unsigned width, const pcie::link_times& times, port_link_owner& owner);

    void hold(link_hold why);
    void let_go(link_hold why);
    void set_hold(link_hold why, bool on) { on ? hold(why) : let_go(why); }
    /// The link itself says so. @return true: it went down, and no hold was the cause
    bool changed(bool up);
    /// The link is in Recovery, or is so no more.
    void set_recovery(bool on);
    bool up() const { return up_; }

private:
    enum op : std::uint64_t { show_inactive, trained };
    void on_time(std::uint64_t what) override;
    void show(bool active);
    void set_up(bool up);

    base::context& ctx_;
    pcie::config_space& space_;
    unsigned gen_, width_;
    pcie::link_times times_;
    port_link_owner& owner_;
    base::timeline::client_id client_;
    base::timeline::handle visible_, training_;
    std::uint8_t holds_ = 0;
    bool up_ = true, shown_ = true, recovery_ = false;
};

}  // namespace drydock::root_complex
