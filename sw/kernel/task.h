// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "sw/hal/mmio.h"
#include "sw/hal/task.h"
#include "sw/hal/types.h"

namespace drydock::sw {

class scheduler;
class poll_wait;
struct worker;

/// Where a thread of control stands. The first five occupy its CPU.
enum class task_state : u8 {
    running,   ///< executes, or is about to in this instant
    spending,  ///< busy until `end`
    stalled,   ///< in a load or store that is not answered yet
    spinning,  ///< on a lock, or held while atomic; goes on when `granted`
    polling,   ///< in a poll loop; `poll` knows the next look
    ready,     ///< in its CPU's run queue
    waiting,   ///< sleeps until woken or until its timer
    ended,
};

/// A thread of control of the modelled kernel, pinned to one CPU: a task, or a CPU's interrupt
/// context.
class task {
public:
    static constexpr u32 no_timer = UINT32_MAX;

    std::string name;
    hal::place_id place = 0;
    unsigned cpu = 0;
    bool interrupt = false;  ///< the interrupt context of its CPU
    bool urgent = false;     ///< goes before others in the run queue: interrupt threads
    scheduler* owner = nullptr;
    std::function<void()> body;
    hal::stack* stack = nullptr;
    worker* as_worker = nullptr;  ///< set for the workers of the work queue

    task_state state = task_state::ready;
    hal::time_point end{};  ///< spending: until when
    hal::duration left{};   ///< spending, while interrupted: how much longer
    bool granted = false;   ///< spinning: may go on
    bool deferred = false;  ///< spending: the choice was to take the interrupt afterwards
    poll_wait* poll = nullptr;
    hal::mmio_result answer;
    u32 irq_depth = 0;   ///< local_irq_save() calls open
    u32 spin_depth = 0;  ///< spinning locks held or being taken
    u32 locks = 0;       ///< of all kinds, held
    hal::time_point irqs_off_since{};
    hal::span_id span = 0;

    std::string_view held_at;  ///< point it is held at; empty: not held
    hal::time_point timer{};   ///< waiting: when to wake at the latest
    u64 timer_order = 0;
    u32 timer_slot = no_timer;  ///< place in the timer queue
    bool timed_out = false;

    bool masks_interrupts() const { return interrupt || irq_depth > 0; }
    bool atomic() const { return masks_interrupts() || spin_depth > 0; }
};

/// Names a task. Created by kernel::run_task.
struct task_ref {
    task* get = nullptr;
    explicit operator bool() const { return get != nullptr; }
};

}  // namespace drydock::sw
