// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/scenario/scenario.h"

/// Quantities as scenario files write them. Each parser answers nothing for text that is not one;
/// `expected_*` say what would have been.
namespace drydock::scenario {

/// "10ms", "1.5 us", "60s": a decimal number and ps, ns, us, ms or s; whole picoseconds below 106
/// days.
std::optional<ps> parse_time(std::string_view);
/// "4KiB", "16MiB", "256B": a whole number and B, KiB, MiB or GiB.
std::optional<std::uint64_t> parse_bytes(std::string_view);
/// "50%": 0..100, whole.
std::optional<unsigned> parse_percent(std::string_view);
/// "gen4 x8": gen1..gen6 and x1 x2 x4 x8 x12 x16 x32.
std::optional<link> parse_link(std::string_view);

struct burst {
    unsigned count;
    unsigned bytes;
};
/// "64 x 256B": 1..4096 descriptors of 1..4096 bytes.
std::optional<burst> parse_burst(std::string_view);

/// "19ms..25ms", "19ms.." or "..25ms"; from < to. Or around the first violation:
/// "violation-20us..+5us", "violation..+5us", "violation-20us..".
std::optional<waves_window> parse_window(std::string_view);

inline constexpr std::string_view expected_window =
    "a window of simulated time such as 19ms..25ms or violation-20us..+5us";
inline constexpr std::string_view expected_time =
    "a time with its unit (ps, ns, us, ms, s), such as 10ms";
inline constexpr std::string_view expected_bytes =
    "a size with its unit (B, KiB, MiB, GiB), such as 4MiB";
inline constexpr std::string_view expected_percent = "a share of 0% to 100%, such as 50%";
inline constexpr std::string_view expected_link =
    "a link such as gen4 x8 (gen1..gen6; x1 x2 x4 x8 x12 x16 x32)";
inline constexpr std::string_view expected_burst =
    "a burst such as 64 x 256B (1..4096 x 1B..4096B)";

/// In the largest unit that leaves a whole number: 10ms, 1500ns, 0s.
std::string to_text(ps);
std::string bytes_to_text(std::uint64_t);
std::string to_text(const link&);

}  // namespace drydock::scenario
