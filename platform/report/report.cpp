// SPDX-License-Identifier: Apache-2.0
#include "platform/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "platform/report/format.h"

namespace drydock::report {
namespace {

using json = nlohmann::json;
constexpr std::size_t most_columns = 4;   // runs that stand side by side
constexpr std::size_t most_detailed = 8;  // above, runs are listed one per line
constexpr std::size_t most_clients = 4;   // told in words

std::string text_of(const json& j) { return j.is_string() ? j.get<std::string>() : j.dump(); }

std::string header(const json& summary, bool coloured) {
    const json& d = summary.at("drydock");
    std::string s = painted(d.value("scenario", "?"), colour::bold, coloured);
    s += fmt::format("\ndrydock {}, seed {}, sha256 {}\n", d.value("version", "?"),
                     d.contains("seed") ? text_of(d.at("seed")) : "?",
                     d.value("scenario_sha256", "?").substr(0, 16));
    if (d.contains("notes"))
        for (const json& n : d.at("notes"))
            s += painted("note: " + text_of(n), colour::yellow, coloured) + "\n";
    return s + "\n";
}

std::int64_t timeouts_of(const json& run, const std::string& device) {
    return number_at(run, "/devices/" + device + "/invalidations/timeouts").value_or(0);
}

/// "7 invalidations of ep0 timed out", then a line for each client of the other devices: "net on
/// nic missed 76.5% of its unmaps, the longest took 16.4 ms".
std::string in_words(const json& run) {
    std::string s;
    if (run.contains("devices"))
        for (const auto& [device, counts] : run.at("devices").items())
            if (const auto n = timeouts_of(run, device); n > 0)
                s += fmt::format("{}{} invalidation{} of {} timed out", s.empty() ? "" : ", ",
                                 grouped(n), n > 1 ? "s" : "", device);
    if (s.empty()) s = "no invalidation timed out";
    if (!run.contains("clients")) return s;
    std::size_t told = 0;
    for (const auto& [name, c] : run.at("clients").items()) {
        const auto due = number_at(c, "/unmap/due"), missed = number_at(c, "/unmap/missed");
        const std::string device = c.value("device", "");
        if (!due || !missed || timeouts_of(run, device) > 0) continue;
        if (++told > most_clients) continue;
        s += fmt::format("\n  {} on {} missed {} of its unmaps, the longest took {}", name, device,
                         share(*missed, *due), longest_at(c, "/unmap"));
    }
    return s;
}

/// "none: RED, as expected: invalidate_in_reset (ep0), innocent_harmed (nic)", and a line in words.
std::string at_a_glance(const runs& all, bool coloured) {
    std::string s;
    for (const json* run : all) {
        std::vector<std::string> fired;
        if (run->contains("violations"))
            for (const json& v : run->at("violations")) {
                const std::string device = v.value("device", "");
                const std::string f =
                    v.value("monitor", "?") + (device.empty() ? "" : " (" + device + ")");
                if (std::find(fired.begin(), fired.end(), f) == fired.end()) fired.push_back(f);
            }
        s += fmt::format("{}: {}", run->value("name", "?"),
                         painted(verdict_in_words(*run), verdict_colour(*run), coloured));
        for (const std::string& f : fired) s += (&f == fired.data() ? ": " : ", ") + f;
        s += "\n  " + in_words(*run) + '\n';
    }
    return s + '\n';
}

std::string heading(const std::string& text, bool coloured) {
    return "\n" + painted(text, colour::bold, coloured) + "\n";
}

/// Groups of as many runs as stand side by side.
std::vector<runs> groups(const runs& all) {
    std::vector<runs> parts;
    for (std::size_t i = 0; i < all.size(); i += most_columns)
        parts.emplace_back(
            all.begin() + static_cast<std::ptrdiff_t>(i),
            all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), i + most_columns)));
    return parts;
}

std::string stages(const std::string& title, const runs& all, const std::string& at,
                   bool coloured) {
    std::string s;
    for (const runs& part : groups(all)) s += stage_table(part, at, coloured);
    return s.empty() ? "" : heading(title, coloured) + s;
}

