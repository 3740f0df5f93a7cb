// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sw/hal/types.h"

namespace drydock::sw::hal {

/// Calls back at a set time, after all hardware of that instant. One pending time per alarm.
struct alarm_client {
    virtual void on_alarm() = 0;

protected:
    ~alarm_client() = default;
};
using alarm_id = u32;

struct clock {
    virtual ~clock() = default;
    virtual time_point now() const = 0;
    /// Only while the machine is being built. Equal times ring in the order of names.
    virtual alarm_id make_alarm(std::string_view hierarchical_name, alarm_client&) = 0;
    /// Rings at `when`; replaces an earlier setting. @pre when >= now()
    virtual void set_alarm(alarm_id, time_point when) = 0;
    virtual void cancel_alarm(alarm_id) = 0;
};

/// A stack to run plain blocking functions on. Opaque.
struct stack;

struct stacks {
    virtual ~stacks() = default;
    /// A stack out of the pool that will run entry(argument) at the first resume().
    /// @throws std::runtime_error when the pool (made before the run) is empty
    virtual stack* take(void (*entry)(void*), void* argument) = 0;
    /// Hands the baton to s: it runs after the calling alarm returns, until it suspends or its
    /// entry returns (then it is back in the pool). Only as the last act of on_alarm(), at most
    /// once per alarm call.
    virtual void resume(stack* s) = 0;
    /// Called on a stack: gives the baton back. Returns when somebody resumes this stack.
    virtual void suspend() = 0;
};

}  // namespace drydock::sw::hal
