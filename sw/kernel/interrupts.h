// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sw/hal/irq.h"
#include "sw/kernel/task.h"

namespace drydock::sw {

class scheduler;
class cpu;

/// One requested interrupt.
struct irq_line {
    std::string name;
    u32 vector = 0;
    unsigned cpu = 0;
    hal::text_id text = 0;
    std::function<void()> handler;
    std::function<void()> thread_fn;
    task* thread = nullptr;
    bool pending = false;     ///< came, its handler not begun
    bool run_thread = false;  ///< thread_fn has to run (once more)
    bool thread_idle = true;  ///< the thread waits for run_thread, not for a lock within thread_fn
};

/// One of those that share a wire.
struct irq_action {
    const void* owner = nullptr;
    std::function<bool()> handler;     ///< @return the interrupt was its own
    std::unique_ptr<irq_line> thread;  ///< runs the thread function; null: there is none
};

/// A wired interrupt, level-triggered: served again until it is low.
struct wired_irq {
    irq_line line;
    std::vector<irq_action> actions;
    bool disabled = false;
    u32 unhandled = 0;  ///< in a row
};

/// Vectors of the interrupt controller and who handles them. A line with a thread function has a
/// task "irq/NAME" on its CPU, which goes before other ready tasks there.
class interrupts final : hal::interrupt_sink {
public:
    static constexpr u32 first_vector = 32;

    interrupts(scheduler& s, hal::irq& controller);
    interrupts(const interrupts&) = delete;
    interrupts& operator=(const interrupts&) = delete;

    /// @param vector one that reserve() gave; none: the next free one
    u32 request(std::string name, unsigned cpu, std::function<void()> handler,
                std::function<void()> thread_fn, std::optional<u32> vector);
    /// Vectors in a row, the first a multiple of their number. @return the first
    u32 reserve(u32 count);

    /// A wire; the first who asks decides about the CPU.
    void request_wired(u32 number, const void* owner, std::string name, unsigned cpu,
                       std::function<bool()> handler, std::function<void()> thread_fn);
    void free_wired(u32 number, const void* owner);

private:
    void interrupt(u32 vector) override;
    void level(u32 number) override;
    void serve_wired(wired_irq& w);
    void look_again(wired_irq& w);
    void make_thread(irq_line& line);
    void thread(irq_line& line);

    scheduler& scheduler_;
    std::vector<std::unique_ptr<irq_line>> lines_;
    std::map<u32, std::unique_ptr<wired_irq>> wired_;
    hal::irq& controller_;
};

/// Body of a CPU's interrupt context: handles what is pending, returns to the interrupted task, and
/// again.
[[noreturn]] void serve_interrupts(scheduler& s, cpu& c);

}  // namespace drydock::sw
