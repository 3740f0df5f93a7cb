// SPDX-License-Identifier: Apache-2.0
#include "platform/explain/event_log.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include "platform/latency/blame.h"
#include "platform/latency/stages.h"
#include "waves/transaction_id.h"

namespace drydock::explain {
namespace {

using json = nlohmann::json;

/// Kinds that a reader wants to know of whatever he looks at.
constexpr std::array<std::string_view, 13> told_kinds{
    "violation",         "itag_timeout",    "cerror",      "gerror",         "sw_log",
    "sw_warn",           "action",          "link_state",  "function_state", "invalidate_ignored",
    "sw_device_blocked", "sw_poll_timeout", "error_logged"};

/// The value of a line's key without parsing all of it; "" if it is not there.
std::string_view field(std::string_view line, std::string_view key) {
    const auto at = line.find(key);
    if (at == std::string_view::npos) return {};
    const auto from = at + key.size();
    return line.substr(from, line.find_first_of(",}\"", from) - from);
}

bool is_told(std::string_view kind) {
    return std::find(told_kinds.begin(), told_kinds.end(), kind) != told_kinds.end();
}

template <class Line>
bool for_each_line(const std::filesystem::path& file, Line&& f) {
    std::ifstream in(file);
    if (!in) return false;
    std::string line;
    std::getline(in, line);  // the header
    while (std::getline(in, line)) f(line);
    return true;
}

base::span_class class_of(std::string_view word) {
    for (unsigned c = 0; c <= static_cast<unsigned>(base::span_class::call); ++c)
        if (latency::word(static_cast<base::span_class>(c)) == word)
            return static_cast<base::span_class>(c);
    return base::span_class::none;
}

const latency::stage_plan* plan_of(base::span_class c) {
    for (const latency::stage_plan& p : latency::stage_plans)
        if (p.of == c) return &p;
    return nullptr;
}

struct life {
    base::span_class of{};
    std::string where, device;
    std::int64_t begin = 0, end = 0;
    bool open = true;
    std::map<std::size_t, std::int64_t>
        at;  ///< when boundary i of the plan was reached; last telling
};

/// From span_begin, stage and span_end (levels detail and tlp).
std::optional<life> full_life(const std::vector<json>& own) {
    std::optional<life> l;
    for (const json& e : own) {
        const std::string kind = e.value("kind", "");
        const auto t = e.value("t", std::int64_t{0});
        if (kind == "span_begin") {
            l = life{class_of(e.value("class", "")),
                     e.value("where", ""),
                     e.value("device", ""),
                     t,
                     t,
                     true,
                     {}};
        } else if (l && kind == "stage") {
            const latency::stage_plan* plan = plan_of(l->of);
            const auto boundary = e.value("boundary", std::size_t{0});
            if (plan != nullptr && boundary >= plan->first &&
                boundary <= plan->first + plan->names.size())
                l->at[boundary - plan->first] = t;
            l->end = std::max(l->end, t);
        } else if (l && kind == "span_end") {
            l->end = t;
            l->open = false;
        }
    }
    return l;
}

/// From the one line of level life.
std::optional<life> folded_life(const std::vector<json>& own) {
    for (const json& e : own) {
        if (!e.contains("stages")) continue;
        life l{class_of(e.value("kind", "")),
               e.value("where", ""),
               e.value("device", ""),
               0,
               e.value("t", std::int64_t{0}),
               e.value("open", false),
               {}};
        std::int64_t sum = 0;
        for (const json& s : e.at("stages"))
            if (s.is_number()) sum += s.get<std::int64_t>();
        l.begin = l.end - e.value("took", sum);
        std::int64_t at = l.begin;
        l.at[0] = at;
        for (std::size_t i = 0; i < e.at("stages").size(); ++i)
            if (e.at("stages")[i].is_number())
                l.at[i + 1] = at += e.at("stages")[i].get<std::int64_t>();
        return l;
    }
    return std::nullopt;
}

/// When its ITag expired, and when the error was acknowledged; 0 for what was not.
std::pair<std::int64_t, std::int64_t> loss(const std::vector<json>& notes, std::uint64_t span) {
    std::int64_t lost = 0, acknowledged = 0;
    for (const json& n : notes) {
        const std::string kind = n.value("kind", "");
        if (kind == "itag_timeout" && n.value("span", std::uint64_t{0}) == span)
            lost = n.value("t", std::int64_t{0});
        if (lost != 0 && acknowledged == 0 && kind == "gerror" &&
            n.value("gerror", "") == n.value("gerrorn", ""))
            acknowledged = n.value("t", std::int64_t{0});
    }
    return {lost, acknowledged};
}

/// Who has flushed; of level life, where invalidations alone have a parent.
std::uint32_t parent_of(const std::vector<json>& own) {
    for (const json& e : own)
        if (e.contains("stages")) return e.value("parent", std::uint32_t{0});
    return 0;
}

json pieces_of(const life& l, const latency::stage_plan& plan, std::int64_t lost,
               std::int64_t acknowledged) {
    json pieces = json::array();
    std::int64_t last = l.begin;
    const auto until = [&](std::string_view name, std::int64_t t) {
        if (t < last) return;
        pieces.push_back({name, t - last});
        last = t;
    };
    constexpr std::size_t sync = 15;  // boundary of an invalidation at which its SYNC is consumed
    bool error_passed = lost == 0;
    for (const auto& [boundary, t] : l.at) {
        if (boundary == 0) {
            if (t > last) until(latency::rest_stage, t);
            continue;
        }
        if (!error_passed && boundary >= sync) {
            until(latency::lost_stage, lost);
            if (acknowledged != 0) until(latency::error_restart_stage, acknowledged);
            error_passed = true;
        }
        until(plan.names[boundary - 1], t);
    }
    if (l.end > last) until(latency::rest_stage, l.end);
    return pieces;
}

}  // namespace

event_log read_events(const std::filesystem::path& run_folder, std::uint64_t span,
                      std::uint64_t operation) {
    event_log log;
    const std::string number = std::to_string(span);
    log.events = for_each_line(run_folder / "events.jsonl", [&](const std::string& line) {
        const std::string_view kind = field(line, "\"kind\":\"");
        const bool mine = span != 0 && field(line, "\"span\":") == number;
        const bool part = span != 0 && field(line, "\"parent\":") == number && kind != "span_begin";
        const bool reset = (kind == "span_begin" || kind == "span_end") &&
                           line.find("\"class\":\"reset\"") != std::string::npos;
        if (!mine && !part && !reset && !is_told(kind)) return;
        json j = json::parse(line, nullptr, false);
        if (!j.is_object()) return;
        if (mine) log.own.push_back(j);
        if (part) log.parts.push_back(j);
        if (reset || is_told(kind)) log.notes.push_back(std::move(j));
    });
    if (span == 0) return log;
    // Ids end with the span's number, which no other class has.
    const std::string mine = " " + number, its = " " + std::to_string(operation);
    log.waiting = for_each_line(run_folder / "waits.jsonl", [&](const std::string& line) {
        if (line.find(mine + '"') == std::string::npos &&
            (operation == 0 || line.find(its + '"') == std::string::npos))
            return;
        json j = json::parse(line, nullptr, false);
        if (!j.is_object()) return;
        const auto is = [&](const char* key, const std::string& end) {
            return j.value(key, "").ends_with(end);
        };
        if (is("for", mine) || is("for_operation", mine) ||
            (operation != 0 && is("for_operation", its)))
            log.held_up.push_back(j);
        if (is("id", mine) || is("operation", mine)) log.waits.push_back(std::move(j));
    });
    return log;
}

json transaction_of(const event_log& log, const json& devices) {
    std::optional<life> l = folded_life(log.own);
    if (!l) l = full_life(log.own);
    if (!l) return nullptr;
    const latency::stage_plan* plan = plan_of(l->of);
    const auto span = log.own.front().value("span", std::uint64_t{0});
    const auto [lost, acknowledged] = loss(log.notes, span);
    const std::string device = l->device == "00:00.0" ? "" : devices.value(l->device, l->device);
    const std::string client = latency::client_name(l->where);
    json t{{"id", waves::id_text(l->of, base::span_id{static_cast<std::uint32_t>(span)})},
           {"class", latency::word(l->of)},
           {"who", device.empty() ? client : client + "@" + device},
           {"client", client},
           {"device", device},
           {"where", l->where},
           {"begin_ps", l->begin},
           {"took_ps", l->end - l->begin},
           {"ended", lost != 0 ? "timed_out"
                     : l->open ? "open"
                               : "completed"},
           {"pieces", json::array()}};
    if (const auto parent = parent_of(log.own); parent != 0)
        t["operation"] = waves::id_text(base::span_class::unmap, base::span_id{parent});
    if (plan != nullptr) t["pieces"] = pieces_of(*l, *plan, lost, acknowledged);
    return t;
}

}  // namespace drydock::explain
