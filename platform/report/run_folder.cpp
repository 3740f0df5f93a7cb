// SPDX-License-Identifier: Apache-2.0
#include "platform/report/run_folder.h"

#include <fmt/format.h>

#include <fstream>

#include "platform/scenario/place.h"

namespace drydock::report {
namespace fs = std::filesystem;
namespace {

using json = nlohmann::json;

json read_json(const fs::path& file, const std::string& hint) {
    std::ifstream in(file);
    if (!in)
        throw scenario::bad_input({}, fmt::format("cannot read '{}'; {}", file.string(), hint));
    json j = json::parse(in, nullptr, false);
    if (!j.is_object() || !j.contains("drydock"))
        throw scenario::bad_input(
            {}, fmt::format("'{}' is damaged, or no file of drydock: run it again", file.string()));
    return j;
}

bool has_summary(const fs::path& folder) { return fs::is_regular_file(folder / "summary.json"); }

}  // namespace

output_folder open_outputs(const std::string& named) {
    // "out/x/none/" and "." name folders too
    const fs::path given = fs::absolute(named).lexically_normal();
    const fs::path place = given.has_filename() ? given : given.parent_path();
    const std::string hint = "expected a folder that `drydock run` wrote, or a run's folder inside";
    if (!fs::is_directory(place))
        throw scenario::bad_input({}, fmt::format("there is no folder '{}'; {}", named, hint));
    output_folder o;
    o.folder = has_summary(place) ? place : place.parent_path();
    if (!has_summary(o.folder))
        throw scenario::bad_input({}, fmt::format("no summary.json in '{}'; {}", named, hint));
    o.summary = read_json(o.folder / "summary.json", hint);
    if (!o.summary.contains("runs") || !o.summary.at("runs").is_array() ||
        o.summary.at("runs").empty())
        throw scenario::bad_input({}, fmt::format("'{}' holds no runs: run it again",
                                                  (o.folder / "summary.json").string()));
    for (std::size_t i = 0; i < o.summary.at("runs").size(); ++i)
        if (o.folder == place || o.name(i) == place.filename().string()) o.runs.push_back(i);
    if (o.runs.empty())
        throw scenario::bad_input({}, fmt::format("'{}' is no run of '{}'; {}", named,
                                                  (o.folder / "summary.json").string(), hint));
    return o;
}

json read_profile(const fs::path& run_folder) {
    return read_json(run_folder / "profile.json",
                     "expected what `drydock run` writes, unless told `report: false` or "
                     "--no-report: run it again");
}

}  // namespace drydock::report
