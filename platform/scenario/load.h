// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "platform/scenario/document.h"
#include "platform/scenario/scenario.h"

namespace drydock::scenario {

/// What the command line says beside the file.
struct overrides {
    std::vector<std::string> set;   ///< "path=value", each of `-c`
    std::vector<std::string> axes;  ///< "path=v1,v2", each of `-m`
    std::uint64_t first_seed = 1;
    std::uint64_t last_seed = 1;  ///< greater than first_seed: a seed axis
    bool seed_range = false;      ///< --seeds was given: the seed is part of the runs' names
    bool until_violation = false;
};

/// A scenario file and its matrix, all runs checked.
struct loaded {
    std::string file;  ///< as given
    std::string title;
    std::string sha256;   ///< of the file's bytes; with `extends:`, of the file and then its bases,
                          ///< concatenated
    std::string command;  ///< canonical: file as given, -c sorted, -m, seed
    std::uint64_t seed = 1;
    std::vector<run> runs;           ///< first axis slowest, seeds fastest
    std::vector<std::string> notes;  ///< of all runs, each once
};

/// Reads, inherits, overrides, checks against the schema, crosses the axes and builds every run.
/// @throws bad_input
loaded load(const std::string& file, const overrides& o);

/// A word as a POSIX shell reads it back, quoted only where needed.
std::string shell_word(const std::string& s);

}  // namespace drydock::scenario
