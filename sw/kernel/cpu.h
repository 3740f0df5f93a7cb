// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sw/kernel/costs.h"
#include "sw/kernel/task.h"

namespace drydock::sw {

class scheduler;
struct irq_line;

/// One modelled CPU: what occupies it, who waits for it, which interrupts are pending for it. One
/// alarm drives it: arm() sets it to the next instant at which something has to happen here,
/// on_alarm() does it.
class cpu final : hal::alarm_client {
public:
    cpu(scheduler& s, unsigned number);
    cpu(const cpu&) = delete;
    cpu& operator=(const cpu&) = delete;

    unsigned number() const { return number_; }
    hal::place_id place() const { return place_; }
    task* running() const { return running_; }
    task& interrupt_context() { return irq_context_; }
    bool anyone_ready() const { return !ready_.empty(); }
    const std::vector<task*>& ready() const { return ready_; }
    cpu_totals totals() const;

    /// Puts a ready task into the run queue.
    void enqueue(task& t);
    /// The running task goes off the CPU: it sleeps, yields or ends.
    void leave(const char* why);
    /// Sets the alarm by the present state. Does nothing while the running task executes.
    void arm();
    /// Whether an interrupt would be taken now.
    bool deliverable() const;

    void raise(irq_line& line);
    /// Next pending interrupt, taken off the list; null if none. @see choice "pending_interrupt"
    irq_line* take_pending();
    bool anything_pending() const { return !pending_.empty(); }
    /// The interrupt context has handled all: the CPU returns to what it did before.
    void end_interrupts();
    void count_interrupt() { ++totals_.interrupts; }

    /// The running task switched its interrupts off or on: keeps the totals, tells the outermost.
    void software_irqs(bool on);

private:
    void on_alarm() override;
    void begin_interrupts();
    void dispatch();
    bool choose_now(const task& t);
    void go(task& t);
    void freeze(task& t);
    void thaw(task& t);
    std::optional<hal::time_point> due() const;
    void occupy(task* t);
    void track();
    void tell_task(const task& t, const char* state);
    void tell_irqs(task& t, bool on);

    scheduler& scheduler_;
    unsigned number_;
    hal::place_id place_;
    hal::alarm_id alarm_;
    std::optional<hal::time_point> armed_;

    task irq_context_;
    task* running_ = nullptr;
    task* interrupted_ = nullptr;
    task* last_ = nullptr;  ///< task that ran here most recently
    std::vector<task*> ready_;
    std::vector<irq_line*> pending_;

    cpu_totals totals_;
    hal::time_point busy_since_{};
    hal::time_point masked_since_{};
    bool masked_ = false;
};

}  // namespace drydock::sw
