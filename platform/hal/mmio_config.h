// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/base/ids.h"
#include "tlm/base/time.h"

namespace drydock::hal_systemc {

/// How CPUs reach device registers.
struct mmio_config {
    base::phys_addr registers{0x0900'0000};  ///< block whose registers can be watched (the SMMU's)
    std::uint64_t registers_bytes = 128 * 1024;
    base::phys_addr configuration{0x40'1000'0000};  ///< ECAM: stores wait for their completion
    std::uint64_t configuration_bytes = 256u << 20;
    base::ps store_flight{50'000};  ///< from a posted store to its effect, per CPU in order
    base::ps store_busy{20'000};    ///< how long a posted store holds the CPU
    base::ps load_time{
        100'000};  ///< how long a load holds the CPU if the target answers at once without a delay

    bool in_registers(std::uint64_t at) const { return at - registers.value < registers_bytes; }
    bool in_configuration(std::uint64_t at) const {
        return at - configuration.value < configuration_bytes;
    }
};

}  // namespace drydock::hal_systemc
