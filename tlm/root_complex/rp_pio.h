// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_space.h"
#include "tlm/pcie/tlp.h"

namespace drydock::root_complex {

/// The RP PIO bits: space * 8 + failure (PCIe DPC).
enum class pio_space : std::uint8_t { config = 0, io = 1, memory = 2 };
enum class pio_failure : std::uint8_t { unsupported_request = 0, completer_abort = 1, timeout = 2 };

/// RP PIO of the Root Port Extensions: Status, Mask, Severity, SysError, Exception, First Error
/// Pointer and header log.
class rp_pio {
public:
    explicit rp_pio(pcie::config_space& space) : space_(space) {}

    struct outcome {
        bool uncorrectable = false;  ///< unmasked and of severity uncorrectable: triggers DPC
        bool system_error = false;
        bool exception = false;
    };
    /// Status is set in any case; log, system error and exception need an unmasked one.
    outcome record(pio_space what, pio_failure how, const pcie::tlp& request);

private:
    pcie::config_space& space_;
    bool logged_ = false;  ///< the First Error Pointer names an error
};

}  // namespace drydock::root_complex
