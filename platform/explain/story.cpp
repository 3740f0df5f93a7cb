// SPDX-License-Identifier: Apache-2.0
#include "platform/explain/story.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/scenario/place.h"
#include "waves/transaction_id.h"

namespace drydock::explain {
namespace {

using json = nlohmann::json;

std::uint64_t number_of(const std::string& id) {
    const auto parsed = waves::parse_id(id);
    return parsed ? parsed->number : 0;
}

/// Calls f with every transaction that profile.json has in full, parts too, until it returns true.
template <class F>
const json* any_kept(const json& profile, F&& f) {
    for (const json& g : profile.at("groups")) {
        const auto in = [&](const json& t) -> const json* {
            if (f(t)) return &t;
            if (t.contains("parts"))
                for (const json& p : t.at("parts"))
                    if (f(p)) return &p;
            return nullptr;
        };
        for (const char* list : {"slowest", "lost"})
            for (const json& t : g.at(list))
                if (const json* found = in(t)) return found;
        if (g.contains("typical"))
            if (const json* found = in(g.at("typical"))) return found;
    }
    return nullptr;
}

/// "INV" of "INV 17".
std::string word_of(const std::string& id) { return id.substr(0, id.find(' ')); }

}  // namespace

run_view open_run(const report::output_folder& o, std::size_t run) {
    return {o.run_folder(run), o.name(run), o.entry(run), report::read_profile(o.run_folder(run))};
}

wanted parse_wanted(const std::string& text) {
    const auto id = waves::parse_id(text);
    if (!id || id->number == 0)
        throw scenario::bad_input(
            {"--id " + text, 0, 0, true},
            "no id of a transaction; expected one such as INV-17 or UNMAP-17, "
            "as report.html, events.jsonl and the waves call it");
    return {std::string(id->word), id->number};
}

story story_of(const run_view& run, const json& t) {
    story s{t, read_events(run.folder, number_of(t.at("id")), number_of(t.value("operation", "")))};
    if (!s.of.contains("waits") && !s.log.waits.empty()) s.of["waits"] = s.log.waits;
    return s;
}

std::optional<story> find_story(const run_view& run, const wanted& w) {
    const auto is_it = [&](const json& t) {
        const std::string id = t.at("id");
        return number_of(id) == w.number && (w.word.empty() || word_of(id) == w.word);
    };
    if (const json* kept = any_kept(run.profile, is_it)) return story_of(run, *kept);
    story s{nullptr, read_events(run.folder, w.number)};
    s.of = transaction_of(s.log, run.profile.value("devices", json::object()));
    if (s.of.is_null() || !is_it(s.of)) return std::nullopt;
    if (s.of.contains("operation"))  // who waited for that waited for it too
        s.log = read_events(run.folder, w.number, number_of(s.of.at("operation")));
    if (!s.log.waits.empty()) s.of["waits"] = s.log.waits;
    for (const json& line : s.log.parts) {
        event_log part;
        part.own = {line};
        part.notes = s.log.notes;
        s.of["parts"].push_back(transaction_of(part, run.profile.value("devices", json::object())));
    }
    return s;
}

std::vector<json> slowest(const run_view& run, std::size_t n) {
    std::vector<json> all;
    for (const char* of : {"unmap", "atc_inv", "page_request", "translation"}) {
        if (!all.empty()) break;
        for (const json& g : run.profile.at("groups"))
            if (g.at("class") == of)
                for (const json& t : g.at("slowest")) all.push_back(t);
    }
    std::stable_sort(all.begin(), all.end(), [](const json& a, const json& b) {
        return a.at("took_ps").get<std::int64_t>() > b.at("took_ps").get<std::int64_t>();
    });
    all.resize(std::min(all.size(), n));
    return all;
}

json lost_before(const run_view& run, const std::string& device, std::int64_t time_ps) {
    json latest;
    for (const json& g : run.profile.at("groups")) {
        if (g.at("class") != "atc_inv" || (!device.empty() && g.at("device") != device)) continue;
        for (const json& t : g.at("lost"))
            if (t.at("begin_ps").get<std::int64_t>() <= time_ps &&
                (latest.is_null() || t.at("begin_ps") > latest.at("begin_ps")))
                latest = t;
    }
    return latest;
}

}  // namespace drydock::explain
