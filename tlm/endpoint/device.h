// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <systemc>
#include <vector>

#include "tlm/endpoint/endpoint.h"
#include "tlm/endpoint/transmitter.h"
#include "tlm/pcie/sockets.h"

namespace drydock::endpoint {

/// A device below a link: the end of the link, and the functions behind it. What they send goes out
/// in the order of their asking; the buffer for what comes down is the device's.
class device final : public sc_core::sc_module, pcie::tlp_receiver, transmitter::wire {
public:
    /// @throws pcie::config_error, std::invalid_argument
    device(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
           const endpoint_config& config, endpoint::atc_maker make_atc = nullptr);

    pcie::upstream_socket port;

    /// Function 0.
    endpoint& function() { return *functions_.front(); }

private:
    void receive(pcie::tlp_ptr t) override { functions_.front()->receive(std::move(t)); }
    void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t data) override {
        tx_.credits(c, hdr, data);
    }
    void link_changed(bool up) override;
    void put(pcie::tlp_ptr t) override { port.send(std::move(t)); }

    transmitter tx_;
    std::vector<std::unique_ptr<endpoint>> functions_;
};

}  // namespace drydock::endpoint
