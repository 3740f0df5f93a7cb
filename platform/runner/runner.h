// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "platform/simulate.h"

namespace drydock::runner {

using simulate_function =
    std::function<nlohmann::json(const scenario::run&, const run_files&, progress&)>;

/// One run to do; the run outlives it.
struct job {
    const scenario::run* run = nullptr;
    run_files files;
};

/// What came of it.
struct outcome {
    enum class state : std::uint8_t {
        not_run,  ///< a signal, or the violation that --until waits for, came first; with a
                  ///< message: it was killed
        done,
        interrupted,  ///< a signal ended it early; `entry` is what there is
        bad_input,    ///< only the built machine could tell
        fault,        ///< exception, or the child died
    };
    state is = state::not_run;
    nlohmann::json entry;  ///< as simulate() returned it
    std::string message;   ///< of bad_input, fault and a killed run
    bool files = false;    ///< of a fault: what the run wrote is worth a look
};

/// How far the runs are; called from the waiting parent a few times a second.
struct watcher {
    struct run_progress {
        base::ps now, end;
        std::uint64_t events = 0;
        bool finished = false;
    };
    virtual void show(std::span<const run_progress> runs) = 0;

protected:
    ~watcher() = default;
};

/// Does each job in a child of its own, forked before any SystemC object exists, at most `at_once`
/// at a time. Outcomes stand in the jobs' order and do not depend on at_once. INT and TERM end all
/// runs early; one that does not end within `grace` of that is killed, and the others' outcomes
/// stand.
/// @param until_violation no job after the first one (in order) whose outcome is "violations"
/// @param w may be null
std::vector<outcome> run_all(std::span<const job> jobs, unsigned at_once,
                             const simulate_function& simulate, bool until_violation, watcher* w,
                             std::chrono::milliseconds grace = std::chrono::seconds(5));

}  // namespace drydock::runner
