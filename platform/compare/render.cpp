// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "platform/compare/compare.h"
#include "platform/report/format.h"
#include "platform/report/text_table.h"

namespace drydock::compare {
namespace {

using json = nlohmann::json;
using report::cell;
using report::colour;
using report::text_table;

constexpr std::size_t most_rows = 20;  // of parameters and clients

std::string change(std::int64_t ps) {
    return (ps > 0 ? "+" : ps < 0 ? "-" : "") + report::short_time(std::abs(ps));
}

std::string value_text(const json& v) {
    return v.is_null() ? "-" : v.is_string() ? v.get<std::string>() : v.dump();
}

/// A count, or a time if its name says so.
std::string amount(const json& row, const char* side) {
    const auto n = row.at(side).get<std::int64_t>();
    return row.at("what").get<std::string>().ends_with("_ps") ? report::short_time(n)
                                                              : report::grouped(n);
}

std::string heading(const std::string& text, bool coloured) {
    return "\n" + report::painted(text, colour::bold, coloured) + "\n";
}

/// "of it +1.07 us in cmdq_wait (97%), +30 ns in drain"
std::string from_stages(const json& stages) {
    std::int64_t all = 0, before = 0;
    for (const json& s : stages) {
        all += s.at("by").get<std::int64_t>();
        before += s.at("a").get<std::int64_t>();
    }
    if (std::abs(all) * 200 < before) return "";  // below 0.5 %: no change to speak of
    std::string text;
    std::size_t told = 0;
    for (const json& s : stages) {
        const auto by = s.at("by").get<std::int64_t>();
        if (by == 0 || told == 3) break;
        if (told > 0 && std::abs(by) * 20 < std::abs(stages.front().at("by").get<std::int64_t>()))
            break;
        text += fmt::format("{}{} in {}", told++ == 0 ? "" : ", ", change(by),
                            s.at("stage").get<std::string>());
        if (all != 0 && (by > 0) == (all > 0) && std::abs(by) <= std::abs(all))
            text += fmt::format(" ({})", report::share(by, all));
    }
    return text.empty() ? "" : fmt::format("{}: {}", change(all), text);
}

std::string group_text(const json& g, const json& all, bool coloured) {
    const auto count = [&](const char* what, int side) {
        return report::grouped(g.at(what).at(static_cast<std::size_t>(side)).get<std::int64_t>());
    };
    std::string s = heading(
        fmt::format("{} of {}", g.at("class").get<std::string>(), g.at("who").get<std::string>()),
        coloured);
    s += fmt::format("  completed {} / {}, timed out {} / {}, open at the end {} / {}\n",
                     count("count", 0), count("count", 1), count("timed_out", 0),
                     count("timed_out", 1), count("open", 0), count("open", 1));
    const auto still = [](const json& r) { return r.at("by") == 0; };
    if (std::all_of(g.at("statistics").begin(), g.at("statistics").end(), still))
        return s + "  no duration changed\n";
    text_table t(coloured);
    t.row({{"", colour::bold},
           {all.at("a").get<std::string>(), colour::bold},
           {all.at("b").get<std::string>(), colour::bold},
           {"change", colour::bold},
           {"95% interval", colour::bold}});
    for (const json& r : g.at("statistics")) {
        const bool clear = r.at("clear").get<bool>();
        const auto by = r.at("by").get<std::int64_t>();
        t.row({{"  " + r.at("name").get<std::string>()},
               {report::short_time(r.at("a").get<std::int64_t>())},
               {report::short_time(r.at("b").get<std::int64_t>())},
               {change(by), !clear   ? colour::dim
                            : by > 0 ? colour::red
                                     : colour::green},
               {r.at("low").is_null()
                    ? "-"
                    : fmt::format("{} .. {}{}", change(r.at("low").get<std::int64_t>()),
                                  change(r.at("high").get<std::int64_t>()),
                                  clear ? "" : "  not clear")}});
    }
    s += t.text();
    if (const std::string from = from_stages(g.at("stages_mean")); !from.empty())
        s += "  the mean changed by " + from + "\n";
    if (const std::string from = from_stages(g.at("stages_slowest")); !from.empty())
        s += "  the slowest 1% by " + from + "\n";
    return s;
}

template <class Row>
std::string table(const json& rows, const std::string& title, const json& all, bool coloured,
                  Row&& row) {
    if (rows.empty()) return "";
    text_table t(coloured);
    t.row({{""},
           {all.at("a").get<std::string>(), colour::bold},
           {all.at("b").get<std::string>(), colour::bold}});
    for (std::size_t i = 0; i < std::min(rows.size(), most_rows); ++i) t.row(row(rows.at(i)));
    std::string s = heading(title, coloured) + t.text();
    if (rows.size() > most_rows) s += fmt::format("  and {} more\n", rows.size() - most_rows);
    return s;
}

}  // namespace

std::string render(const json& c, bool coloured) {
    std::string s = fmt::format(
        "{} -> {}: {} -> {}\n", c.at("a").get<std::string>(), c.at("b").get<std::string>(),
        c.at("verdicts").at("a").get<std::string>(), c.at("verdicts").at("b").get<std::string>());
    s += fmt::format("  {}\n  {}\n", c.at("commands").at("a").get<std::string>(),
                     c.at("commands").at("b").get<std::string>());
    s += table(c.at("parameters"), "Parameters that differ", c, coloured, [](const json& r) {
        return std::vector<cell>{{"  " + r.at("name").get<std::string>()},
                                 {value_text(r.at("a"))},
                                 {value_text(r.at("b"))}};
    });
    s += table(c.at("violations"), "Violations", c, coloured, [](const json& r) {
        const std::string device = r.at("device");
        return std::vector<cell>{{fmt::format("  {}{}", r.at("monitor").get<std::string>(),
                                              device.empty() ? "" : " (" + device + ")")},
                                 {report::grouped(r.at("a").get<std::int64_t>())},
                                 {report::grouped(r.at("b").get<std::int64_t>())}};
    });
    s += table(c.at("clients"), "Clients", c, coloured, [](const json& r) {
        std::string what = r.at("what");
        if (what.ends_with("_ps")) what.resize(what.size() - 3);
        return std::vector<cell>{{fmt::format("  {} {}", r.at("client").get<std::string>(), what)},
                                 {amount(r, "a")},
                                 {amount(r, "b")}};
    });
    for (const json& g : c.at("groups")) s += group_text(g, c, coloured);
    if (c.at("groups").empty()) s += "\nno group of transactions is in both\n";
    return s;
}

}  // namespace drydock::compare
