// SPDX-License-Identifier: Apache-2.0
#include "platform/report/junit.h"

#include <fmt/format.h>

namespace drydock::report {
namespace {

using json = nlohmann::json;

/// XML 1.0 attribute text; characters that XML cannot hold become '?'.
std::string escaped(const std::string& s) {
    std::string r;
    for (const char c : s) switch (c) {
            case '&':
                r += "&amp;";
                break;
            case '<':
                r += "&lt;";
                break;
            case '>':
                r += "&gt;";
                break;
            case '"':
                r += "&quot;";
                break;
            default:
                r += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
        }
    return r;
}

std::string test_case(const json& run, const std::string& suite) {
    std::string failures;
    if (run.contains("expectations"))
        for (const json& e : run.at("expectations"))
            if (!e.value("ok", false))
                failures += fmt::format(
                    "    <failure message=\"{}\"/>\n",
                    escaped(fmt::format("{}: expected {}, is {}", e.value("name", ""),
                                        e.value("expected", ""), e.value("actual", ""))));
    const std::string head =
        fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.9f}\"", escaped(suite),
                    escaped(run.value("name", "?")),
                    static_cast<double>(run.value("sim_time_ps", std::int64_t{0})) / 1e12);
    return failures.empty() ? head + "/>\n" : head + ">\n" + failures + "  </testcase>\n";
}

}  // namespace

std::string junit(const json& summary) {
    const std::string suite = summary.at("drydock").value("scenario", "?");
    std::string cases;
    std::size_t failed = 0;
    for (const json& run : summary.at("runs")) {
        cases += test_case(run, suite);
        failed += run.value("verdict", "") == "as_expected" ? 0 : 1;
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" "
        "failures=\"{}\">\n{}</testsuite>\n",
        escaped(suite), summary.at("runs").size(), failed, cases);
}

}  // namespace drydock::report
