// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// INTx by messages: four virtual wires, 0: INTA .. 3: INTD. Assert_INTx and Deassert_INTx tell of
/// the wire's edges.
inline constexpr unsigned intx_pins = 4;

constexpr unsigned intx_pin_of(msg_code c) { return static_cast<unsigned>(c) & 3; }
constexpr bool asserts_intx(msg_code c) { return (static_cast<unsigned>(c) & 4) == 0; }
constexpr msg_code intx_code(unsigned pin, bool asserted) {
    return static_cast<msg_code>(
        static_cast<unsigned>(asserted ? msg_code::assert_inta : msg_code::deassert_inta) + pin);
}
/// The wire of a bridge's primary side for one of a device of its secondary bus; with ARI that is
/// device 0.
constexpr unsigned intx_swizzle(unsigned pin, unsigned device) {
    return (pin + device) % intx_pins;
}

inline tlp_ptr make_intx_message(tlp_pool& pool, unsigned pin, bool asserted,
                                 base::routing_id sender) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::msg;
    t->code = intx_code(pin, asserted);
    t->routing = msg_routing::local;
    t->requester = sender;
    return t;
}

}  // namespace drydock::pcie
