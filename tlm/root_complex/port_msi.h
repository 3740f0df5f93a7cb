// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_space.h"

namespace drydock::root_complex {

/// Who writes a message interrupt to memory.
struct msi_writer {
    virtual void write_msi(std::uint64_t address, std::uint32_t data) = 0;

protected:
    ~msi_writer() = default;
};

/// MSI of a port. A masked message is pending until it is unmasked; without MSI Enable or Bus
/// Master Enable nothing is sent (P-011).
class port_msi {
public:
    port_msi(pcie::config_space& space, msi_writer& writer);

    void raise(unsigned message);
    /// @return true when the number of messages may have changed
    bool config_written(std::uint16_t offset);
    /// The message that a service with this wish gets: its own, or 0 where there are fewer.
    unsigned message_of(unsigned wish) const;

private:
    pcie::msi_view view() const { return space_.msi(); }
    unsigned mask_at() const { return view().at + (view().is_64() ? 0x10u : 0xcu); }
    void send(unsigned message);

    pcie::config_space& space_;
    msi_writer& writer_;
};

}  // namespace drydock::root_complex
