// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sw/hal/host.h"

namespace drydock::sw {

class kernel;
class scheduler;
class task;

using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): durations read as in prose

/// What things cost on the modelled CPUs. Defaults are choices; each is a parameter of the machine.
struct cpu_costs {
    hal::duration function_call = 20ns;     ///< entering one of the larger kernel functions
    hal::duration memory_write = 2ns;       ///< store of up to 16 bytes to RAM
    hal::duration memory_read = 5ns;        ///< load of up to 16 bytes from RAM
    hal::duration cpu_relax = 10ns;         ///< one spin of a poll loop, its register read apart
    hal::duration lock = 20ns;              ///< uncontended lock or unlock
    hal::duration interrupt_entry = 500ns;  ///< from the interrupt to its handler
    hal::duration context_switch = 1us;     ///< another task on a CPU
};

/// Runs until it returns; one at a time per CPU. Created by kernel::run_task and kernel::create_task.
struct task_ref {
    task* get = nullptr;
    explicit operator bool() const { return get != nullptr; }
};

/// Sleeping lock; FIFO hand-over unless choice says otherwise. Sleeps: not in atomic context.
class mutex {
public:
    mutex(kernel& k, std::string name);
    ~mutex();
    void lock();
    bool try_lock();
    void unlock();
    bool held() const;
    /// True if the running task is the owner (lockdep_assert_held).
    bool held_by_current() const;

private:
    friend class kernel;
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// Spinning lock that keeps the CPU's interrupts off while held (lock_irqsave) or not (lock).
class spinlock {
public:
    spinlock(kernel& k, std::string name);
    ~spinlock();
    void lock();
    void unlock();
    void lock_irqsave();
    void unlock_irqrestore();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// Spinning lock with many readers or one writer; the _irqsave forms keep interrupts off. Writers wait for
/// readers; readers that come while a writer waits go after it.
class rwlock {
public:
    rwlock(kernel& k, std::string name);
    ~rwlock();
    void read_lock_irqsave();
    void read_unlock_irqrestore();
    void write_lock_irqsave();
    void write_unlock_irqrestore();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// `guard g(mutex)`; unlocks at the end of the block.
template <class Lock>
class guard {
public:
    explicit guard(Lock& l) : lock_(l) { lock_.lock(); }
    ~guard() { lock_.unlock(); }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

private:
    Lock& lock_;
};

/// Something tasks wait for: wake() once per waiter or for all.
class wait_queue {
public:
    wait_queue(kernel& k, std::string name);
    ~wait_queue();
    /// Sleeps until condition() holds, tested now and after every wake. @return false if the deadline passed first
    bool wait(const std::function<bool()>& condition, hal::time_point deadline = hal::duration::max());
    /// Callable from tasks, interrupt handlers and hardware context.
    void wake_all();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// One queued function; queueing it again while it is pending does nothing.
struct work {
    explicit work(std::string n, std::function<void()> f) : name(std::move(n)), run(std::move(f)) {}
    std::string name;
    std::function<void()> run;
    bool pending = false;
};

/// Counts owners; reports use after the last put and what is left at the end (monitors judge).
class refcount {
public:
    refcount(kernel& k, std::string object, u32 initial = 1);
    void get();
    /// @return true if this was the last
    bool put();
    u32 count() const { return count_; }

private:
    kernel& kernel_;
    std::string object_;
    u32 count_;
};

/// The back-off of a poll loop: `spins` looks separated by cpu_relax, then one udelay that doubles from
/// `first_delay` without cap, and so on (arm-smmu-v3's queue_poll). first_delay 0: cpu_relax only.
/// wait_for_event: sleep until the SMMU's SEV instead.
struct poll_backoff {
    u32 spins = 9;
    hal::duration first_delay = 1us;
    bool wait_for_event = false;
    hal::duration limit = 1000ms;  ///< from the start of the poll; tested once per look
};

/// The modelled kernel: CPUs, tasks, interrupts, memory, and the calls that drivers make.
/// All blocking calls must come from a task or an interrupt handler.
class kernel {
public:
    kernel(hal::host& host, unsigned cpus, cpu_costs costs = {});
    ~kernel();
    kernel(const kernel&) = delete;

