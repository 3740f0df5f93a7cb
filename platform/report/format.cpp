// SPDX-License-Identifier: Apache-2.0
#include "platform/report/format.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace drydock::report {

std::string grouped(std::int64_t n) {
    std::string s = std::to_string(n);
    const std::size_t first = n < 0 ? 1 : 0;
    for (std::size_t i = s.size(); i > first + 3; i -= 3) s.insert(i - 3, ",");
    return s;
}

std::string short_time(std::int64_t ps) {
    if (ps == 0) return "0";
    constexpr std::array<std::pair<const char*, std::int64_t>, 5> units{{{"s", 1'000'000'000'000},
                                                                         {"ms", 1'000'000'000},
                                                                         {"us", 1'000'000},
                                                                         {"ns", 1'000},
                                                                         {"ps", 1}}};
    for (const auto& [name, unit] : units) {
        const double v = static_cast<double>(ps) / static_cast<double>(unit);
        if (v < 0.9995 && unit != 1) continue;  // what rounds to 1000 is one of the next
        const int decimals = unit == 1 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
        return fmt::format("{:.{}f} {}", v, decimals, name);
    }
    return fmt::format("{} ps", ps);
}

std::optional<std::int64_t> number_at(const nlohmann::json& j, std::string_view pointer) {
    const nlohmann::json::json_pointer p{std::string(pointer)};
    if (!j.contains(p) || !j.at(p).is_number_integer()) return std::nullopt;
    return j.at(p).get<std::int64_t>();
}

std::string count_at(const nlohmann::json& j, std::string_view pointer) {
    const auto n = number_at(j, pointer);
    return n ? grouped(*n) : "-";
}

std::string moment(std::int64_t ps) {
    return fmt::format("{}.{:06} ms", ps / 1'000'000'000, ps % 1'000'000'000 / 1'000);
}

std::string share(std::int64_t part, std::int64_t whole) {
    if (whole == 0) return "-";
    return fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string longest_at(const nlohmann::json& j, const std::string& at) {
    const auto done = number_at(j, at + "/longest_ps"), open = number_at(j, at + "/in_progress_ps");
    if (!done && !open) return "-";
    if (open.value_or(0) > done.value_or(0)) return short_time(*open) + " (still open)";
    return short_time(done.value_or(0));
}

std::string time_at(const nlohmann::json& j, std::string_view pointer) {
    const auto n = number_at(j, pointer);
    return n ? short_time(*n) : "-";
}

}  // namespace drydock::report
