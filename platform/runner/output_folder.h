// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace drydock::runner {

/// A folder that appears whole or not at all: it grows under a temporary name beside its place and
/// is renamed at the end. A folder already there is replaced if Drydock wrote it (or if it is
/// empty), else refused.
class output_folder {
public:
    /// @throws scenario::bad_input if something that is not ours is in the way, or the place cannot
    /// be written
    explicit output_folder(const std::filesystem::path& place);
    /// Removes what was not committed.
    ~output_folder();
    output_folder(const output_folder&) = delete;
    output_folder& operator=(const output_folder&) = delete;

    /// Where to write until commit().
    const std::filesystem::path& growing() const { return growing_; }
    /// Makes a folder inside; @return its path
    std::filesystem::path make(const std::string& name) const;
    void commit();
    /// Of runs that failed: to the place's name with ".fault" behind it. @return that name
    std::filesystem::path commit_as_fault();

private:
    std::filesystem::path place_;
    std::filesystem::path growing_;
    bool committed_ = false;
};

/// The disk is full, or the place went away under the run.
struct write_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Whether write_file() could write there now; leaves nothing behind.
bool writable(const std::filesystem::path& path);

/// Writes a file under a temporary name and renames it. @throws write_error
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace drydock::runner