    // -- tasks and time --
    /// Makes a task that starts to run on `cpu` as soon as that CPU is free.
    task_ref run_task(std::string name, unsigned cpu, std::function<void()> body);
    /// Ends never: whether the task's function returned.
    bool finished(task_ref) const;
    task_ref current() const;
    const std::string& current_name() const;
    hal::place_id current_place() const;
    unsigned current_cpu() const;
    unsigned cpus() const;
    hal::time_point now() const;
    /// Busy on the CPU for d; interrupts may lengthen it.
    void spend(hal::duration d);
    void udelay(hal::duration d) { spend(d); }
    /// Sleeps: gives the CPU away.
    void sleep(hal::duration d);
    void sleep_until(hal::time_point t);
    /// Gives other ready tasks of this CPU their turn.
    void yield();
    void schedule_work(work& w, unsigned cpu = 0);

    // -- interrupts --
    bool irqs_disabled() const;
    void local_irq_save();      ///< nests
    void local_irq_restore();
    /// Calls handler on `cpu` in interrupt context for each interrupt; then thread_fn, if given, in a task.
    /// @return vector number to program into the device
    u32 request_irq(std::string name, unsigned cpu, std::function<void()> handler, std::function<void()> thread_fn = {});
    phys_addr_t msi_doorbell() const;
    bool in_interrupt() const;
    bool in_atomic() const;  ///< interrupts off, a spinning lock held, or in interrupt
    /// Says that the caller could sleep here (monitor sleep_in_atomic judges).
    void might_sleep(std::string_view what);

    // -- device registers and configuration space --
    u8 readb(phys_addr_t); u16 readw(phys_addr_t); u32 readl(phys_addr_t); u64 readq(phys_addr_t);
    void writeb(phys_addr_t, u8); void writew(phys_addr_t, u16); void writel(phys_addr_t, u32); void writeq(phys_addr_t, u64);
    /// Has the effect of the loop `while (!done(readl(addr))) back off`, but sleeps on a watch of the location and
    /// goes on at the first look at or after the change; looks are counted, not executed; interrupts on this CPU
    /// shift the grid. @return false if the limit passed first
    bool poll_register(phys_addr_t, unsigned size, const std::function<bool(u64)>& done, const poll_backoff&);
    bool poll_memory(phys_addr_t, unsigned size, const std::function<bool(u64)>& done, const poll_backoff&);
    u64 polls_counted() const;

    // -- memory (charges the CPU) --
    /// Physically contiguous zeroed pages of 4 KiB. `owner` appears in page events.
    phys_addr_t alloc_pages(u32 count, std::string_view owner);
    void free_pages(phys_addr_t, u32 count);
    u64 load64(phys_addr_t);
    void store64(phys_addr_t, u64);
    void copy_to(phys_addr_t, const void* from, std::size_t bytes, hal::span_id by = 0);
    void copy_from(void* to, phys_addr_t, std::size_t bytes);

    // -- what software tells --
    hal::observe& observe() const;
    hal::span_id current_span() const;
    /// Reaches a named hold point; may wait there.
    void point(std::string_view name, u16 device = 0);
    void warn(std::string_view text, u16 device = 0);
    bool warn_on(bool condition, std::string_view text, u16 device = 0) { if (condition) warn(text, device); return condition; }
    void log(int level, std::string_view text, u16 device = 0);
    hal::host& host() const;
    const cpu_costs& costs() const;
    void set_current_span(hal::span_id);

    /// Lets a held task go on (platform side).
    void release(std::string_view task);

private:
    friend class mutex; friend class spinlock; friend class rwlock; friend class wait_queue;
    std::unique_ptr<scheduler> scheduler_;
};

/// A span of software work: begins where it stands, becomes the task's current span, ends with the block.
class span_scope {
public:
    span_scope(kernel& k, hal::span_class c, u16 device = 0, u64 detail = 0);
    ~span_scope();
    span_scope(const span_scope&) = delete;
    span_scope& operator=(const span_scope&) = delete;
    hal::span_id id() const { return id_; }
    void result(std::int64_t r) { result_ = r; }

private:
    kernel& kernel_;
    hal::span_id id_;
    hal::span_id outer_;
    std::int64_t result_ = 0;
};

}  // namespace drydock::sw
