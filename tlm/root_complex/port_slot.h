// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tlm/base/context.h"
#include "tlm/pcie/config_space.h"
#include "tlm/root_complex/config.h"

namespace drydock::root_complex {

/// What a slot does to its port.
struct port_slot_owner {
    /// An enabled event and Hot-Plug Interrupt Enable went from 0 to 1 together.
    virtual void slot_interrupt() = 0;
    /// The slot has, or has no more, an adapter with power: its link may train or not.
    virtual void slot_serves(bool adapter_with_power) = 0;

protected:
    ~port_slot_owner() = default;
};

/// The adapter in a slot, beside its link. Without power, or out of the slot, it keeps nothing.
struct slot_adapter {
    /// Its link is down when power goes, and has not begun to train when it comes.
    virtual void powered(bool on) = 0;

protected:
    ~slot_adapter() = default;
};

/// The slot of a hot-plug capable port: Slot Capabilities +0x14, Control +0x18, Status +0x1a of the
/// PCI Express capability (PCIe).
class port_slot final : base::timeline_client {
public:
    port_slot(base::context& ctx, const std::string& name, const slot_config& config,
              pcie::config_space& space, port_slot_owner& owner);

    /// Puts Slot Capabilities and Slot Implemented into an image under construction.
    static void describe(pcie::config_image& image, std::uint16_t express_at,
                         const slot_config& config);

    /// An adapter is put in or pulled.
    void set_present(bool present);
    bool present() const { return present_; }
    /// Who is in the slot whenever somebody is. Outlives the slot or is nobody.
    void connect(slot_adapter* a) { adapter_ = a; }
    void press_button() { happen(attention_button); }
    /// Data Link Layer Link Active has changed.
    void link_active_changed() { happen(link_state_changed); }
    /// While muted nothing that happens becomes an event; levels show it.
    void mute(bool on) { muted_ = on; }

    /// Slot Status may have been cleared, enables changed.
    void look();
    /// The condition of its interrupt.
    bool asks() const { return asked_; }
    /// Software has written Slot Control: a command, whatever it changes.
    void control_written();
    /// The port has been reset: Slot Control is as after reset, no command is under way.
    void port_reset();
    void set_message_number(unsigned n);
    unsigned message_number() const;

private:
    // Slot Status; the enables stand at the same places in Slot Control, but for the last.
    static constexpr std::uint16_t attention_button = 1, presence_changed = 8,
                                   command_completed = 0x10, presence = 0x40,
                                   link_state_changed = 0x100;

    void on_time(std::uint64_t) override;
    void happen(std::uint16_t event);
    void serve();
    void carry_out();
    std::uint16_t control() const;

    base::context& ctx_;
    slot_config config_;
    pcie::config_space& space_;
    port_slot_owner& owner_;
    base::timeline::client_id client_;
    base::timeline::handle command_;
    slot_adapter* adapter_ = nullptr;
    bool present_ = true, powered_ = true, muted_ = false, asked_ = false;
    bool serves_ = true;  ///< an adapter with power
};

}  // namespace drydock::root_complex
