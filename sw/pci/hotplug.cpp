// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/hotplug.h"

#include <linux/pci_regs.h>

#include <utility>

#include "sw/pci/secondary_bus.h"

namespace drydock::sw {

namespace {

constexpr hal::duration attention_window = 5000ms, command_limit = 1000ms, power_off_pause = 1000ms;
constexpr hal::duration after_link_up = 100ms;
constexpr u16 events_of_slot = PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_PDC |
                               PCI_EXP_SLTSTA_CC | PCI_EXP_SLTSTA_DLLSC;
constexpr u16 changes = PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC;
constexpr u16 power_on = PCI_EXP_SLTCTL_PWR_IND_ON, power_blinks = PCI_EXP_SLTCTL_PWR_IND_BLINK,
              power_off = PCI_EXP_SLTCTL_PWR_IND_OFF, attention_off = PCI_EXP_SLTCTL_ATTN_IND_OFF;

}  // namespace

hotplug_service::hotplug_service(const pci_host& host, pci_dev& port, dpc_service* dpc,
                                 hotplug_owner& owner, unsigned cpu)
    : host_(host),
      port_(port),
      dpc_(dpc),
      owner_(owner),
      cpu_(cpu),
      serving_(port.k, "pciehp(" + port.dev.name + ")"),
      completed_(port.k, "pciehp_command(" + port.dev.name + ")"),
      window_(port.k, "pciehp_button(" + port.dev.name + ")"),
      ist_("pciehp(" + port.dev.name + ")", [this] { thread(); }),
      window_work_("pciehp_button(" + port.dev.name + ")", [this] { button_window(); }) {}

u16 hotplug_service::status() const {
    return pci_read_config_word(port_, port_.pcie_cap + PCI_EXP_SLTSTA);
}

unsigned hotplug_service::message_number() const {
    return (pci_read_config_word(port_, port_.pcie_cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_IRQ) >> 9;
}

void hotplug_service::enable() {
    capabilities_ = pci_read_config_dword(port_, port_.pcie_cap + PCI_EXP_SLTCAP);
    const u16 seen = status();
    pci_write_config_word(port_, port_.pcie_cap + PCI_EXP_SLTSTA, events_of_slot);
    state_ = seen & PCI_EXP_SLTSTA_PDS ? state::on : state::off;
    // With a button presence alone means nothing: somebody is still at the slot.
    const u16 presence = has(PCI_EXP_SLTCAP_ABP) ? PCI_EXP_SLTCTL_ABPE : PCI_EXP_SLTCTL_PDCE;
    const u16 answers = has(PCI_EXP_SLTCAP_NCCS) ? u16{0} : u16{PCI_EXP_SLTCTL_CCIE};
    const auto enables =
        static_cast<u16>(presence | answers | PCI_EXP_SLTCTL_HPIE | PCI_EXP_SLTCTL_DLLSCE);
    command(enables, enables);
}

// -- interrupt --

bool hotplug_service::irq() {
    u16 seen = status();
    if (seen == 0xffff) return false;
    u16 events = 0;
    // An event during the clearing of another one raises no message: look until there is none.
    for (; (seen & events_of_slot) != 0; seen = status()) {
        events |= seen & events_of_slot;
        pci_write_config_word(port_, port_.pcie_cap + PCI_EXP_SLTSTA, seen & events_of_slot);
    }
    if (events & PCI_EXP_SLTSTA_CC) {
        command_busy_ = false;
        completed_.wake_all();
    }
    pending_ |= events & ~u32{PCI_EXP_SLTSTA_CC};
    return events != 0;
}

void hotplug_service::request(u32 event) {
    pending_ |= event;
    port_.k.schedule_work(ist_, cpu_);
}

void hotplug_service::thread() {
    if (pending_ == 0) return;
    guard hold(serving_);
    u32 events = std::exchange(pending_, 0);
    if (events & PCI_EXP_SLTSTA_ABP) button_pressed();
    if ((events & PCI_EXP_SLTSTA_DLLSC) && state_ == state::on && dpc_ &&
        dpc_->recovered_lately()) {
        events &= ~u32{PCI_EXP_SLTSTA_DLLSC};
        ignore_link_change();
    }
    if (events & disable_requested)
        disable(true);
    else if (events & (changes | enable_requested))
        presence_or_link_changed(events);
}

/// Containment has taken the link down and recovery has brought it back: no card was pulled.
void hotplug_service::ignore_link_change() {
    ++count_.ignored_for_dpc;
    port_.k.log(5, "link down and up ignored, recovered by DPC", port_.rid());
    pending_ &= ~u32{PCI_EXP_SLTSTA_DLLSC};
    pci_write_config_word(port_, port_.pcie_cap + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_DLLSC);
    // What was ignored may have been the link going down for good.
    if (!pcie_link_active(port_)) request(PCI_EXP_SLTSTA_DLLSC);
}

void hotplug_service::presence_or_link_changed(u32 events) {
    switch (state_) {
        case state::blinking_off:
        case state::on:
            if (events & changes) {
                port_.k.log(5, events & PCI_EXP_SLTSTA_DLLSC ? "link down" : "card not present",
                            port_.rid());
                disable(false);
            }
            break;
        default:
            break;
    }
    const bool present = status() & PCI_EXP_SLTSTA_PDS, up = pcie_link_active(port_);
    if (!present && !up) {
        if (state_ == state::blinking_on) {
            state_ = state::off;
            indicate(power_off, attention_off);
            window_.wake_all();
        }
        return;
    }
    if (state_ == state::off || state_ == state::blinking_on) enable_slot();
}

// -- commands to the slot --

/// One at a time: the slot says when it has carried one out.
void hotplug_service::command(u16 set, u16 mask) {
    if (!has(PCI_EXP_SLTCAP_NCCS) &&
        !completed_.wait([this] { return !command_busy_; }, port_.k.now() + command_limit)) {
        ++count_.command_timeouts;
        port_.k.log(4, "timeout on hotplug command", port_.rid());
    }
    const auto next = static_cast<u16>((control_ & ~mask) | (set & mask));
    control_ = next;
    command_busy_ = !has(PCI_EXP_SLTCAP_NCCS);
    pci_write_config_word(port_, port_.pcie_cap + PCI_EXP_SLTCTL, next);
}

void hotplug_service::indicate(u16 power_indicator, u16 attention) {
    command(static_cast<u16>(power_indicator | attention), PCI_EXP_SLTCTL_PIC | PCI_EXP_SLTCTL_AIC);
}

void hotplug_service::power(bool on) {
    if (!has(PCI_EXP_SLTCAP_PCP)) return;
    command(on ? u16{0} : u16{PCI_EXP_SLTCTL_PCC}, PCI_EXP_SLTCTL_PCC);
}

// -- the button --

void hotplug_service::button_pressed() {
    switch (state_) {
        case state::on:
        case state::off:
            state_ = state_ == state::on ? state::blinking_off : state::blinking_on;
            indicate(power_blinks, attention_off);
            window_ends_ = port_.k.now() + attention_window;
            return port_.k.schedule_work(window_work_, cpu_);
        case state::blinking_off:
        case state::blinking_on:  // the second press takes the first one back
            state_ = state_ == state::blinking_off ? state::on : state::off;
            indicate(state_ == state::on ? power_on : power_off, attention_off);
            return window_.wake_all();
        default:
            return;
    }
}

/// Waits for the window to end, or for the press to be taken back.
void hotplug_service::button_window() {
    const auto blinks = [this] {
        return state_ == state::blinking_on || state_ == state::blinking_off;
    };
    window_.wait([&] { return !blinks(); }, window_ends_);
    if (!blinks()) return;
    request(state_ == state::blinking_off ? disable_requested : enable_requested);
}

// -- reset --

int hotplug_service::reset_slot() {
    const u16 presence = has(PCI_EXP_SLTCAP_ABP) ? u16{0} : u16{PCI_EXP_SLTCTL_PDCE};
    const auto enables = static_cast<u16>(PCI_EXP_SLTCTL_DLLSCE | presence);
    command(0, enables);
    const int rc = pci_bridge_secondary_bus_reset(host_, port_);
    pci_write_config_word(port_, port_.pcie_cap + PCI_EXP_SLTSTA, changes);
    command(enables, enables);
    return rc;
}

// -- removal and addition --

void hotplug_service::disable(bool safe) {
    call_scope call(port_.k, "pciehp_disable_slot", port_.rid());
    if (safe && state_ != state::blinking_off) return;
    state_ = state::power_off;
    window_.wake_all();
    ++(safe ? count_.orderly_removals : count_.surprise_removals);
    owner_.remove_below(port_, !safe);
    if (has(PCI_EXP_SLTCAP_PCP)) {
        power(false);
        port_.k.sleep(power_off_pause);
        // What taking the power away has caused.
        pending_ &= ~u32{changes};
        pci_write_config_word(port_, port_.pcie_cap + PCI_EXP_SLTSTA, changes);
    }
    indicate(power_off, attention_off);
    state_ = state::off;
}

void hotplug_service::enable_slot() {
    call_scope call(port_.k, "pciehp_enable_slot", port_.rid());
    state_ = state::power_on;
    window_.wake_all();
    power(true);
    indicate(power_blinks, attention_off);
    if (pcie_wait_for_link(port_, true)) {
        port_.k.sleep(after_link_up);
        pending_ &= ~u32{changes};  // of the coming up itself
        if (owner_.add_below(port_)) {
            ++count_.additions;
            indicate(power_on, attention_off);
            state_ = state::on;
            call.result(0);
            return;
        }
    }
    port_.k.log(3, "no device answers in the slot", port_.rid());
    power(false);
    indicate(power_off, attention_off);
    state_ = state::off;
    call.result(-ENODEV);
}

}  // namespace drydock::sw
