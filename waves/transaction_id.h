// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tlm/base/ids.h"
#include "tlm/base/probe_kinds.h"

namespace drydock::waves {

/// How every output calls a transaction: the word of its class and a number, "INV 17".
///
/// Transactions that have a span (kind::span_begin) are numbered by it: one sequence for all
/// classes, in order of birth, so the number alone is enough to find one. Two kinds have no span
/// and are counted from 1 in order of the event that begins them: a TLP by kind::tlp_sent, on
/// whichever link (one that passes a switch is a TLP of each link), a call by kind::sw_call.
/// Numbers depend on neither sinks nor windows: who counts listens from the run's beginning. In
/// events.jsonl the header's "ids" gives the word of each kind, and "span" is the number.
struct transaction_id {
    std::string_view word;  ///< one of `id_words`, "" if only a number was given
    std::uint64_t number = 0;
};

inline constexpr std::string_view tlp_id_word = "TLP", call_id_word = "CALL";
/// In the order of base::span_class, then those without a span.
inline constexpr std::array<std::string_view, 12> id_words{
    "SPAN", "UNMAP", "INV", "TLBI", "CFGI", "SYNC", "TRANS", "PAGE", "DMA", "RESET", "CALL", "TLP"};

constexpr std::string_view id_word(base::span_class c) {
    const auto i = static_cast<std::size_t>(c);
    return i < id_words.size() ? id_words[i] : id_words[0];
}

inline void append_id(std::string& to, std::string_view word, std::uint64_t number) {
    char digits[24];
    to.append(word).append(1, ' ').append(
        digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}
inline void append_id(std::string& to, base::span_class c, base::span_id span) {
    append_id(to, id_word(c), span.value);
}
inline std::string id_text(base::span_class c, base::span_id span) {
    std::string text;
    append_id(text, c, span);
    return text;
}

/// "INV-17", "inv 17", "INV17" or "17". Nothing for anything else.
inline std::optional<transaction_id> parse_id(std::string_view text) {
    const auto upper = [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    };
    std::size_t letters = 0;
    while (letters < text.size() && upper(text[letters]) >= 'A' && upper(text[letters]) <= 'Z')
        ++letters;
    transaction_id id;
    for (const std::string_view w : id_words) {
        bool same = w.size() == letters;
        for (std::size_t i = 0; same && i < letters; ++i) same = upper(text[i]) == w[i];
        if (same) id.word = w;
    }
    if (letters != 0 && id.word.empty()) return std::nullopt;
    std::string_view rest = text.substr(letters);
    if (letters != 0 && (rest.starts_with('-') || rest.starts_with(' '))) rest.remove_prefix(1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id.number);
    if (rest.empty() || error != std::errc{} || end != rest.data() + rest.size())
        return std::nullopt;
    return id;
}

}  // namespace drydock::waves
