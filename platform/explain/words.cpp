// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "platform/explain/event_words.h"
#include "platform/explain/stage_words.h"
#include "platform/explain/story.h"
#include "platform/report/format.h"
#include "platform/report/text_table.h"

namespace drydock::explain {
namespace {

using json = nlohmann::json;
using report::colour;

constexpr std::size_t most_waits = 6, most_notes = 14, most_events = 40;

std::string text(const json& j, const char* key) { return j.value(key, std::string()); }

std::string class_in_words(const std::string& of) {
    if (of == "atc_inv") return "invalidation (ATC_INV)";
    if (of == "page_request") return "page request";
    return of;
}

std::string ending_in_words(const std::string& ended) {
    if (ended == "timed_out") return "timed out";
    if (ended == "open") return "still open at the end of the run";
    if (ended == "abandoned") return "given up";
    return "completed";
}

void stage_rows(report::text_table& t, const json& transaction, const std::string& indent) {
    std::int64_t at = transaction.at("begin_ps").get<std::int64_t>();
    const auto whole = transaction.at("took_ps").get<std::int64_t>();
    const std::string of = transaction.at("class");
    for (const json& p : transaction.at("pieces")) {
        const auto took = p.at(1).get<std::int64_t>();
        const std::string stage = p.at(0);
        const bool most = took * 2 > whole;
        t.row({{indent + stage, most ? colour::red : colour::plain},
               {std::string(words_of(stage, of).what)},
               {report::moment(at)},
               {report::short_time(took), most ? colour::red : colour::plain},
               {report::share(took, whole)}});
        at += took;
    }
}

std::string stages(const json& transaction, bool coloured) {
    report::text_table t(coloured, 2);
    t.row({{"  stage", colour::bold},
           {"what goes on", colour::bold},
           {"from", colour::bold},
           {"took", colour::bold},
           {"share", colour::bold}});
    stage_rows(t, transaction, "  ");
    if (transaction.contains("parts"))
        for (const json& part : transaction.at("parts")) {
            t.row({{fmt::format("  inside of it {}: {}, {}", text(part, "id"),
                                ending_in_words(text(part, "ended")),
                                report::short_time(part.at("took_ps"))),
                    colour::bold}});
            stage_rows(t, part, "    ");
        }
    return t.text();
}

/// Largest first.
std::vector<json> sorted(const json& waits) {
    std::vector<json> all(waits.begin(), waits.end());
    std::stable_sort(all.begin(), all.end(), [](const json& a, const json& b) {
        return a.at("took_ps").get<std::int64_t>() > b.at("took_ps").get<std::int64_t>();
    });
    return all;
}

std::string waited_for(const json& t) {
    std::string s;
    std::size_t n = 0;
    for (const json& w : sorted(t.value("waits", json::array()))) {
        if (!w.contains("for") || n++ == most_waits) continue;
        s += fmt::format("  {} waited {} in {} for {} of {}{}, from {}\n", text(w, "id"),
                         report::short_time(w.at("took_ps")), text(w, "stage"), text(w, "for"),
                         text(w, "for_who"),
                         w.contains("for_operation") ? " (" + text(w, "for_operation") + ")" : "",
                         report::moment(w.at("began_ps")));
    }
    return s.empty() ? "  nobody\n" : s;
}

std::string held_up(const event_log& log) {
    if (!log.waiting) return "  not known: there is no waits.jsonl\n";
    std::string s;
    std::size_t n = 0;
    for (const json& w : sorted(log.held_up)) {
        if (n++ == most_waits) continue;
        s += fmt::format("  {}{}, {} in {}, from {}\n", text(w, "id"),
                         w.contains("operation") ? " (" + text(w, "operation") + ")" : "",
                         report::short_time(w.at("took_ps")), text(w, "stage"),
                         report::moment(w.at("began_ps")));
    }
    if (n > most_waits) s += fmt::format("  and {} more in waits.jsonl\n", n - most_waits);
    return s.empty() ? "  nobody\n" : s;
}

/// Of one whose class has no stages: its events, a line each.
std::string events_of(const std::vector<json>& own, const json& devices) {
    std::string s;
    for (std::size_t i = 0; i < std::min(own.size(), most_events); ++i)
        s += fmt::format("  {}  {}\n", report::moment(own[i].value("t", std::int64_t{0})),
                         event_in_words(own[i], devices));
    if (own.size() > most_events)
        s += fmt::format("  and {} more in events.jsonl\n", own.size() - most_events);
    return s;
}

}  // namespace

std::string meanwhile(const event_log& log, const json& devices, std::int64_t from,
                      std::int64_t until, std::size_t most) {
    std::string s;
    std::size_t n = 0, left_out = 0;
    for (const json& note : log.notes) {
        const auto t = note.value("t", std::int64_t{0});
        if (t < from || t > until) continue;
        if (n++ < most)
            s += fmt::format("  {}  {}\n", report::moment(t), event_in_words(note, devices));
        else
            ++left_out;
    }
    if (left_out > 0) s += fmt::format("  and {} more in events.jsonl\n", left_out);
    return s;
}

std::string in_words(const run_view& run, const story& s, bool coloured) {
    const json& t = s.of;
    const auto begin = t.at("begin_ps").get<std::int64_t>(),
               took = t.at("took_ps").get<std::int64_t>();
    const auto bold = [&](const std::string& text) {
        return report::painted(text, colour::bold, coloured);
    };
    std::string said =
        bold(fmt::format("{}: {} of {}, run {}", text(t, "id"), class_in_words(text(t, "class")),
                         text(t, "who"), run.name));
    said += fmt::format("\n  {}; {} from {} to {}, at {}{}\n", ending_in_words(text(t, "ended")),
                        report::short_time(took), report::moment(begin),
                        report::moment(begin + took), text(t, "where"),
                        t.contains("operation") ? ", part of " + text(t, "operation") : "");
    const std::vector<std::string> why = causes(run, s);
    if (!why.empty()) said += "\n" + bold("Why") + "\n";
    for (const std::string& cause : why) said += "  " + cause + "\n";
    if (t.at("pieces").empty())
        said += "\n" + bold("What it did") + "\n" +
                events_of(s.log.own, run.profile.value("devices", json::object()));
    else
        said += "\n" + bold("Stage by stage") + "\n" + stages(t, coloured);
    said += "\n" + bold("It waited for") + "\n" + waited_for(t);
    said += "\n" + bold("It held up") + "\n" + held_up(s.log);
    const std::string notes = meanwhile(s.log, run.profile.value("devices", json::object()), begin,
                                        begin + took, most_notes);
    if (!notes.empty()) said += "\n" + bold("Meanwhile") + "\n" + notes;
    return said;
}

}  // namespace drydock::explain
