// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
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
};

/// Forks. In the child: simulates, sends, closes the files, flushes, _exit; never returns there.
/// @throws std::system_error if there is no process or pipe left
child start(const job& j, const simulate_function& simulate, shared_progress& p);

/// Waits for the end of a child whose pipe is closed, and reads what it sent.
outcome collect(child& c, const std::string& run_name);

}  // namespace drydock::runner
