// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/endpoint/msix.h"
#include "tlm/pcie/config_space.h"

namespace drydock::endpoint {

/// MSI of a function, used while MSI-X is off (PCIe). Vector v is message v modulo those that
/// Multiple Message Enable lets it use. A message that is masked is pending until it is unmasked;
/// what may not go out yet (Bus Master Enable 0, posted queue full) waits here.
class msi_messages {
public:
    msi_messages(pcie::config_space& space, msix_table::sender& s) : space_(space), sender_(s) {}

    /// With MSI disabled: no effect.
    void fire(std::uint32_t vector);
    /// Sends what waits and may go.
    void flush();
    void reset() { waiting_ = 0; }

private:
    unsigned messages() const;  ///< a power of two
    bool try_send(unsigned message);

    pcie::config_space& space_;
    msix_table::sender& sender_;
    std::uint32_t waiting_ = 0;  ///< messages without room, a bit each
};

}  // namespace drydock::endpoint
