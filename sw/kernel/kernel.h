// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sw/hal/host.h"
#include "sw/kernel/costs.h"
#include "sw/kernel/sync.h"
#include "sw/kernel/task.h"
#include "sw/kernel/work.h"

namespace drydock::sw {

class interrupts;
class page_allocator;
class poller;
class workqueue;

/// The modelled kernel: CPUs, tasks, interrupts, memory, and the calls that drivers make.
/// All blocking calls must come from a task or an interrupt handler; outside (while the machine is
/// built) memory and register calls take no time. A task leaves its CPU only where it sleeps, waits
/// for a mutex, yields or ends.
class kernel {
public:
    /// Takes one stack per CPU for its interrupts at the first interrupt, one per task at its
    /// start.
    kernel(hal::host& host, unsigned cpus, cpu_costs costs = {});
    ~kernel();
    kernel(const kernel&) = delete;
    kernel& operator=(const kernel&) = delete;

    // -- tasks and time --
    /// Makes a task that starts to run on `cpu` as soon as that CPU is free. Callable from
    /// anywhere. Its place for observers is "sw.NAME".
    /// @throws std::out_of_range for a CPU that is not there
    task_ref run_task(std::string name, unsigned cpu, std::function<void()> body);
    /// Whether the task's function returned. Tasks are remembered until the kernel goes.
    bool finished(task_ref) const;
    /// What runs now; no task in hardware context.
    task_ref current() const;
    const std::string& current_name() const;  ///< "hardware" outside tasks and handlers
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
    /// Queues w on the workers of `cpu`; nothing if it is pending. Callable from anywhere.
    void schedule_work(work& w, unsigned cpu = 0);
    cpu_totals totals(unsigned cpu) const;

    // -- interrupts --
    bool irqs_disabled() const;
    void local_irq_save();  ///< nests
    void local_irq_restore();
    /// Calls handler on `cpu` in interrupt context for each interrupt; then thread_fn, if given, in
    /// a task. An interrupt that comes while the same one is pending is merged with it.
    /// @return vector number to program into the device
    /// @param vector one that reserve_irqs() gave; none: the next free one
    u32 request_irq(std::string name, unsigned cpu, std::function<void()> handler,
                    std::function<void()> thread_fn = {}, std::optional<u32> vector = {});
    /// `count` vectors in a row, the first a multiple of count: the messages of one MSI.
    u32 reserve_irqs(u32 count);
    /// A wired interrupt, which may be shared; handler in interrupt context, @return it was its
    /// own. After thread_fn, if given, the wire is looked at again.
    void request_wired_irq(u32 line, const void* owner, std::string name, unsigned cpu,
                           std::function<bool()> handler, std::function<void()> thread_fn = {});
    void free_wired_irq(u32 line, const void* owner);
    phys_addr_t msi_doorbell() const;
    bool in_interrupt() const;
    bool in_atomic() const;  ///< interrupts off, a spinning lock held, or in interrupt
    /// Says that the caller could sleep here (monitor sleep_in_atomic judges).
    void might_sleep(std::string_view what);

    // -- device registers and configuration space --
    u8 readb(phys_addr_t);
    u16 readw(phys_addr_t);
    u32 readl(phys_addr_t);
    u64 readq(phys_addr_t);
    void writeb(phys_addr_t, u8);
    void writew(phys_addr_t, u16);
    void writel(phys_addr_t, u32);
    void writeq(phys_addr_t, u64);
    /// Has the effect of the loop `while (!done(readl(addr))) back off`, but sleeps on a watch of
    /// the location and goes on at the first look at or after the change; looks are counted, not
    /// executed; interrupts on this CPU shift the grid. A location that cannot be watched is polled
    /// by executing the loop.
    /// @param done free of side effects: called at some looks only  @return false if the limit
    /// passed first
    bool poll_register(phys_addr_t, unsigned size, const std::function<bool(u64)>& done,
                       const poll_backoff&);
    bool poll_memory(phys_addr_t, unsigned size, const std::function<bool(u64)>& done,
                     const poll_backoff&);
    /// Looks of all polls so far, as the loops would have made them.
    u64 polls_counted() const;

    // -- memory (charges the CPU) --
    /// Physically contiguous zeroed pages of 4 KiB. `owner` appears in page events.
    /// @throws std::runtime_error when no such run of pages is free
    phys_addr_t alloc_pages(u32 count, std::string_view owner);
    /// @param poison fill with 0xa5 first, so that a late reader shows
    /// @throws std::logic_error for pages that are not allocated
    void free_pages(phys_addr_t, u32 count, bool poison = false);
    u64 load64(phys_addr_t);
    void store64(phys_addr_t, u64);
    void copy_to(phys_addr_t, const void* from, std::size_t bytes, hal::span_id by = 0);
    void copy_from(void* to, phys_addr_t, std::size_t bytes);

    // -- what software tells --
    hal::observe& observe() const;
    hal::span_id current_span() const;
    void set_current_span(hal::span_id);
    /// Reaches a named hold point; may wait there: asleep, or busy on its CPU where it must not
    /// sleep.
    void point(std::string_view name, u16 device = 0);
    void warn(std::string_view text, u16 device = 0);
    bool warn_on(bool condition, std::string_view text, u16 device = 0) {
        if (condition) warn(text, device);
        return condition;
    }
    void log(int level, std::string_view text, u16 device = 0);
    hal::host& host() const;
    const cpu_costs& costs() const;

    // -- failures on demand --
    /// The next `count` calls of should_fail() for this site (fail_sites()), of any device or of
    /// one, answer with this error. @throws std::invalid_argument for a site that there is not
    void make_fail(std::string_view site, std::optional<u16> device, int error, u32 count);
    /// 0, or the negative error that the caller shall fail with. Free while nothing is to fail.
    int should_fail(std::string_view site, u16 device = 0) {
        return armed_.empty() ? 0 : take_failure(site, device);
    }

    /// Lets a held task go on (platform side). @return false if no task of this name is held
    bool release(std::string_view task);
    /// Where the task is held; empty if it is not.
    std::string_view held_at(std::string_view task) const;

    class scheduler& scheduler() const {
        return *scheduler_;
    }

private:
    struct failure {
        std::string_view site;
        std::optional<u16> device;
        int error;
        u32 left;
    };
    int take_failure(std::string_view site, u16 device);
    void charge(hal::duration d);
    u64 read(phys_addr_t, unsigned size);
    void write(phys_addr_t, unsigned size, u64 value);

    std::unique_ptr<class scheduler> scheduler_;
    std::unique_ptr<class interrupts> interrupts_;
    std::unique_ptr<class workqueue> workqueue_;
    std::unique_ptr<class poller> poller_;
    std::unique_ptr<class page_allocator> pages_;
    std::vector<failure> armed_;
};

/// A span of software work: begins where it stands, becomes the task's current span, ends with the
/// block.
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
    u64 detail_;
    std::int64_t result_ = 0;
};

}  // namespace drydock::sw
