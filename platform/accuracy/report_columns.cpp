// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/report_columns.h"

#include <fmt/format.h>

#include "platform/accuracy/measure.h"

namespace drydock::accuracy {
namespace {

constexpr double ns = 1'000;

std::string trimmed(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

}  // namespace

std::string error_heading(const std::string& last) {
    return trimmed(fmt::format("  {:<20} {} {:>9} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7}  {}",
                               "pattern", " ", "rtl, ns", "error ns", "|error|", "cycles", "",
                               "p99 ns", "max ns", last));
}

std::string error_row(const std::string& name, char set, const errors& e, double cycle,
                      const std::string& note) {
    return trimmed(fmt::format(
        "  {:<20} {} {:>9.1f} {:>8.2f} {:>8.2f} {:>8.2f} {:>7.3f}% {:>7.1f} {:>7.1f}  {}", name,
        set, e.mean_time / ns, e.mean / ns, e.mean_absolute / ns, e.mean_absolute / cycle,
        e.per_cent(), static_cast<double>(e.p99) / ns, static_cast<double>(e.max) / ns, note));
}

nlohmann::json error_json(const errors& e, double cycle) {
    return {{"count", e.count},
            {"rtl_mean_ns", e.mean_time / ns},
            {"mean_ns", e.mean / ns},
            {"mean_cycles", e.mean / cycle},
            {"mean_absolute_ns", e.mean_absolute / ns},
            {"mean_absolute_cycles", e.mean_absolute / cycle},
            {"mean_absolute_percent", e.per_cent()},
            {"p99_ns", static_cast<double>(e.p99) / ns},
            {"p99_cycles", static_cast<double>(e.p99) / cycle},
            {"max_ns", static_cast<double>(e.max) / ns},
            {"max_cycles", static_cast<double>(e.max) / cycle}};
}

std::string closed_heading(const std::string& last) {
    return trimmed(fmt::format("  {:<20} {} {:>10} {:>10} {:>10} {:>10} {:>7} {:>7}  {}", "pattern",
                               " ", "p50 rtl", "p50 tlm", "p99 rtl", "p99 tlm", "p50", "p99",
                               last));
}

std::string closed_row(const std::string& name, char set, const closed_percentiles& c,
                       const std::string& note) {
    const auto in_ns = [](std::int64_t t) { return static_cast<double>(t) / ns; };
    return trimmed(fmt::format(
        "  {:<20} {} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.1f} {:>+6.2f}% {:>+6.2f}%  {}", name, set,
        in_ns(c.rtl_p50), in_ns(c.twin_p50), in_ns(c.rtl_p99), in_ns(c.twin_p99),
        off_per_cent(c.twin_p50, c.rtl_p50), off_per_cent(c.twin_p99, c.rtl_p99), note));
}

nlohmann::json closed_json(const closed_percentiles& c) {
    return {{"rtl", {{"p50_ns", c.rtl_p50 / ns}, {"p99_ns", c.rtl_p99 / ns}}},
            {"tlm", {{"p50_ns", c.twin_p50 / ns}, {"p99_ns", c.twin_p99 / ns}}},
            {"p50_difference_percent", off_per_cent(c.twin_p50, c.rtl_p50)},
            {"p99_difference_percent", off_per_cent(c.twin_p99, c.rtl_p99)}};
}

}  // namespace drydock::accuracy
