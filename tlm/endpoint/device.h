// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "tlm/endpoint/address_map.h"
#include "tlm/endpoint/endpoint.h"
#include "tlm/endpoint/intx_wires.h"
#include "tlm/endpoint/shared_atc.h"
#include "tlm/endpoint/transmitter.h"
#include "tlm/pcie/channel_end.h"
#include "tlm/pcie/sockets.h"

namespace drydock::endpoint {

/// A function of a device as it is to be built.
struct function_config {
    std::string name;     ///< hierarchical; of the only function: the device's
    unsigned number = 0;  ///< 0..7; to 255 where every function has the ARI capability
    endpoint_config config;
    /// Names of its virtual functions, at most TotalVFs of its SR-IOV capability. They are built as
    /// the PF is; `config.image` becomes that of a virtual function.
    std::vector<std::string> vfs;
    bool share_atc = false;  ///< the virtual functions use the PF's ATC
};

/// A device below a link: the end of the link, and the functions behind it. What comes down goes to
/// the function that it names, by Routing ID in O(1), by address in O(log n); what the functions
/// send goes out in the order of their asking. The buffer for what comes down is the device's.
///
/// With several functions header bit 7 is set in all of them, and where they have the ARI
/// capability it leads from one to the next. Virtual functions are there while VF Enable is set.
class device final : public sc_core::sc_module,
                     pcie::tlp_receiver,
                     transmitter::wire,
                     function_owner,
                     shared_atc::directory {
public:
    /// @throws pcie::config_error, std::invalid_argument
    device(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
           const std::vector<function_config>& functions, const atc_maker& make_atc = nullptr);
    /// One function.
    device(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
           const endpoint_config& config, const atc_maker& make_atc = nullptr);

    pcie::upstream_socket port;

    /// Comes out of the box: nothing is left of what it was. @pre its link is down
    void power_cycle() {
        for (const physical& p : physical_) p.function->power_cycle();
        routing_ids_old_ = addresses_old_ = true;
    }
    /// Another device of the same kind has come in its place. @pre its link is down
    void renew() {
        for (endpoint* f : in_order_) f->renew();
        routing_ids_old_ = addresses_old_ = true;
    }
    /// Function 0.
    endpoint& function() { return *functions_.front(); }
    /// In the order of the configuration, each physical one followed by its virtual ones.
    endpoint& function(std::size_t n) { return *in_order_[n]; }
    std::size_t functions() const { return in_order_.size(); }

private:
    struct physical {
        endpoint* function;
        std::uint32_t first_vf;  // index in functions_
        std::uint32_t vfs;       // built
        std::uint32_t active = 0;
        base::routing_id id{};
    };
    static constexpr std::uint16_t nobody = UINT16_MAX;

    void build(base::context& ctx, pcie::tlp_pool& pool,
               const std::vector<function_config>& functions, const atc_maker& make_atc);
    void build_virtual(base::context& ctx, pcie::tlp_pool& pool, const function_config& f,
                       physical& p, const atc_maker& make_atc);

    // tlp_receiver
    void receive(pcie::tlp_ptr t) override;
    void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t data) override {
        tx_.credits(0, c, hdr, data);
    }
    void channel_credits(unsigned vc, pcie::fc_class c, std::uint32_t hdr,
                         std::uint32_t data) override {
        tx_.credits(vc, c, hdr, data);
    }
    void channel_changed(unsigned vc, bool active) override { channels_->set_active(vc, active); }
    void unmapped(const pcie::tlp& t);
    void link_changed(bool up) override;
    void link_error_found(pcie::link_error e) override;
    void put(pcie::tlp_ptr t) override { port.send(std::move(t)); }
    // who is meant (device_routing.cpp)
    endpoint* target_of(pcie::tlp& t);
    endpoint* target_of_config(pcie::tlp& t);
    endpoint* function_at(base::routing_id id);
    atc_if* atc_at(base::routing_id id) override;
    void unclaimed(const pcie::tlp& t);
    void find_routing_ids();
    void find_addresses();
    void function_changed(endpoint& f) override;
    void intx_changed(unsigned pin, bool asserted) override {
        intx_.change(pin, asserted, functions_.front()->routing_id());
    }
    void update_virtual(physical& p);

    transmitter tx_;
    intx_wires intx_;
    std::vector<std::unique_ptr<shared_atc>> shared_;   // outlives the functions
    std::vector<std::unique_ptr<endpoint>> functions_;  // physical ones, then virtual ones
    std::vector<endpoint*> in_order_;
    std::vector<physical> physical_;
    std::array<std::uint16_t, 256> by_number_;  // physical ones
    bool alone_ = false;                        // one function, no virtual ones
    bool routing_ids_old_ = true, addresses_old_ = true;
    std::uint32_t first_id_ = 0;
    std::vector<std::uint16_t> by_id_;  // from first_id_ on
    address_map addresses_;
    std::unique_ptr<pcie::channel_end> channels_;  ///< of function 0; null without the capability
};

}  // namespace drydock::endpoint
