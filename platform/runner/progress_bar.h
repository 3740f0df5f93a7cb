// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "platform/runner/runner.h"

namespace drydock::runner {

/// One line: "[=====>    ] 1/2 runs  84.2 of 150.0 ms  3.1 M events/s". Clock and rates are for the
/// eye only and reach no result.
std::string bar_text(std::span<const watcher::run_progress> runs, double events_per_second,
                     unsigned columns);

/// Draws it on a terminal, rewriting the line; clears it at the end.
class progress_bar final : public watcher {
public:
    explicit progress_bar(std::FILE* terminal) : out_(terminal), began_(clock::now()) {}
    ~progress_bar();
    void show(std::span<const run_progress> runs) override;

private:
    using clock = std::chrono::steady_clock;
    std::FILE* out_;
    clock::time_point began_;
    clock::time_point shown_{};
    bool drawn_ = false;
};

}  // namespace drydock::runner
