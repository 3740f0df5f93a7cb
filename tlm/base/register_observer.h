// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace drydock::base {

/// Told when hardware, not software, changes a register that software may be polling. Called after
/// the change; it may read registers but must not write them from within the call.
struct register_observer {
    /// @param offset  byte offset in the block
    virtual void register_changed(std::uint64_t offset) = 0;

protected:
    ~register_observer() = default;
};

/// Whom a hardware event wakes (Arm: SEV, the event register of the PEs).
struct sev_sink {
    virtual void sev() = 0;

protected:
    ~sev_sink() = default;
};

}  // namespace drydock::base
