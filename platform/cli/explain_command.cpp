// SPDX-License-Identifier: Apache-2.0
// `drydock explain`: the life of single transactions of a run, in words and as charts.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "platform/cli/commands.h"
#include "platform/explain/charts.h"
#include "platform/explain/story.h"
#include "platform/report/format.h"
#include "platform/report/sentence.h"
#include "platform/report/text_table.h"
#include "platform/runner/output_folder.h"
#include "platform/scenario/nearest.h"

namespace drydock::cli {
namespace fs = std::filesystem;
namespace {

using json = nlohmann::json;
using explain::run_view;
using explain::story;

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
    throw scenario::bad_input({what, 0, 0, true}, why);
}

/// The run that was named; of several the one most worth a look. Ids are of one run, so for those
/// one must be named.
std::size_t run_of(const report::output_folder& o, const explain_options& e) {
    if (o.runs.size() == 1) return o.runs.front();
    std::vector<std::string> names;
    for (const std::size_t i : o.runs) names.push_back(o.name(i));
    if (!e.id.empty())
        refuse("--id " + e.id,
               fmt::format("'{}' holds several runs, each with ids of its own; name "
                           "the folder of one, expected one of {}",
                           e.folder, scenario::list_of(names)));
    const auto first = [&](auto&& wanted) {
        return std::find_if(o.runs.begin(), o.runs.end(),
                            [&](std::size_t i) { return wanted(o.entry(i)); });
    };
    auto found = first([](const json& r) { return r.value("verdict", "") != "as_expected"; });
    if (found == o.runs.end())
        found = first([](const json& r) { return r.value("outcome", "") == "violations"; });
    return found == o.runs.end() ? o.runs.front() : *found;
}

std::string file_name(const std::string& id) {
    std::string name = id;
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

/// Charts of a story into the folder; @return the files
std::vector<std::string> write_charts(const story& s, const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    const fs::path stem = folder / file_name(s.of.at("id"));
    if (error || !runner::writable(stem.string() + ".svg"))
        refuse("--out " + folder.string(), "cannot be written; expected a folder that can");
    std::vector<std::string> files;
    const auto put = [&](const char* ending, const std::string& text) {
        files.push_back(stem.string() + ending);
        runner::write_file(files.back(), text);
    };
    put(".mmd", explain::mermaid(s.of));
    put(".svg", explain::sequence_svg(s.of));
    put(".wavedrom.json", explain::wavedrom(s.of).dump(2) + "\n");
    return files;
}

class teller {
public:
    /// @param others what to say of the folder's other runs
    teller(const run_view& run, const explain_options& o, std::string others, const tools& t)
        : run_(run),
          others_(std::move(others)),
          tools_(t),
          out_(o.out.empty() ? run.folder / "explain" : fs::path(o.out)),
          coloured_(wants_colour(t.out)) {}

    void tell(const story& s) {
        begin();
        if (told_++ > 0) print(tools_.out, "\n");
        print(tools_.out, explain::in_words(run_, s, coloured_));
        if (s.of.at("pieces").empty()) return;  // nothing to draw
        print(tools_.out, "\nIn sequence (Mermaid)\n" + explain::mermaid(s.of) + "\nCharts\n");
        for (const std::string& file : write_charts(s, out_))
            print(tools_.out, "  " + fs::proximate(file).string() + "\n");
    }
    void heading(const std::string& text) {
        begin();
        print(tools_.out, report::painted(text, report::colour::bold, coloured_) + "\n");
    }

private:
    /// What happened in the run, before anything else is said.
    void begin() {
        if (begun_) return;
        begun_ = true;
        print(tools_.out,
              report::painted(run_.name + ": " + report::sentence(run_.entry, run_.profile),
                              report::colour::bold, coloured_) +
                  "\n" + others_ + "\n");
    }
    const run_view& run_;
    std::string others_;
    const tools& tools_;
    bool begun_ = false;
    fs::path out_;
    bool coloured_;
    unsigned told_ = 0;
};

void tell_id(const run_view& run, const explain_options& o, teller& to) {
    const explain::wanted w = explain::parse_wanted(o.id);
    const auto found = explain::find_story(run, w);
    if (found) return to.tell(*found);
    const bool events = fs::exists(run.folder / "events.jsonl");
    refuse(
        "--id " + o.id,
        fmt::format("run {} tells of no such transaction; {}", run.name,
                    events ? "unmaps, invalidations and page requests are in events.jsonl, others "
                             "with --events=detail, DMA with --events=tlp"
                           : "there is no events.jsonl: run it again with --events=life"));
}

/// A violation, what came before it, and the transactions that it names or comes from.
void tell_violation(const run_view& run, std::size_t n, teller& to, const tools& t) {
    const json list = run.entry.value("violations", json::array());
    if (n == 0 || n > list.size())
        refuse(fmt::format("--violation {}", n),
               fmt::format("run {} has {} violation{}", run.name, list.size(),
                           list.size() == 1 ? "" : "s"));
    const json& v = list.at(n - 1);
    const auto at = v.value("time_ps", std::int64_t{0});
    const std::string device = v.value("device", ""), rule = v.value("rule", ""),
                      happened = v.value("text", "");
    to.heading(
        fmt::format("Violation {} of {}: {}{} at {}{}", n, list.size(), v.value("monitor", "?"),
                    device.empty() ? "" : " (" + device + ")", report::moment(at),
                    v.value("count", 1) > 1 ? fmt::format(", {} times", v.value("count", 1)) : ""));
    print(t.out, fmt::format("  the rule: {}\n  what happened: {}\n", rule,
                             happened.empty() ? "-" : happened));
    bool told = false;
    for (const json& span : v.value("spans", json::array()))
        if (const auto found = explain::find_story(run, {"", span.get<std::uint64_t>()});
            found && !told) {
            print(t.out, "\n");
            to.tell(*found);
            told = true;
        }
    if (told) return;
    const explain::event_log log = explain::read_events(run.folder, 0);
    const json lost = explain::lost_before(run, device, at);
    auto from = lost.is_null() ? at - 1'000'000'000 : lost.at("begin_ps").get<std::int64_t>();
    for (const json& note : log.notes)  // what the scenario has done to it
        if (note.value("kind", "") == "action") from = std::min(from, note.value("t", from));
    print(t.out, "\n");
    to.heading("What came before");
    print(t.out,
          explain::meanwhile(log, run.profile.value("devices", json::object()), from, at, 20));
    if (lost.is_null()) return;
    print(t.out, "\nThe last invalidation that " + lost.value("device", "the device") +
                     " lost before it:\n\n");
    to.tell(explain::story_of(run, lost));
}

void tell_slowest(const run_view& run, std::size_t n, teller& to, const tools& t) {
    const std::vector<json> all = explain::slowest(run, n);
    if (all.empty())
        print(t.out, fmt::format("run {} has no unmap, invalidation, translation or page request\n",
                                 run.name));
    for (const json& one : all) to.tell(explain::story_of(run, one));
}

}  // namespace

int explain_command(const explain_options& o, const tools& t) {
    const report::output_folder outputs = report::open_outputs(o.folder);
    const std::size_t index = run_of(outputs, o);
    const run_view run = explain::open_run(outputs, index);
    try {
        const std::string others =
            outputs.runs.size() < 2
                ? ""
                : fmt::format("  of {} runs; name the folder of another, such as {}\n",
                              outputs.runs.size(),
                              fs::proximate(outputs.run_folder(outputs.runs.back())).string());
        teller to(run, o, others, t);
        const bool red = !run.entry.value("violations", json::array()).empty();
        if (!o.id.empty())
            tell_id(run, o, to);
        else if (o.violation || (!o.slowest && red))
            tell_violation(run, o.violation.value_or(1), to, t);
        else
            tell_slowest(run, o.slowest.value_or(1), to, t);
    } catch (const json::exception&) {
        throw scenario::bad_input(
            {}, fmt::format("the files in '{}' are damaged: run it again", run.folder.string()));
    }
    return as_expected;
}

}  // namespace drydock::cli
