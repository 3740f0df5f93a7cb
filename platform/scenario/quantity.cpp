// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace drydock::scenario {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> time_units{
    {{"s", 1'000'000'000'000}, {"ms", 1'000'000'000}, {"us", 1'000'000}, {"ns", 1'000}, {"ps", 1}}};
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> byte_units{
    {{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}}};

std::string_view trim(std::string_view s) {
    while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
    while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
    return s;
}

std::optional<std::uint64_t> whole(std::string_view s) {
    std::uint64_t v = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
    if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
    return v;
}

/// Splits "1.5 us" at the end of the number; both parts are not empty.
std::optional<std::pair<std::string_view, std::string_view>> number_and_unit(std::string_view s) {
    s = trim(s);
    const auto end = s.find_first_not_of("0123456789.");
    if (end == 0 || end == std::string_view::npos) return std::nullopt;
    return std::pair{s.substr(0, end), trim(s.substr(end))};
}

/// number * unit exactly, or nothing if that is no whole number or too large. @param unit a power
/// of ten
std::optional<std::int64_t> exactly(std::string_view number, std::int64_t unit) {
    const auto dot = number.find('.');
    const auto integral = whole(number.substr(0, dot));
    if (!integral || *integral >= static_cast<std::uint64_t>(INT64_MAX / unit)) return std::nullopt;
    const auto base = static_cast<std::int64_t>(*integral) * unit;
    if (dot == std::string_view::npos) return base;
    auto digits = number.substr(dot + 1);
    if (digits.empty()) return std::nullopt;
    while (digits.size() > 1 && digits.back() == '0') digits.remove_suffix(1);
    const auto fraction = whole(digits);
    std::int64_t scale = 1;
    for (std::size_t i = 0; i < digits.size() && scale <= unit; ++i) scale *= 10;
    if (!fraction || (*fraction != 0 && scale > unit)) return std::nullopt;
    return *fraction == 0 ? base : base + static_cast<std::int64_t>(*fraction) * (unit / scale);
}

}  // namespace

std::optional<ps> parse_time(std::string_view s) {
    const auto parts = number_and_unit(s);
    if (!parts) return std::nullopt;
    for (const auto& [name, unit] : time_units)
        if (parts->second == name)
            if (const auto v = exactly(parts->first, unit)) return ps{*v};
    return std::nullopt;
}

std::optional<std::uint64_t> parse_bytes(std::string_view s) {
    const auto parts = number_and_unit(s);
    if (!parts) return std::nullopt;
    const auto n = whole(parts->first);
    if (!n) return std::nullopt;
    for (const auto& [name, unit] : byte_units)
        if (parts->second == name && *n <= UINT64_MAX / unit) return *n * unit;
    return std::nullopt;
}

std::optional<unsigned> parse_percent(std::string_view s) {
    const auto parts = number_and_unit(s);
    if (!parts || parts->second != "%") return std::nullopt;
    const auto n = whole(parts->first);
    if (!n || *n > 100) return std::nullopt;
    return static_cast<unsigned>(*n);
}

std::optional<link> parse_link(std::string_view s) {
    s = trim(s);
    const auto space = s.find(' ');
    if (space == std::string_view::npos || !s.starts_with("gen")) return std::nullopt;
    const auto width = trim(s.substr(space));
    if (!width.starts_with("x")) return std::nullopt;
    const auto g = whole(s.substr(3, space - 3));
    const auto w = whole(width.substr(1));
    if (!g || !w || *g < 1 || *g > 6) return std::nullopt;
    for (const unsigned allowed : {1, 2, 4, 8, 12, 16, 32})
        if (*w == allowed) return link{static_cast<unsigned>(*g), allowed};
    return std::nullopt;
}

std::optional<burst> parse_burst(std::string_view s) {
    const auto x = s.find('x');
    if (x == std::string_view::npos) return std::nullopt;
    const auto count = whole(trim(s.substr(0, x)));
    const auto bytes = parse_bytes(s.substr(x + 1));
    if (!count || !bytes || *count < 1 || *count > 4096 || *bytes < 1 || *bytes > 4096)
        return std::nullopt;
    return burst{static_cast<unsigned>(*count), static_cast<unsigned>(*bytes)};
}

namespace {

/// "violation-20us..+5us": either bound may be missing, which is the violation itself.
std::optional<waves_window> parse_window_at_violation(std::string_view before,
                                                      std::string_view after) {
    waves_window w{ps{0}, ps{0}, true};
    if (!before.empty()) {
        const auto t = before.starts_with('-') ? parse_time(before.substr(1)) : std::nullopt;
        if (!t) return std::nullopt;
        w.from = ps{-t->count};
    }
    if (!after.empty()) {
        const auto t = after.starts_with('+') ? parse_time(after.substr(1)) : std::nullopt;
        if (!t) return std::nullopt;
        w.to = *t;
    }
    if (w.from >= w.to) return std::nullopt;
    return w;
}

}  // namespace

std::optional<waves_window> parse_window(std::string_view s) {
    constexpr std::string_view violation = "violation";
    const auto dots = s.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    waves_window w;
    const auto from = trim(s.substr(0, dots)), to = trim(s.substr(dots + 2));
    if (from.starts_with(violation))
        return parse_window_at_violation(from.substr(violation.size()), to);
    if (!from.empty()) {
        const auto t = parse_time(from);
        if (!t) return std::nullopt;
        w.from = *t;
    }
    if (!to.empty()) {
        const auto t = parse_time(to);
        if (!t) return std::nullopt;
        w.to = *t;
    }
    if ((from.empty() && to.empty()) || w.from >= w.to) return std::nullopt;
    return w;
}

std::string to_text(ps t) {
    for (const auto& [name, unit] : time_units)
        if (t.count % unit == 0) return fmt::format("{}{}", t.count / unit, name);
    return fmt::format("{}ps", t.count);
}

std::string bytes_to_text(std::uint64_t n) {
    for (const auto& [name, unit] : byte_units)
        if (n != 0 && n % unit == 0) return fmt::format("{}{}", n / unit, name);
    return fmt::format("{}B", n);
}

std::string to_text(const link& l) { return fmt::format("gen{} x{}", l.gen, l.width); }

}  // namespace drydock::scenario
