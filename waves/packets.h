// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "waves/sink.h"

namespace drydock::waves {

/// tlps.pcap: every TLP of every link as its first byte goes on the wire, with nanosecond stamps,
/// for Wireshark and tshark with waves/tlp.lua. Link type USER0; before a TLP's own bytes stands
/// what the wire does not carry, big-endian:
///
///     0  version, 1                      4  number of the TLP (waves/transaction_id.h), 8 bytes
///     1  class of the spans              12 time in ps, 8 bytes
///     2  number of spans n               20 spans, 4 bytes each
///     3  length of the wire's name m     20 + 4n  name of the wire, "rp0_link.up"
///
/// Payload beyond `payload_kept` bytes is cut off, as a snap length does.
inline constexpr std::uint8_t packet_version = 1;
inline constexpr std::size_t payload_kept = 64;

struct packet_sink : sink {
    /// The TLP of the latest kind::tlp_sent. @param spans of the transactions it is part of
    virtual void packet(base::place_id wire, base::ps now, std::span<const base::span_id> spans,
                        std::span<const std::uint8_t> bytes) = 0;
};

/// @throws std::runtime_error if the file cannot be made
std::unique_ptr<packet_sink> open_pcap(base::context& ctx, const std::filesystem::path& file,
                                       window shown);

}  // namespace drydock::waves
