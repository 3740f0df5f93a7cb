// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "platform/report/format.h"
#include "platform/report/report.h"

namespace drydock::report {
namespace {

using json = nlohmann::json;

/// Stages in the order a command passes them (docs: where the nanoseconds go).
constexpr std::array<std::string_view, 29> stages{"pte",
                                                  "tlbi",
                                                  "tlbi_sync",
                                                  "atc_inv",
                                                  "atc_sync",
                                                  "sw_lock",
                                                  "sw_issue",
                                                  "cmdq_wait",
                                                  "cmdq_fetch",
                                                  "dispatch",
                                                  "itag_wait",
                                                  "group_wait",
                                                  "request_queue",
                                                  "request_flight",
                                                  "translate",
                                                  "sw_notice",
                                                  "sw_handle",
                                                  "response_flight",
                                                  "atc_queue",
                                                  "atc_process",
                                                  "drain",
                                                  "completion_queue",
                                                  "completion_flight",
                                                  "match",
                                                  "lost",
                                                  "error_restart",
                                                  "sync",
                                                  "sw_observe",
                                                  "rest"};
constexpr std::size_t most_blame_rows = 10;

std::int64_t total_of_stages(const json& run, const std::string& at) {
    std::int64_t total = 0;
    const json::json_pointer pointer(at);
    if (run.contains(pointer))
        for (const auto& s : run.at(pointer)) total += number_at(s, "/total_ps").value_or(0);
    return total;
}

std::string repeats(const json& v) {
    const auto n = number_at(v, "/count").value_or(1);
    return n > 1 ? "x " + grouped(n) : "";
}

std::string subject(const json& v) {
    const auto s = v.value("device", "");
    return s.empty() ? "-" : s;
}

void violation_rows(text_table& t, const json& run, const char* list, const char* label, colour c) {
    if (!run.contains(list)) return;
    for (const json& v : run.at(list)) {
        const std::string rule = v.value("rule", ""), happened = v.value("text", "");
        const std::string text = rule + (rule.empty() || happened.empty() ? "" : ": ") + happened;
        t.row({{label, c},
               {v.value("monitor", "?"), c},
               {subject(v)},
               {"at " + moment(number_at(v, "/time_ps").value_or(0))},
               {repeats(v)}});
        t.row({{"    " + text, colour::dim}});
    }
}

}  // namespace

std::string stage_table(const runs& all, const std::string& at, bool coloured) {
    text_table t(coloured);
    std::vector<cell> head{{"stage", colour::bold}};
    for (const json* run : all) {
        head.push_back({run->value("name", "?") + ": p50", colour::bold});
        head.push_back({"p99", colour::bold});
        head.push_back({"of all time", colour::bold});
    }
    t.row(std::move(head));
    bool any_stage = false;
    for (const auto stage : stages) {
        std::vector<cell> cells{{std::string(stage)}};
        bool any = false;
        for (const json* run : all) {
            const std::string here = at + "/" + std::string(stage);
            const auto total = number_at(*run, here + "/total_ps");
            any = any || number_at(*run, here + "/count").value_or(0) > 0;
            cells.push_back({time_at(*run, here + "/p50_ps")});
            cells.push_back({time_at(*run, here + "/p99_ps")});
            cells.push_back({total ? share(*total, total_of_stages(*run, at)) : "-"});
        }
        if (any) t.row(std::move(cells));
        any_stage = any_stage || any;
    }
    return any_stage ? t.text() : "";
}

std::string blame_table(const json& run, bool coloured) {
    if (!run.contains("blame") || run.at("blame").empty()) return "";
    std::vector<const json*> rows;
    for (const json& b : run.at("blame")) rows.push_back(&b);
    std::stable_sort(rows.begin(), rows.end(), [](const json* a, const json* b) {
        return number_at(*a, "/total_ps").value_or(0) > number_at(*b, "/total_ps").value_or(0);
    });
    text_table t(coloured, 3);
    t.row({{"  who waited", colour::bold},
           {"for", colour::bold},
           {"stage", colour::bold},
           {"times", colour::bold},
           {"in total", colour::bold},
           {"longest", colour::bold}});
    for (std::size_t i = 0; i < std::min(rows.size(), most_blame_rows); ++i) {
        const json& b = *rows[i];
        t.row({{"  " + b.value("waiter", "?")},
               {b.value("waited_for", "?")},
               {b.value("stage", "?")},
               {count_at(b, "/count")},
               {time_at(b, "/total_ps")},
               {time_at(b, "/max_ps")}});
    }
    std::string text = t.text();
    if (rows.size() > most_blame_rows)
        text += fmt::format("  and {} more in summary.json\n", rows.size() - most_blame_rows);
    return text;
}

std::string stall_table(const json& run, bool coloured) {
    if (!run.contains("smmu_stalls") || run.at("smmu_stalls").empty()) return "";
    text_table t(coloured, 1);
    t.row({{"  for want of", colour::bold},
           {"times", colour::bold},
           {"p50", colour::bold},
           {"p99", colour::bold},
           {"longest", colour::bold},
           {"in total", colour::bold}});
    for (const auto& [reason, s] : run.at("smmu_stalls").items())
        t.row({{"  " + reason},
               {count_at(s, "/count")},
               {time_at(s, "/p50_ps")},
               {time_at(s, "/p99_ps")},
               {time_at(s, "/max_ps")},
               {time_at(s, "/total_ps")}});
    return t.text();
}

std::string monitor_table(const json& run, bool coloured) {
    text_table t(coloured, 5);
    violation_rows(t, run, "violations", "  broken", colour::red);
    violation_rows(t, run, "gaps", "  known gap", colour::yellow);
    std::string text = t.text();
    if (text.empty()) text = "  silent\n";
    if (run.contains("never_happened"))
        for (const json& place : run.at("never_happened"))
            text += painted(fmt::format("  never happened: {}\n", place.get<std::string>()),
                            colour::yellow, coloured);
    text_table missed(coloured);
    if (run.contains("expectations"))
        for (const json& e : run.at("expectations"))
            if (!e.value("ok", false))
                missed.row(
                    {{fmt::format("  NOT as expected: {} should be {}, is {}", e.value("name", "?"),
                                  e.value("expected", "?"), e.value("actual", "?")),
                      colour::red}});
    return text + missed.text();
}

}  // namespace drydock::report
