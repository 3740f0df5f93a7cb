// SPDX-License-Identifier: Apache-2.0
#include "platform/runner/output_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "platform/scenario/place.h"

namespace drydock::runner {
namespace fs = std::filesystem;
namespace {

fs::path beside(const fs::path& place, const char* what) {
    return place.parent_path() /
           fmt::format(".{}.{}-{}", place.filename().string(), what, ::getpid());
}

bool ours(const fs::path& folder) {
    std::ifstream in(folder / "summary.json");
    const auto j = nlohmann::json::parse(in, nullptr, false);
    return !j.is_discarded() && j.is_object() && j.contains("drydock") && j.contains("runs");
}

void refuse_what_is_not_ours(const fs::path& place) {
    if (!fs::exists(fs::symlink_status(place))) return;
    if (fs::is_directory(fs::symlink_status(place)) && (fs::is_empty(place) || ours(place))) return;
    throw scenario::bad_input(
        {},
        fmt::format("--out {0}: something that is not an output folder of drydock is in the way; "
                    "expected another name, or remove {0}",
                    place.string()));
}

}  // namespace

output_folder::output_folder(const fs::path& place) {
    place_ = fs::absolute(place).lexically_normal();
    if (!place_.has_filename()) place_ = place_.parent_path();
    try {
        refuse_what_is_not_ours(place_);
        fs::create_directories(place_.parent_path());
        growing_ = beside(place_, "partial");
        fs::remove_all(growing_);
        fs::create_directory(growing_);
    } catch (const fs::filesystem_error& e) {
        throw scenario::bad_input({},
                                  fmt::format("--out {}: {}", place.string(), e.code().message()));
    }
}

output_folder::~output_folder() {
    std::error_code ignored;
    if (!committed_) fs::remove_all(growing_, ignored);
}

fs::path output_folder::make(const std::string& name) const {
    std::error_code error;
    fs::create_directory(growing_ / name, error);
    if (error) throw write_error("cannot make the folder '" + name + "': " + error.message());
    return growing_ / name;
}

fs::path output_folder::commit_as_fault() {
    place_ += ".fault";
    commit();
    return place_;
}

void output_folder::commit() {
    refuse_what_is_not_ours(place_);
    const fs::path old = beside(place_, "old");
    const bool replaces = fs::exists(place_);
    if (replaces) fs::rename(place_, old);
    fs::rename(growing_, place_);
    committed_ = true;
    if (replaces) fs::remove_all(old);
}

bool writable(const fs::path& path) {
    const fs::path growing = beside(fs::absolute(path), "partial");
    std::ofstream out(growing, std::ios::binary);
    std::error_code ignored;
    if (out) fs::remove(growing, ignored);
    return static_cast<bool>(out);
}

void write_file(const fs::path& path, const std::string& text) {
    const fs::path growing = beside(fs::absolute(path), "partial");
    errno = 0;
    std::ofstream out(growing, std::ios::binary);
    out << text;
    out.close();
    const int reason = errno;
    std::error_code error;
    if (out) fs::rename(growing, path, error);
    if (!out || error) {
        const std::string why = error         ? error.message()
                                : reason != 0 ? std::strerror(reason)
                                              : "unknown reason";
        fs::remove(growing, error);
        throw write_error("cannot write '" + path.filename().string() + "': " + why);
    }
}

}  // namespace drydock::runner
