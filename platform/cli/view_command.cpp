// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "platform/cli/commands.h"
#include "platform/runner/output_folder.h"
#include "platform/scenario/embedded.h"
#include "platform/scenario/nearest.h"
#include "waves/save_file.h"

namespace drydock::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view wave_name = "waves.fst", filter_name = "colours.pl",
                           view_ending = ".gtkw";

std::vector<std::string> view_names() {
    std::vector<std::string> names;
    for (const auto& f : scenario::embedded::all())
        if (f.name.ends_with(view_ending))
            names.emplace_back(f.name.substr(0, f.name.size() - view_ending.size()));
    return names;
}

/// The folder of the one run that is meant.
fs::path run_folder(const std::string& given) {
    const scenario::place where{given, 0, 0, true};
    if (fs::exists(fs::path(given) / wave_name)) return given;
    if (!fs::is_directory(given))
        throw scenario::bad_input(where, "no folder; expected the output folder of a run");
    std::vector<std::string> runs;
    for (const auto& f : fs::directory_iterator(given))
        if (fs::exists(f.path() / wave_name)) runs.push_back(f.path().string());
    std::sort(runs.begin(), runs.end());
    if (runs.size() == 1) return runs.front();
    if (runs.empty())
        throw scenario::bad_input(
            where, "no waves.fst in it or its runs; expected the outputs of `drydock run --waves`");
    throw scenario::bad_input(
        where, fmt::format("several runs; expected one of {}", scenario::list_of(runs)));
}

/// @return the views that this wave file has signals for
std::vector<std::string> write_views(const fs::path& folder) {
    const waves::wave_index index = waves::read_index(folder / wave_name);
    std::vector<std::string> written;
    for (const std::string& name : view_names()) {
        const std::string file = name + std::string(view_ending);
        const auto text = waves::save_file(scenario::embedded::find(file).text, index,
                                           std::string(wave_name), file);
        if (!text) continue;
        runner::write_file(folder / file, *text);
        written.push_back(name);
    }
    const fs::path filter = folder / filter_name;
    runner::write_file(filter, std::string(scenario::embedded::find(filter_name).text));
    fs::permissions(filter, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add);
    return written;
}

/// Does not return if GTKWave is there: this process becomes it.
[[noreturn]] void become_gtkwave(const fs::path& folder, const std::string& view) {
    fs::current_path(folder);
    const std::string save = "--save=" + view + std::string(view_ending);
    const std::string dump = "--dump=" + std::string(wave_name);
    ::execlp("gtkwave", "gtkwave", dump.c_str(), save.c_str(), nullptr);
    throw scenario::bad_input(
        {"gtkwave", 0, 0, true},
        fmt::format("cannot be started: {}; expected GTKWave in the PATH (Debian: apt-get install "
                    "gtkwave), or --only-write",
                    std::strerror(errno)));
}

}  // namespace

int view_command(const view_options& o, const tools& t) {
    const std::vector<std::string> all = view_names();
    if (std::find(all.begin(), all.end(), o.view) == all.end())
        throw scenario::bad_input(
            {"--view " + o.view, 0, 0, true},
            fmt::format("no view; expected one of {}{}", scenario::list_of(all),
                        scenario::did_you_mean(o.view, all)));
    const fs::path folder = run_folder(o.folder);
    std::vector<std::string> written;
    try {
        written = write_views(folder);
    } catch (const runner::write_error&) {
        throw;
    } catch (const std::runtime_error& e) {
        throw scenario::bad_input({o.folder, 0, 0, true}, e.what());
    }
    if (std::find(written.begin(), written.end(), o.view) == written.end())
        throw scenario::bad_input(
            {"--view " + o.view, 0, 0, true},
            fmt::format("the wave file has nothing that it shows; expected one of {}",
                        scenario::list_of(written)));
    for (const std::string& name : written)
        print(t.out, (folder / (name + std::string(view_ending))).string() + "\n");
    std::fflush(t.out);
    if (o.only_write) return as_expected;
    become_gtkwave(folder, o.view);
}

}  // namespace drydock::cli
