// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/kernel/work.h"
#include "sw/pci/dpc.h"

namespace drydock::sw {

/// What hot-plug asks of whoever owns the bus and its drivers. From a task.
struct hotplug_owner {
    /// Unbinds the drivers of everything below the port and forgets it.
    /// @param gone nothing below answers any more: it is not asked
    virtual void remove_below(pci_dev& port, bool gone) = 0;
    /// Finds and binds what is below the port now. @return whether there is something
    virtual bool add_below(pci_dev& port) = 0;

protected:
    ~hotplug_owner() = default;
};

/// Hot-plug service of a port with a slot (Linux: drivers/pci/hotplug/pciehp*.c).
class hotplug_service {
public:
    /// @param dpc the port's, null if it has none
    hotplug_service(const pci_host& host, pci_dev& port, dpc_service* dpc, hotplug_owner& owner,
                    unsigned cpu);

    void enable();
    bool irq();     ///< @return it was its own
    void thread();  ///< Linux: pciehp_ist()
    unsigned message_number() const;
    /// Secondary bus reset that is no event of the slot (Linux: pciehp_reset_slot). @return 0 or
    /// -ENOTTY
    int reset_slot();

    enum class state : u8 { off, blinking_on, blinking_off, power_on, power_off, on };
    state now() const { return state_; }

    struct counters {
        u64 surprise_removals = 0, orderly_removals = 0, additions = 0, ignored_for_dpc = 0,
            command_timeouts = 0;
    };
    const counters& count() const { return count_; }

private:
    static constexpr u32 disable_requested = 1u << 16, enable_requested = 1u << 17;

    u16 status() const;
    bool has(u32 capability) const { return capabilities_ & capability; }
    void request(u32 event);
    void command(u16 set, u16 mask);
    void indicate(u16 power, u16 attention);
    void button_pressed();
    void button_window();
    void presence_or_link_changed(u32 events);
    void ignore_link_change();
    void disable(bool safe);
    void enable_slot();
    void power(bool on);

    const pci_host& host_;
    pci_dev& port_;
    dpc_service* dpc_;
    hotplug_owner& owner_;
    unsigned cpu_;
    u32 capabilities_ = 0;
    state state_ = state::on;
    u32 pending_ = 0;
    u16 control_ = 0;
    bool command_busy_ = false;
    hal::time_point window_ends_{};
    mutex serving_;
    wait_queue completed_, window_;
    work ist_, window_work_;
    counters count_;
};

}  // namespace drydock::sw
