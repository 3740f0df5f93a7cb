// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace drydock::smmu {

/// Sources of interrupts, in the order of their MSI abort bits in GERROR[7:4].
enum class msi_source : std::uint8_t { cmdq, eventq, priq, gerror };

/// Wired interrupts (SMMUv3 3.18): one edge-triggered wire for each source.
struct interrupt_wires {
    virtual void pulse(msi_source) = 0;

protected:
    ~interrupt_wires() = default;
};

}  // namespace drydock::smmu
