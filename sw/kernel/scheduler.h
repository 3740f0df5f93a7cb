// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sw/hal/host.h"
#include "sw/kernel/costs.h"
#include "sw/kernel/cpu.h"
#include "sw/kernel/task.h"
#include "sw/kernel/timer_queue.h"

namespace drydock::sw {

/// Told when a task goes to sleep (the work queue keeps its CPUs supplied with workers).
struct sleep_observer {
    virtual void task_sleeps(task&) = 0;

protected:
    ~sleep_observer() = default;
};

/// The CPUs and tasks of the modelled kernel. Exactly one thread of control executes at a time; it
/// does so in zero simulated time until it spends, spins, stalls or sleeps.
class scheduler final : hal::alarm_client, hal::mmio_client {
public:
    scheduler(hal::host& host, unsigned cpus, const cpu_costs& costs);
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    hal::host& host() const { return host_; }
    const cpu_costs& costs() const { return costs_; }
    hal::time_point now() const { return host_.clock.now(); }
    cpu& at(unsigned n) const { return *cpus_[n]; }
    cpu& own_cpu() const { return *cpus_[active_->cpu]; }
    unsigned cpus() const { return static_cast<unsigned>(cpus_.size()); }
    /// Executes now; null in hardware context.
    task* active() const { return active_; }
    void set_active(task* t) { active_ = t; }
    /// @throws std::logic_error in hardware context
    task& must_be_active(std::string_view call) const;

    task& create(std::string name, unsigned cpu, std::function<void()> body, bool start = true);
    void set_sleep_observer(sleep_observer* o) { sleep_observer_ = o; }

    // -- what the active task does --
    void spend(hal::duration d);
    /// Takes interrupts that became deliverable in this instant.
    void preemption_point();
    /// Sleeps until wake() or the deadline. @return false if the deadline came first
    bool block(const char* why, hal::time_point deadline = hal::duration::max());
    /// Busy on the CPU until grant().
    void spin();
    void yield();
    /// Gives the baton back with the state as set by the caller.
    void switch_away();
    void irq_save();
    void irq_restore();
    hal::mmio_result load(phys_addr_t, unsigned size);
    hal::mmio_result store(phys_addr_t, unsigned size, u64 value);

    // -- from anywhere --
    void wake(task& t);
    void grant(task& t);
    /// Index of the next, by choice; asked only if there is more than one.
    std::size_t choose(std::string_view point, std::span<task* const> among);
    std::size_t choose(std::string_view point, std::span<const hal::candidate> among) {
        return host_.choice.choose(point, among);
    }
    hal::text_id text(std::string_view s) const { return host_.observe.text(s); }
    hal::stack* take_stack(task& t);

    // -- holding --
    void hold(std::string_view point);
    bool release(std::string_view task_name);
    std::string_view held_at(std::string_view task_name) const;

    void might_sleep(std::string_view what);

private:
    void on_alarm() override;
    void mmio_done(u64 cookie, hal::mmio_result) override;
    hal::mmio_result finish_access(std::optional<hal::mmio_result> answer);
    void arm_timer();
    static void entry(void* t);

    hal::host& host_;
    cpu_costs costs_;
    std::vector<std::unique_ptr<cpu>> cpus_;
    std::vector<std::unique_ptr<task>> tasks_;
    std::vector<task*> held_;
    std::vector<hal::candidate> candidates_;
    timer_queue timers_;
    hal::alarm_id timer_alarm_;
    hal::time_point timer_set_ = hal::duration::max();
    sleep_observer* sleep_observer_ = nullptr;
    task* active_ = nullptr;
};

}  // namespace drydock::sw
