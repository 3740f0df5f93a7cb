// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "platform/explain/stage_words.h"
#include "platform/explain/story.h"
#include "platform/report/format.h"

namespace drydock::explain {
namespace {

using json = nlohmann::json;

constexpr std::size_t farthest = 4;  // causes of causes

std::int64_t begin_of(const json& t) { return t.at("begin_ps").get<std::int64_t>(); }
std::int64_t took(const json& t) { return t.at("took_ps").get<std::int64_t>(); }

/// The part that timed out, or the transaction itself; null if none did.
const json* lost_part(const json& t) {
    if (t.at("ended") == "timed_out") return &t;
    if (t.contains("parts"))
        for (const json& p : t.at("parts"))
            if (p.at("ended") == "timed_out") return &p;
    return nullptr;
}

/// States of the device while the transaction was under way: "in FLR from .. to ..".
std::string state_of(const run_view& run, const std::string& device, std::int64_t from,
                     std::int64_t until) {
    for (const json& lane : run.profile.at("lanes").at("devices")) {
        if (lane.at("name") != device) continue;
        for (const json& bar : lane.at("bars")) {
            const auto begin = bar.at(0).get<std::int64_t>(),
                       end = begin + bar.at(1).get<std::int64_t>();
            const std::string state = bar.at(2);
            if (state == "reset" || state == "blocked" || end < from || begin > until) continue;
            return fmt::format("{} was in state {} from {} to {}", device, state,
                               report::moment(begin), report::moment(end));
        }
    }
    return "";
}

/// Why a request was ignored, as the device said.
std::string ignored_because(const event_log& log, const json& t) {
    const std::string id = t.at("id");
    const auto number = id.substr(id.find(' ') + 1);
    for (const json& n : log.notes)
        if (n.value("kind", "") == "invalidate_ignored" &&
            std::to_string(n.value("span", std::uint64_t{0})) == number)
            return n.value("reason", "");
    return "";
}

std::string why_lost(const run_view& run, const event_log& log, const json& t) {
    std::string s = fmt::format("{} got no answer from {}", t.at("id").get<std::string>(),
                                t.at("device").get<std::string>());
    if (const std::string reason = ignored_because(log, t); !reason.empty())
        s += fmt::format(", which ignored the Invalidate Request ({})", reason);
    for (const json& p : t.at("pieces"))
        if (p.at(0) == "lost")
            s += fmt::format("; its ITag expired after {}", report::short_time(p.at(1)));
    if (const std::string state = state_of(run, t.at("device"), begin_of(t), begin_of(t) + took(t));
        !state.empty())
        s += "; " + state;
    return s;
}

/// After the expiry, when the poll looked next.
std::string why_late(const json& t) {
    std::int64_t observe = 0;
    for (const json& p : t.at("pieces"))
        if (p.at(0) == "sw_observe") observe = p.at(1).get<std::int64_t>();
    if (observe * 10 < took(t)) return "";
    return fmt::format(
        "the SYNC was consumed {} before the driver's poll looked again (it backs off)",
        report::short_time(observe));
}

const json* longest_wait(const json& t) {
    const json* longest = nullptr;
    if (t.contains("waits"))
        for (const json& w : t.at("waits"))
            if (w.contains("for") &&
                (longest == nullptr || w.at("took_ps") > longest->at("took_ps")))
                longest = &w;
    return longest;
}

std::string largest_stage(const json& t) {
    const json* largest = nullptr;
    for (const json& p : t.at("pieces"))
        if (largest == nullptr || p.at(1) > largest->at(1)) largest = &p;
    if (largest == nullptr) return "";
    const std::string stage = largest->at(0), of = t.at("class");
    return fmt::format("nobody held it up: {} of it is {} ({})",
                       report::share(largest->at(1).get<std::int64_t>(), took(t)), stage,
                       words_of(stage, of).what);
}

}  // namespace

std::vector<std::string> causes(const run_view& run, const story& s) {
    std::vector<std::string> all;
    json t = s.of;
    event_log log = s.log;
    for (std::size_t depth = 0; depth < farthest; ++depth) {
        if (const json* lost = lost_part(t)) {
            all.push_back(why_lost(run, log, *lost));
            if (std::string late = why_late(*lost); !late.empty()) all.push_back(std::move(late));
            all.push_back(
                fmt::format("the flush returned all the same: unless a reset emptied its ATC, "
                            "{} can still use the translation",
                            lost->at("device").get<std::string>()));
            return all;
        }
        const json* wait = longest_wait(t);
        if (wait == nullptr || wait->at("took_ps").get<std::int64_t>() * 4 < took(t)) {
            if (std::string largest = largest_stage(t); depth == 0 && !largest.empty())
                all.push_back(std::move(largest));
            return all;
        }
        all.push_back(fmt::format(
            "{} stood {} in {} behind {} of {}{}", wait->at("id").get<std::string>(),
            report::short_time(wait->at("took_ps")), wait->at("stage").get<std::string>(),
            wait->at("for").get<std::string>(), wait->value("for_who", "?"),
            wait->contains("for_operation") ? ", part of " + wait->value("for_operation", "")
                                            : ""));
        const auto next =
            find_story(run, parse_wanted(wait->value("for_operation", wait->value("for", ""))));
        if (!next) return all;
        t = next->of;
        log = next->log;
    }
    return all;
}

}  // namespace drydock::explain
