// SPDX-License-Identifier: Apache-2.0
#include "waves/field_text.h"

#include <array>

namespace drydock::waves {

std::string_view word(base::span_class c) {
    static constexpr std::array<std::string_view, 11> words{
        "none",        "unmap",        "atc_inv", "tlbi",  "cfgi", "sync",
        "translation", "page_request", "dma",     "reset", "call"};
    const auto i = static_cast<std::size_t>(c);
    return i < words.size() ? words[i] : "unknown";
}

void append_readable(std::string& to, const base::probe& p, const device_names& names, char format,
                     std::uint64_t value) {
    switch (format) {
        case 'x':
            return append_hex(to, value);
        case 's':
            to += p.text_of(value);
            return;
        case 'w':
            to += p.name(static_cast<base::place_id>(value));
            return;
        case 'r':
            to += names.name(base::routing_id{static_cast<std::uint16_t>(value)});
            return;
        case 'c':
            to += word(static_cast<base::span_class>(value));
            return;
        case 't':
            append_decimal(to, static_cast<std::int64_t>(value));
            to += " ps";
            return;
        default:
            return append_decimal(to, static_cast<std::int64_t>(value));
    }
}

}  // namespace drydock::waves
