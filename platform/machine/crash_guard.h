// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace drydock::machine {

/// While it lives, a crash of the process (SIGSEGV and its like, abort(); a block in SystemVerilog
/// of a user's can do that) calls `last_act` once before it ends by the same signal: a waveform is
/// wanted most of a run that crashed. What `last_act` calls is in no defined state, so it has a few
/// seconds; then the process ends without. One at a time.
class crash_guard {
public:
    explicit crash_guard(std::function<void()> last_act);
    ~crash_guard();
    crash_guard(const crash_guard&) = delete;
    crash_guard& operator=(const crash_guard&) = delete;
};

}  // namespace drydock::machine
