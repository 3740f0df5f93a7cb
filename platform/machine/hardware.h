// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/hal/hal_systemc.h"
#include "platform/machine/blocks.h"
#include "platform/machine/root_blocks.h"
#include "platform/machine/smmu_seat.h"
#include "platform/scenario/scenario.h"
#include "tlm/base/context.h"
#include "tlm/base/timeline_kernel.h"
#include "tlm/endpoint/device.h"
#include "tlm/pcie/link.h"
#include "tlm/root_complex/root_complex.h"
#include "tlm/root_complex/switch.h"
#include "tlm/system/bus.h"
#include "tlm/system/interrupt_controller.h"
#include "tlm/system/memory.h"

namespace drydock::machine {

/// Where everything lies on the CPU's bus.
struct address_map {
    base::phys_addr ram{0x4000'0000};
    std::uint64_t ram_bytes = std::uint64_t{1} << 30;
    base::phys_addr smmu{0x0900'0000};
    static constexpr std::uint64_t smmu_bytes = 128 * 1024;  ///< of each; the next lies behind it
    base::phys_addr msi_frame{0x0808'0000};
    std::uint64_t msi_frame_bytes = 64 * 1024;
    base::phys_addr ecam{0x40'1000'0000};
    std::uint64_t ecam_bytes = std::uint64_t{256} << 20;
    base::phys_addr mmio32{0x1000'0000};
    std::uint64_t mmio32_bytes = 0x3000'0000;
    base::phys_addr mmio64{0x80'0000'0000};
    std::uint64_t mmio64_bytes = std::uint64_t{64} << 30;
};

/// A function in its place of the tree.
struct seat {
    std::string name;            ///< the scenario's
    std::string port;            ///< above it: "rp0", "rp0_dsp1"
    base::routing_id id{};       ///< as enumeration finds it
    unsigned queue_depth = 0;    ///< of Invalidate Requests; 0: no ATS
    pcie::link* link = nullptr;  ///< of its device
    endpoint::endpoint* device = nullptr;
    bool first = true;    ///< function 0: of a device's functions the one that stands for the link
    bool absent = false;  ///< when the machine boots
};

/// A device and the link above it.
struct link_end {
    std::string port;  ///< above it
    std::unique_ptr<pcie::link> link;
    std::unique_ptr<endpoint::device> device;
};

/// A switch and the link above it.
struct junction {
    std::string port;  ///< above it
    std::unique_ptr<pcie::link> link;
    std::unique_ptr<root_complex::pcie_switch> at;
};

class hardware;

/// INTx wires of the root complex to the interrupt controller.
class intx_lines final : public root_complex::root_complex::intx_sink {
public:
    explicit intx_lines(system::interrupt_controller& to) : to_(to) {}
    void intx(unsigned line, bool level) override { to_.set_line(line, level); }

private:
    system::interrupt_controller& to_;
};

/// What is in a slot, as its power comes and goes: without power it is in reset and keeps nothing.
class card final : root_complex::slot_adapter, base::timeline_client {
public:
    /// @param empty  from the start on nothing is in it
    card(base::context& ctx, hardware& h, std::string port, bool empty);
    /// Out of the slot: the link is gone before the slot notices, if it does.
    void pull(bool noticed);
    void insert();
    void press_button();
    const std::string& port() const { return port_; }

private:
    void powered(bool on) override;
    void on_time(std::uint64_t) override;

    hardware& machine_;
    std::string port_;
    root_complex::port_slot& slot_;
};

/// All hardware of a run, bound together, and the doors that software reaches it by.
class hardware {
public:
    /// Reads and declares the parameters of every component in ctx.parameters.
    /// @throws std::invalid_argument for a parameter outside its range
    hardware(base::context& ctx, const scenario::run& run, hal_systemc::steering* steering);
    ~hardware();
    hardware(const hardware&) = delete;
    hardware& operator=(const hardware&) = delete;

    const address_map& map() const { return map_; }
    base::timeline_kernel& kernel() { return kernel_; }
    hal_systemc::hal_systemc& hal() { return *hal_; }
    system::memory& memory() { return *memory_; }
    const std::vector<smmu_seat>& smmus() const { return smmus_; }
    /// The SMMU that translates for a function.
    const smmu_seat& smmu_of(base::routing_id) const;
    /// For each Requester ID the SMMU, by its place in smmus(), and the StreamID there.
    const std::vector<sw::iort_mapping>& id_mappings() const { return id_mappings_; }
    root_complex::root_complex& rc() { return *rc_; }
    root_blocks& blocks_at_root() { return root_blocks_; }
    const std::vector<seat>& seats() const { return seats_; }
    const std::vector<junction>& junctions() const { return junctions_; }
    seat& seat_of(const std::string& device);

    /// The link below a port of the tree, by the port's name; null: there is none.
    pcie::link* link_below(std::string_view port);
    /// Configuration space of a port of the tree.
    /// Null: the tree has no such port. Ports of switches have the way in their names.
    root_complex::root_port* root_port_named(std::string_view name);
    root_complex::switch_port* switch_port_named(std::string_view name);
    pcie::tlp_pool& tlps() { return tlps_; }
    /// Sees the TLPs of every link; null: nobody.
    void tap_links(pcie::tlp_tap* t);
    /// What blocks of rtl and in lockstep did.
    const block_maker& blocks() const { return *blocks_; }
    pcie::config_space& port(const std::string& name) { return *ports_.at(name); }
    /// What is or will be in a port's slot; null if it has none.
    card* card_of(std::string_view port);
    root_complex::port_slot* slot(std::string_view port);
    /// PERST# at a port, given and taken back.
    void fundamental_reset(std::string_view port);
    /// PERST# of all that is below a port, links included. @pre asserted: the link below it is down
    void set_reset_below(std::string_view port, bool asserted);
    /// All that is below a port is replaced by its like. @pre the link below it is down
    void renew_below(std::string_view port);
    /// Names of all ports of the tree.
    std::vector<std::string> port_names() const;

    /// After enumeration: the SMMU learns each function's invalidate queue depth.
    /// @throws std::logic_error if software has numbered the buses otherwise than the tree says
    void enumerated();
    /// @throws std::logic_error if a TLP is still out though nothing is under way
    std::size_t tlps_in_use() const { return tlps_.in_use(); }

private:
    void build_device(const scenario::port& port, std::unique_ptr<pcie::link> link);
    void build_below(const scenario::run& run, const scenario::port& port,
                     pcie::downstream_socket& above, bool at_root);
    void bind();
    void bind_ways(smmu_seat& s);
    void fill_slots(const std::vector<scenario::port>& ports);

    base::context& ctx_;
    unsigned run_cpus_;
    address_map map_;
    std::unique_ptr<block_maker> blocks_;  // outlives the blocks
    pcie::tlp_pool tlps_;                  // outlives everything that holds TLPs
    root_blocks root_blocks_;              // outlives the blocks that it makes
    base::timeline_kernel kernel_;
    std::unique_ptr<system::bus> bus_;
    std::unique_ptr<system::memory> memory_;
    std::unique_ptr<system::interrupt_controller> interrupts_;
    std::unique_ptr<intx_lines> intx_;
    std::vector<smmu_seat> smmus_;
    std::vector<sw::iort_mapping> id_mappings_;
    std::unique_ptr<root_complex::root_complex> rc_;
    std::vector<link_end> ends_;
    std::vector<seat> seats_;
    std::vector<junction> junctions_;
    std::vector<std::unique_ptr<card>> cards_;
    std::map<std::string, pcie::config_space*> ports_;
    std::unique_ptr<hal_systemc::hal_systemc> hal_;
};

}  // namespace drydock::machine
