// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "tlm/base/probe.h"
#include "waves/device_names.h"

namespace drydock::waves {

/// "atc_inv"
std::string_view word(base::span_class c);

inline void append_decimal(std::string& to, std::int64_t v) {
    char text[24];
    to.append(text, std::to_chars(text, text + sizeof text, v).ptr);
}
inline void append_unsigned(std::string& to, std::uint64_t v) {
    char text[24];
    to.append(text, std::to_chars(text, text + sizeof text, v).ptr);
}
inline void append_hex(std::string& to, std::uint64_t v) {
    char text[24];
    to.append("0x").append(text, std::to_chars(text, text + sizeof text, v, 16).ptr);
}
inline void append_routing_id(std::string& to, std::uint64_t v) {
    to += routing_id_text(base::routing_id{static_cast<std::uint16_t>(v)});
}

/// The four fields of an event.
constexpr std::uint64_t field(const base::event& e, std::size_t i) {
    return i == 0 ? e.a : i == 1 ? e.b : i == 2 ? e.c : e.d;
}

/// A field as a person reads it: device names for routing IDs, no quotes.
void append_readable(std::string& to, const base::probe& p, const device_names& names, char format,
                     std::uint64_t value);

}  // namespace drydock::waves
