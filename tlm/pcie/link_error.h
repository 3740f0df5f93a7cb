// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace drydock::pcie {

/// What a link finds by itself; the component at the end that finds it logs it.
enum class link_error : std::uint8_t {
    receiver,            ///< a TLP never became one: symbol or framing error
    bad_tlp,             ///< LCRC or sequence number
    bad_dllp,            ///< CRC-16
    replay_rollover,     ///< REPLAY_NUM 3 -> 0
    replay_timeout,      ///< no ACK in time
    data_link_protocol,  ///< ACK or NAK of a sequence number that was not sent
    fc_protocol,         ///< more credits granted than can be
    receiver_overflow    ///< a TLP without a buffer for it
};

struct link_error_info {
    link_error what;
    std::string_view name;
    bool correctable;
    unsigned bit;  ///< of AER's correctable or uncorrectable status (PCIe)
};

inline constexpr std::array<link_error_info, 8> link_error_table{{
    {link_error::receiver, "Receiver Error", true, 0},
    {link_error::bad_tlp, "Bad TLP", true, 6},
    {link_error::bad_dllp, "Bad DLLP", true, 7},
    {link_error::replay_rollover, "REPLAY_NUM Rollover", true, 8},
    {link_error::replay_timeout, "Replay Timer Timeout", true, 12},
    {link_error::data_link_protocol, "Data Link Protocol Error", false, 4},
    {link_error::fc_protocol, "Flow Control Protocol Error", false, 13},
    {link_error::receiver_overflow, "Receiver Overflow", false, 17},
}};

/// Faults of a link that a scenario may ask for.
struct link_fault_info {
    std::string_view name;  ///< as a scenario writes it
    link_error what;
    bool once;  ///< happens at once, no count
};

inline constexpr std::array<link_fault_info, 7> link_fault_table{{
    {"bad_tlp", link_error::bad_tlp, false},
    {"bad_dllp", link_error::bad_dllp, false},
    {"receiver_error", link_error::receiver, false},
    {"replay_timeout", link_error::replay_timeout, false},
    {"receiver_overflow", link_error::receiver_overflow, false},
    {"dl_protocol_error", link_error::data_link_protocol, true},
    {"fc_protocol_error", link_error::fc_protocol, true},
}};

constexpr const link_error_info& info(link_error e) {
    return link_error_table[static_cast<std::size_t>(e)];
}

}  // namespace drydock::pcie
