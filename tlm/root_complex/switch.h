// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tlm/root_complex/intx_collector.h"
#include "tlm/root_complex/switch_port.h"

namespace drydock::root_complex {

/// A switch: an upstream port, downstream ports as devices 0, 1, ... of the bus between them, and
/// what passes from one to another: memory requests by address, configuration requests and
/// completions by ID, messages by their routing. What has no home is UR (non-posted) or dropped
/// (posted). Between downstream ports requests pass directly where ACS does not redirect or block
/// them.
///
/// A TLP keeps its buffer at the port where it came in until it has left: credits come back then.
/// Where several ingresses want one egress at once, the context's chooser decides, by default in
/// turn.
class pcie_switch final : public sc_core::sc_module, private switch_port_owner {
public:
    /// @throws std::invalid_argument for no or too many ports
    pcie_switch(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                const switch_config& config);

    pcie::upstream_socket& upstream() { return ports_[0]->upstream(); }
    unsigned downstream_ports() const { return static_cast<unsigned>(ports_.size()) - 1; }
    pcie::downstream_socket& downstream(unsigned n) { return ports_[n + 1]->downstream(); }
    /// 0: upstream; n + 1: downstream port n.
    switch_port& port(unsigned number) { return *ports_[number]; }
    /// PERST# or no power: nothing of any register is left, the links below stay down meanwhile.
    /// @pre its link is down
    void set_fundamental_reset(bool asserted);

    struct counters {
        /// Memory requests to another downstream port: passed directly, sent up because ACS says
        /// so.
        std::uint64_t peer_direct = 0, peer_redirected = 0;
        std::uint64_t acs_violations = 0;
    };
    const counters& count() const { return count_; }

private:
    static constexpr std::uint8_t nowhere = UINT8_MAX;

    // from the ports
    void arrived(unsigned from, pcie::tlp_ptr t) override;
    void undeliverable(unsigned ingress, unsigned to, pcie::tlp_ptr t) override;
    void left(unsigned ingress, unsigned vc, pcie::fc_class c, std::uint32_t data) override;
    using switch_port_owner::left;
    void report(unsigned port, pcie::msg_code code) override;
    void interrupt(unsigned port, std::uint64_t address, std::uint32_t data) override;
    void own_intx(unsigned port, bool asserted) override;
    void link_changed(unsigned port, bool up) override;
    void registers_changed(unsigned port) override;
    std::string_view ingress_name(unsigned ingress) const override;

    // the ways (switch_routing.cpp)
    void route_memory(unsigned from, pcie::tlp_ptr t);
    void route_completion(unsigned from, pcie::tlp_ptr t);
    void route_message(unsigned from, pcie::tlp_ptr t);
    void message_to_root(unsigned from, pcie::tlp_ptr t);
    void message_by_id(unsigned from, pcie::tlp_ptr t);
    void message_to_all(unsigned from, pcie::tlp_ptr t);
    void message_here(unsigned from, pcie::tlp_ptr t);
    void intx_message(unsigned from, pcie::tlp_ptr t);
    /// Tells edges of the wires above.
    void tell_intx(std::uint8_t changed);
    void power_off_acknowledged(unsigned from, pcie::tlp_ptr t);
    /// Port `from` owes no PME_TO_Ack any more; after the last one the switch sends its own.
    void power_off_done(unsigned from);
    /// The downstream port whose window holds the range.
    std::optional<unsigned> port_of(std::uint64_t address, std::uint64_t bytes) const;
    std::optional<unsigned> port_of_bus(std::uint8_t bus) const;
    /// Whether the upstream port lets pass what the port below it sends towards the root.
    bool passes_error(unsigned from, pcie::msg_code code);

    // configuration requests (switch_configuration.cpp)
    void configure(unsigned from, pcie::tlp_ptr t);
    void configure_below(pcie::tlp_ptr t);
    void access(unsigned function, pcie::tlp_ptr t);

    void forward(unsigned from, unsigned to, pcie::tlp_ptr t);
    /// Unsupported Request, logged by port `at`: answered if non-posted, else dropped.
    void refuse(unsigned at, unsigned from, pcie::tlp_ptr t, std::uint32_t reason);
    /// AtomicOp or prefixed TLP that port `to` does not let out: UR, or dropped.
    void block(unsigned to, unsigned from, pcie::tlp_ptr t, pcie::error why);
    /// ACS Violation at downstream port `from`: Completer Abort, or dropped.
    void violate(unsigned from, pcie::tlp_ptr t);
    /// A TLP that ends at port `at` has a wrong ECRC there: logged and dropped, without an answer
    /// (choice). @return false: it has not, or nobody looks
    bool ends_by_ecrc(unsigned at, unsigned from, pcie::tlp_ptr& t);
    void drop(unsigned at, unsigned from, pcie::tlp_ptr t, std::uint32_t reason);
    /// What the switch itself sends out of `to`.
    void send_own(unsigned to, pcie::tlp_ptr t);
    unsigned own() const { return static_cast<unsigned>(ports_.size()); }
    pcie::tlp_ptr answer(unsigned function, const pcie::tlp& request, pcie::cpl_status status);
    void reset_all(pcie::reset_kind kind);
    void reset_below(pcie::reset_kind kind);
    void hold_below(link_hold why, bool on);

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    std::vector<std::unique_ptr<switch_port>> ports_;  ///< 0: upstream
    std::array<std::uint8_t, 256> bus_to_port_;
    std::uint64_t lowest_ = 1, highest_ = 0;  ///< of all windows of downstream ports
    std::uint64_t power_off_open_ = 0;        ///< ports that owe a PME_TO_Ack
    intx_collector intx_;
    bool bus_reset_ = false;
    counters count_;
    std::uint32_t reason_malformed_, reason_refused_, reason_not_routed_, reason_link_down_,
        reason_masked_, reason_acs_, reason_contained_, reason_ecrc_, reason_blocked_;
};

}  // namespace drydock::root_complex