std::string details(const runs& all, bool coloured) {
    std::string s;
    for (const runs& part : groups(all))
        s += (s.empty() ? "" : "\n") + side_by_side(part, coloured);
    const std::string invalidation = "/latency/invalidation";
    s += stages("Where the time of a completed invalidation goes", all, invalidation + "/stages",
                coloured);
    s += stages("... and of one that timed out", all, invalidation + "/timed_out/stages", coloured);
    s += stages("Where the time of an unmap goes", all, "/latency/unmap/stages", coloured);
    s += stages("Where the time of a translation goes", all, "/latency/translation/stages",
                coloured);
    s += stages("Where the time of a page request goes", all, "/latency/page_request/stages",
                coloured);
    s += heading("Who waited for whom", coloured);
    for (const json* run : all) {
        const std::string table = blame_table(*run, coloured);
        s += run->value("name", "?") + (table.empty() ? ": nobody\n" : "\n" + table);
    }
    std::string stalls;
    for (const json* run : all)
        if (const std::string table = stall_table(*run, coloured); !table.empty())
            stalls += run->value("name", "?") + "\n" + table;
    if (!stalls.empty()) s += heading("What stalled inside the SMMU", coloured) + stalls;
    return s;
}

std::string monitors(const runs& all, bool coloured) {
    std::string s = heading("Monitors", coloured);
    for (const json* run : all)
        s += fmt::format("{}: {}\n", run->value("name", "?"),
                         painted(verdict_in_words(*run), verdict_colour(*run), coloured)) +
             monitor_table(*run, coloured);
    return s;
}

/// The files of each run on a line of its own; runs with the same files on one.
std::string files_by_run(const std::vector<std::string>& files) {
    std::string own;
    std::vector<std::pair<std::string, std::string>> folders;  // of one kind, and their files
    std::map<std::string, std::string> files_of;
    for (const std::string& f : files) {
        const auto slash = f.find('/');
        std::string& list = slash == std::string::npos ? own : files_of[f.substr(0, slash)];
        list += (list.empty() ? "" : ", ") + f.substr(slash == std::string::npos ? 0 : slash + 1);
    }
    for (const auto& [folder, list] : files_of) {
        const auto alike = std::find_if(folders.begin(), folders.end(),
                                        [&same = list](const auto& k) { return k.second == same; });
        if (alike == folders.end())
            folders.emplace_back(folder + "/", list);
        else
            alike->first += " " + folder + "/";
    }
    std::string s;
    for (const auto& [names, list] : folders) s += "  " + names + "  " + list + "\n";
    return own.empty() ? s : s + "  " + own + "\n";
}

/// What to type next, if something happened and there is what the commands read.
std::string how_to_see_why(const runs& all, const style& st) {
    const bool happened = std::any_of(all.begin(), all.end(), [](const json* run) {
        return run->value("verdict", "") != "as_expected" || run->value("outcome", "") != "clean";
    });
    const auto written = [&](std::string_view name) {
        return std::any_of(st.files.begin(), st.files.end(),
                           [&](const std::string& f) { return f.ends_with(name); });
    };
    if (!happened || !written("profile.json")) return "";
    std::string s = heading("To see why", st.coloured) + "  drydock explain " + st.folder + "\n";
    if (written("waves.fst")) s += "  drydock view " + st.folder + "\n";
    return s + "  or open " + st.folder + "/report.html in a browser\n";
}

std::string where_to_look(const json& summary, const runs& all, const style& st) {
    std::string s;
    if (!st.folder.empty())
        s += heading("Outputs in " + st.folder, st.coloured) + files_by_run(st.files) +
             how_to_see_why(all, st);
    s += heading("To repeat", st.coloured);
    s += "  " + summary.at("drydock").value("command", "") + "\n";
    if (all.size() > 1 && all.size() <= most_detailed)
        for (const json* run : all)
            if (run->contains("command"))
                s += fmt::format("  {}: {}\n", run->value("name", "?"), run->value("command", ""));
    return s;
}

}  // namespace

std::string render(const json& summary, const style& s) {
    runs all;
    for (const json& run : summary.at("runs")) all.push_back(&run);
    std::string text = header(summary, s.coloured);
    if (all.size() > most_detailed) {
        runs unexpected;
        for (const json* run : all)
            if (run->value("verdict", "") != "as_expected") unexpected.push_back(run);
        text += run_list(all, s.coloured);
        if (!unexpected.empty()) text += monitors(unexpected, s.coloured);
    } else {
        text += at_a_glance(all, s.coloured) + details(all, s.coloured) + monitors(all, s.coloured);
    }
    return text + where_to_look(summary, all, s);
}

}  // namespace drydock::report
