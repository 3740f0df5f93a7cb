// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/rp_pio.h"

#include "tlm/pcie/errors.h"

namespace drydock::root_complex {
namespace {

// Offsets in the DPC capability.
constexpr unsigned dpc_status = 0x08, status = 0x0c, mask = 0x10, severity = 0x14,
                   system_error = 0x18, exception = 0x1c, header_log = 0x20;
constexpr unsigned first_error_shift = 8;

}  // namespace

rp_pio::outcome rp_pio::record(pio_space what, pio_failure how, const pcie::tlp& request) {
    const pcie::dpc_view d = space_.dpc();
    pcie::config_registers& r = space_.registers();
    const unsigned n = 8 * static_cast<unsigned>(what) + static_cast<unsigned>(how);
    const std::uint32_t bit = 1u << n;
    const auto set = [&](unsigned reg) { return (r.get32(d.at + reg) & bit) != 0; };
    // The log is free again when software has cleared the bit that the pointer names.
    const unsigned first = (r.get16(d.at + dpc_status) >> first_error_shift) & 0x1f;
    const bool taken = logged_ && ((r.get32(d.at + status) >> first) & 1) != 0;
    r.set(d.at + status, 4, bit, bit);
    if (!taken) logged_ = false;
    if (set(mask)) return {};
    if (!taken) {
        logged_ = true;
        r.set(d.at + dpc_status, 2, 0x1fu << first_error_shift, n << first_error_shift);
        const auto log = pcie::header_log_of(request);
        for (unsigned dw = 0; dw < log.size(); ++dw)
            r.set(d.at + header_log + 4 * dw, 4, UINT32_MAX, log[dw]);
    }
    return {set(severity), set(system_error), set(exception)};
}

}  // namespace drydock::root_complex
