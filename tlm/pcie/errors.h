// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tlm/pcie/config_space.h"
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// Uncorrectable errors by their bit in AER's status (PCIe).
enum class error : std::uint8_t {
    data_link_protocol = 4,
    surprise_down = 5,
    poisoned = 12,
    fc_protocol = 13,
    completion_timeout = 14,
    completer_abort = 15,
    unexpected_completion = 16,
    receiver_overflow = 17,
    malformed = 18,
    ecrc = 19,
    unsupported_request = 20,
    acs_violation = 21,
    internal = 22,
    mc_blocked = 23,
    atomic_egress_blocked = 24,
    prefix_blocked = 25,
    poisoned_egress_blocked = 26
};
std::string_view name_of(error e);

/// What became of a detected error.
struct logged_error {
    bool uncorrectable = false;       ///< not masked and no advisory case: what triggers DPC
    bool fatal = false;               ///< its severity
    std::optional<msg_code> message;  ///< to be sent towards the root complex
};
/// What a detected error does to Device Status and AER of the function that detects it (PCIe,
/// table of steps). The header log, the prefix log and the First Error Pointer take the first
/// unmasked error that has a header.
/// @param header    the TLP in error; null if there is none
/// @param advisory  an advisory non-fatal case (e.g. a non-posted request answered with UR)
logged_error log_uncorrectable(config_space& config, error e, const tlp* header, bool advisory);
/// The same; the message alone, which the function sends (Signaled System Error is set).
std::optional<msg_code> log_error(config_space& config, error e, const tlp* header, bool advisory);
/// Status[14]: an uncorrectable error message is sent while Command.SERR is set.
void note_sent(config_space& config, msg_code code);

/// Header of a TLP as a log shows it: four DWs, the first byte on the wire highest.
std::array<std::uint32_t, 4> header_log_of(const tlp& t);

/// Correctable errors: bit 0, 6, 7, 8, 12, 14, 15. @return err_cor if it is to be sent
std::optional<msg_code> log_correctable(config_space& config, unsigned bit);

/// Makes an ERR_COR, ERR_NONFATAL or ERR_FATAL with the reporter's Requester ID (PCIe).
tlp_ptr make_error_message(tlp_pool& pool, msg_code code, base::routing_id reporter);

/// A root port takes an error message (or its own error): Root Error Status and source IDs.
/// @return true when the interrupt condition goes from 0 to 1 (P-099, P-101)
bool record_root_error(config_space& port, msg_code code, base::routing_id source);
/// An enabled bit of Root Error Status is set: the condition of the interrupt.
bool root_errors_ask(config_space& port);
/// Bridge Control SERR and the port's own reporting enables let a message through to Root Error
/// Status.
bool passes_to_root(config_space& port, msg_code code);

/// Rules of PCIe that every receiver checks. @param max_payload bytes, the receiver's MPS
/// @return why the TLP is malformed; empty: it is not
std::string_view malformed(const tlp& t, unsigned max_payload);

/// First and last enabled byte of a memory request with byte enables (PCIe).
struct enabled_bytes {
    unsigned first = 0;  ///< offset of the first enabled byte from tlp::address
    unsigned bytes = 0;  ///< up to and including the last enabled one; 0: a zero-length request
    bool contiguous = true;
};
enabled_bytes enabled_bytes_of(const tlp& t);

}  // namespace drydock::pcie
