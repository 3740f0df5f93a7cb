// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/tlp.h"

namespace drydock::root_complex {

/// What a root port tells the root complex.
struct root_port_owner {
    /// A completion for a CPU's request, behind all posted writes that came before it.
    virtual void completion(unsigned port, pcie::tlp_ptr t) = 0;
    /// A posted write of a CPU has left for the link.
    virtual void write_left(unsigned port) = 0;
    /// A non-posted CPU request ends here, with the status that the port makes up for it: the link
    /// is down, or the port contains or blocks it.
    virtual void request_lost(unsigned port, std::uint16_t tag, pcie::cpl_status status) = 0;
    virtual void link_changed(unsigned port, bool up) = 0;
    virtual void buses_changed() = 0;
    /// Its INTx wires, bit 0: INTA; its own interrupt among them.
    virtual void intx_changed(unsigned port, std::uint8_t wires) = 0;

protected:
    ~root_port_owner() = default;
};

}  // namespace drydock::root_complex
