// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "platform/runner/runner.h"

namespace drydock::runner {

/// Written by a child, read by the parent, in memory that both share.
struct shared_progress {
    std::atomic<std::int64_t> now{0};
    std::atomic<std::int64_t> end{INT64_MAX};
    std::atomic<std::uint64_t> events{0};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "shared between processes");

/// A forked run and the pipe that its result comes through.
struct child {
    pid_t pid = -1;
    int pipe = -1;  ///< read end; -1 once closed
    std::string received;
    bool asked_to_end = false;
    std::chrono::steady_clock::time_point asked_at{};
    bool killed = false;  ///< by us: it did not end when asked
};

/// Forks. In the child: simulates, sends, closes the files, flushes, _exit; never returns there.
/// @throws std::system_error if there is no process or pipe left
child start(const job& j, const simulate_function& simulate, shared_progress& p);

/// Sends TERM; of a child that had it `grace` ago and still runs, KILL.
void ask_to_end(child& c);
void kill_if_deaf(child& c, std::chrono::milliseconds grace);

/// Waits for the end of a child whose pipe is closed, and reads what it sent.
outcome collect(child& c, const std::string& run_name);

}  // namespace drydock::runner
