// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/endpoint/transmitter.h"
#include "tlm/pcie/sockets.h"

namespace drydock::endpoint {

class endpoint;

/// Who keeps the functions of a device together.
struct function_owner {
    /// Configuration registers or the Routing ID of f may be others than before; not on the way of
    /// data.
    virtual void function_changed(endpoint& f) = 0;
    /// A function begins or ends to pull an INTx wire of the device.
    virtual void intx_changed(unsigned pin, bool asserted) = 0;

protected:
    ~function_owner() = default;
};

/// What the functions of a device have in common: its end of the link.
struct device_port {
    transmitter& tx;
    pcie::upstream_socket& socket;  ///< for the credits of the receive buffer
    function_owner& owner;

    void free_buffer(unsigned vc, pcie::fc_class c, std::uint32_t data_credits) const {
        socket.free_buffer(vc, c, data_credits);
    }
};

/// Which function of its device.
struct function_place {
    unsigned number = 0;           ///< 0..255; of a virtual function: none
    endpoint* physical = nullptr;  ///< of a virtual function: its PF
    unsigned vf = 0;               ///< of a virtual function: 1..TotalVFs
};

}  // namespace drydock::endpoint
