// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "platform/report/format.h"
#include "platform/report/report.h"

namespace drydock::report {
namespace {

using json = nlohmann::json;

/// Keys of an object in any of the runs, in order.
std::vector<std::string> keys_in(const runs& all, const std::string& section) {
    std::vector<std::string> keys;
    for (const json* run : all)
        if (run->contains(section))
            for (const auto& [key, value] : run->at(section).items())
                if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    return keys;
}

/// A first column and one cell per run; skipped if no run has a value.
void row(text_table& t, const std::string& label, const runs& all,
         const std::function<std::string(const json&)>& value) {
    std::vector<cell> cells{{label}};
    bool any = false;
    for (const json* run : all) {
        cells.push_back({value(*run)});
        any = any || (cells.back().text != "-" && !cells.back().text.empty());
    }
    if (any) t.row(std::move(cells));
}

std::string device_of(const runs& all, const std::string& client) {
    for (const json* run : all)
        if (run->contains("clients") && run->at("clients").contains(client))
            return run->at("clients").at(client).value("device", "");
    return "";
}

std::string three(const json& run, const std::string& at) {
    if (!number_at(run, at + "/due")) return "-";
    return fmt::format("{} / {} / {}", count_at(run, at + "/done"), count_at(run, at + "/due"),
                       count_at(run, at + "/missed"));
}

void client_rows(text_table& t, const runs& all) {
    const auto clients = keys_in(all, "clients");
    using value_of = std::function<std::string(const json&, const std::string&)>;
    // A heading stands only over rows.
    const auto group = [&](cell title, const value_of& value) {
        const bool any = std::any_of(clients.begin(), clients.end(), [&](const std::string& c) {
            return std::any_of(all.begin(), all.end(), [&](const json* run) {
                return value(*run, "/clients/" + c) != "-";
            });
        });
        if (!any) return;
        t.row({std::move(title)});
        for (const std::string& c : clients)
            row(t, fmt::format("  {} on {}", c, device_of(all, c)), all,
                [&](const json& run) { return value(run, "/clients/" + c); });
    };
    t.row({{""}});
    group({"unmaps done / due / missed", colour::bold},
          [](const json& run, const std::string& at) { return three(run, at + "/unmap"); });
    group({"  of them with ATC_INV / TLBI only / neither", colour::dim},
          [](const json& run, const std::string& at) {
              return number_at(run, at + "/unmap/atc")
                         ? fmt::format("{} / {} / {}", count_at(run, at + "/unmap/atc"),
                                       count_at(run, at + "/unmap/tlbi_only"),
                                       count_at(run, at + "/unmap/none"))
                         : "-";
          });
    group({"longest unmap", colour::bold},
          [](const json& run, const std::string& at) { return longest_at(run, at + "/unmap"); });
    group({"DMA done / due / missed", colour::bold},
          [](const json& run, const std::string& at) { return three(run, at + "/dma"); });
}

void cpu_rows(text_table& t, const runs& all) {
    std::size_t cpus = 0;
    for (const json* run : all)
        if (run->contains("cpus")) cpus = std::max(cpus, run->at("cpus").size());
    if (cpus == 0) return;
    t.row({{"interrupts off in total / longest", colour::bold}});
    for (std::size_t i = 0; i < cpus; ++i) {
        const std::string at = fmt::format("/cpus/{}", i);
        row(t, fmt::format("  cpu{}", i), all, [&](const json& run) {
            return fmt::format("{} / {}", time_at(run, at + "/irqs_off_total_ps"),
                               time_at(run, at + "/irqs_off_longest_ps"));
        });
    }
}

void device_rows(text_table& t, const runs& all) {
    t.row({{"invalidations completed / timed out", colour::bold}});
    for (const std::string& d : keys_in(all, "devices")) {
        const std::string at = "/devices/" + d + "/invalidations";
        row(t, "  " + d, all, [&](const json& run) {
            return fmt::format("{} / {}", count_at(run, at + "/completed"),
                               count_at(run, at + "/timeouts"));
        });
    }
}

void latency_rows(text_table& t, const runs& all, const char* title, const std::string& at) {
    constexpr std::pair<const char*, const char*> lines[] = {
        {"p50", "p50_ps"},    {"p90", "p90_ps"},      {"p99", "p99_ps"},
        {"p99.9", "p999_ps"}, {"p99.99", "p9999_ps"}, {"max", "max_ps"}};
    t.row({{""}});
    t.row({{title, colour::bold}});
    for (const auto& [label, key] : lines)
        row(t, std::string("  ") + label, all, [&, key = key](const json& run) {
            return number_at(run, at + "/count").value_or(0) == 0 ? "-"
                                                                  : time_at(run, at + "/" + key);
        });
    row(t, "  still open at the end", all,
        [&](const json& run) { return count_at(run, at + "/censored"); });
}

/// Whether any run has transactions of a class, ended or open.
bool any_of_class(const runs& all, const std::string& at) {
    return std::any_of(all.begin(), all.end(), [&](const json* run) {
        return number_at(*run, at + "/count").value_or(0) +
                   number_at(*run, at + "/censored").value_or(0) >
               0;
    });
}

void page_request_rows(text_table& t, const runs& all, const std::string& at) {
    latency_rows(t, all, "page requests, asked to answered", at);
    row(t, "  given up", all, [&](const json& run) { return count_at(run, at + "/abandoned"); });
}

}  // namespace

std::string verdict_in_words(const json& run) {
    const bool red = run.value("outcome", "") == "violations";
    const bool expected = run.value("verdict", "") == "as_expected";
    if (red) return expected ? "RED, as expected" : "RED, NOT as expected";
    return expected ? "GREEN" : "GREEN, but NOT as expected";
}

colour verdict_colour(const json& run) {
    if (run.value("verdict", "") != "as_expected") return colour::red;
    return run.value("outcome", "") == "violations" ? colour::red : colour::green;
}

std::string side_by_side(const runs& all, bool coloured) {
    text_table t(coloured);
    std::vector<cell> names{{""}}, verdicts{{"verdict", colour::bold}};
    for (const json* run : all) {
        names.push_back({run->value("name", "?"), colour::bold});
        verdicts.push_back({verdict_in_words(*run), verdict_colour(*run)});
    }
    t.row(std::move(names));
    t.row(std::move(verdicts));
    row(t, "simulated", all, [](const json& run) { return time_at(run, "/sim_time_ps"); });
    client_rows(t, all);
    t.row({{""}});
    cpu_rows(t, all);
    device_rows(t, all);
    // What did not happen has no latency, not one of 0.
    const std::string invalidation = "/latency/invalidation", page = "/latency/page_request";
    if (any_of_class(all, invalidation))
        latency_rows(t, all, "invalidation latency, flush to return", invalidation);
    if (any_of_class(all, page)) page_request_rows(t, all, page);
    return t.text();
}

std::string run_list(const runs& all, bool coloured) {
    text_table t(coloured);
    t.row({{"run"},
           {"verdict"},
           {"violations"},
           {"unmaps missed"},
           {"timed out"},
           {"invalidation p99"},
           {"max"}});
    for (const json* run : all) {
        std::int64_t missed = 0, timeouts = 0, broken = 0;
        if (run->contains("clients"))
            for (const auto& c : run->at("clients"))
                missed += number_at(c, "/unmap/missed").value_or(0);
        if (run->contains("devices"))
            for (const auto& d : run->at("devices"))
                timeouts += number_at(d, "/invalidations/timeouts").value_or(0);
        if (run->contains("violations"))
            for (const auto& v : run->at("violations"))
                broken += number_at(v, "/count").value_or(1);
        t.row({{run->value("name", "?")},
               {verdict_in_words(*run), verdict_colour(*run)},
               {grouped(broken)},
               {grouped(missed)},
               {grouped(timeouts)},
               {time_at(*run, "/latency/invalidation/p99_ps")},
               {time_at(*run, "/latency/invalidation/max_ps")}});
    }
    return t.text();
}

}  // namespace drydock::report
