// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace drydock::scenario {

/// Where a value was written.
struct place {
    std::string file;           ///< path as the user gave it, or the option ("-c machine.cpus=9")
    int line = 0;               ///< from 1; 0: no file, but the command line
    int column = 0;             ///< from 1
    bool command_line = false;  ///< relative paths are then relative to the working directory

    std::string text() const {
        if (line == 0) return file;
        return file + ":" + std::to_string(line) + ":" + std::to_string(column);
    }
};

/// Input that cannot be used: "FILE:LINE:COLUMN: what is wrong; what was expected; what was meant".
/// Exit code 2.
class bad_input : public std::runtime_error {
public:
    bad_input(const scenario::place& at, const std::string& message)
        : std::runtime_error(at.file.empty() ? message : at.text() + ": " + message), at_(at) {}
    const scenario::place& at() const { return at_; }

private:
    scenario::place at_;
};

}  // namespace drydock::scenario
