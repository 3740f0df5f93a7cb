// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "platform/cli/cli.h"

namespace drydock::tests {

/// What a command printed and how it ended.
struct result {
    int code;
    std::string out, err;
};

inline std::string slurp(std::FILE* f) {
    std::string s;
    std::rewind(f);
    for (int c = std::fgetc(f); c != EOF; c = std::fgetc(f)) s += static_cast<char>(c);
    std::fclose(f);
    return s;
}

/// Runs the program on tools whose output goes to files of their own.
inline result run_program(const std::vector<std::string>& arguments, cli::tools t) {
    t.out = std::tmpfile();
    t.err = std::tmpfile();
    const int code = cli::program(arguments, t);
    return {code, slurp(t.out), slurp(t.err)};
}

}  // namespace drydock::tests
