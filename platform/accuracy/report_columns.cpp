// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/report_columns.h"

#include <fmt/format.h>

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

}  // namespace drydock::accuracy
