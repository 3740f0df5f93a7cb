// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tlm/base/context.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/errors.h"
#include "tlm/pcie/ring.h"
#include "tlm/root_complex/config.h"
#include "tlm/root_complex/containment_if.h"
#include "tlm/root_complex/rp_pio.h"

namespace drydock::root_complex {

/// What a port does for its Downstream Port Containment.
struct dpc_owner {
    /// Link to Disabled; what waits for it is disposed of by containment_verdict.
    virtual void contain() = 0;
    /// Detect and training may begin.
    virtual void release() = 0;
    virtual void judged_up(pcie::tlp_ptr t, containment_verdict v) = 0;
    virtual void judged_down(pcie::tlp_ptr t, containment_verdict v) = 0;
    /// Int Status and Int Enable went from 0 to 1 together.
    virtual void dpc_interrupt() = 0;
    /// A message of the port itself: the one that containment did not take, or DPC's ERR_COR.
    virtual void own_message(pcie::msg_code code) = 0;

protected:
    ~dpc_owner() = default;
};

/// Downstream Port Containment of a port: the registers of capability 0x001d, what triggers, RP
/// PIO, RP Busy (PCIe DPC). Who starts containment and what it does to each TLP decides the block
/// behind containment_if.
class dpc final : private containment_client, private base::timeline_client {
public:
    dpc(base::context& ctx, const std::string& name, base::place_id place, base::routing_id id,
        const dpc_config& config, pcie::config_space& space, dpc_owner& owner);
    ~dpc() override;

    /// Puts a TLP to the block; it comes back by judged_up or judged_down, in order.
    void judge_up(pcie::tlp_ptr t);
    void judge_down(pcie::tlp_ptr t) { offer(containment_way::down, std::move(t)); }
    /// An own unmasked uncorrectable error; its message is held until the block has decided.
    void own_error(const pcie::logged_error& e);
    /// An error of a CPU's request (with RP Extensions). @return true: the CPU gets an exception
    bool pio_error(pio_space what, pio_failure how, const pcie::tlp& request, bool& system_error);
    bool has_pio() const { return registers().root_port_extensions(); }

    /// The condition of its interrupt.
    bool asks() const { return asked_; }
    bool contained() const { return contained_; }
    /// The disposition of what goes down while contained.
    containment_verdict down_verdict(const pcie::tlp& t) const;
    void config_written(std::uint16_t offset);
    /// DL_Active is 1 again.
    void link_trained();
    void set_message_number(unsigned n);
    unsigned message_number() const;

    struct counters {
        std::uint64_t triggers = 0, ignored = 0, early_releases = 0;
    };
    const counters& count() const { return count_; }

private:
    /// Says that containment comes, where a port can and software wants it, and puts it off.
    /// @return false: it comes now
    bool announce(bool triggers);
    bool would_contain(const containment_trigger& t) const;
    struct pending_trigger {
        containment_trigger what;
        std::optional<pcie::msg_code> message;
    };

    // from the block
    void contained(const containment_trigger& why) override;
    void released() override;
    void release_too_early() override;
    void rp_idle() override;
    void answered(containment_answer a) override;
    void judged(containment_way way, containment_verdict v) override;
    void ready(containment_channel c) override;

    pcie::dpc_view registers() const { return space_.dpc(); }
    /// The notice has run out.
    void on_time(std::uint64_t) override;
    void offer(containment_way way, pcie::tlp_ptr t);
    void feed(containment_way way);
    void trigger(const containment_trigger& t, std::optional<pcie::msg_code> message = {});
    void feed_triggers();
    void control_written();
    void status_written();
    void look();
    void note(const char* text);
    void set_status(std::uint16_t mask, std::uint16_t value);

    base::context& ctx_;
    base::place_id place_;
    base::routing_id id_;
    dpc_config config_;
    pcie::config_space& space_;
    dpc_owner& owner_;
    base::timeline::client_id client_;
    std::unique_ptr<containment_if> block_;
    rp_pio pio_;
    std::array<pcie::ring<pcie::tlp_ptr>, 2> waiting_, offered_;  ///< by containment_way
    pcie::ring<pending_trigger> triggers_;
    bool trigger_offered_ = false;
    bool contained_ = false, asked_ = false, trained_message_due_ = false;
    bool announced_ = false;              ///< what triggers waits until the notice has run out
    pcie::ring<pcie::tlp_ptr> messages_;  ///< likewise
    counters count_;
};

}  // namespace drydock::root_complex
