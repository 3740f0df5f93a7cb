// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "sw/hal/mmio.h"
#include "sw/kernel/poll_grid.h"
#include "sw/kernel/scheduler.h"

namespace drydock::sw {

/// One poll loop that sleeps instead of looking in vain. It lives on the polling task's stack from
/// the end of the first look, which is a real load, until a look succeeds or the limit is found
/// passed. Offsets ("tau") count from the first look and leave out the time that interrupts took on
/// this CPU.
///
/// Looks that would have found nothing are not executed: between two of them nothing can see the
/// difference. A change by other software at the very picosecond of a look counts as after it if
/// the look was executed, else before.
class poll_wait final : hal::watch_client {
public:
    using test = std::function<bool(u64)>;
    using reader = u64 (*)(hal::host&, phys_addr_t, unsigned);

    poll_wait(scheduler& s, phys_addr_t at, unsigned size, reader read, const test& done,
              const poll_grid& grid, const poll_backoff& backoff, hal::time_point started);

    /// Runs to the end. @return true if a look succeeded @post looks() counts all but the first
    bool run(u64 first_value);
    u64 looks() const { return looks_; }
    bool watches(phys_addr_t at, u64 bytes) const { return at < at_ + size_ && at_ < at + bytes; }

    // -- called by the CPU --
    hal::time_point due() const;
    void look();
    void freeze();
    void thaw();
    // -- called when something happened --
    void changed(u64 cookie = 0) override;
    void event();
    hal::watch_client& client() { return *this; }

private:
    bool waits_for_event() const { return backoff_.wait_for_event; }
    hal::duration tau() const;
    hal::time_point wall(hal::duration tau) const { return origin_ + shift_ + tau; }
    bool limit_passed(hal::time_point after_look) const {
        return after_look - started_ > backoff_.limit;
    }
    hal::time_point next_tick(hal::time_point after) const;
    hal::time_point due_event() const;
    void end(bool success, hal::time_point look_begins);
    void thaw_event(hal::duration interrupted);

    scheduler& scheduler_;
    task& task_;
    phys_addr_t at_;
    unsigned size_;
    reader read_;
    const test& done_;
    poll_grid grid_;
    poll_backoff backoff_;
    hal::time_point started_;
    hal::time_point origin_;    ///< when the first look began, as if it had lasted grid_.look
    hal::duration shift_{};     ///< time taken by interrupts so far
    hal::duration executed_{};  ///< tau of the newest look that was executed
    hal::duration resumed_{};  ///< tau at the end of the newest interrupt: looks before it are over
    hal::duration dirty_{};    ///< tau of the first change since then
    bool is_dirty_ = false;
    bool frozen_ = false;
    hal::time_point frozen_at_{};
    u64 looks_ = 0;
    bool success_ = false;
    // wait for event: wall times, interrupts do not shift the event stream
    hal::time_point wfe_from_{};  ///< end of the newest executed look
    hal::time_point event_at_ =
        hal::duration::max();  ///< when it is woken by an event or an interrupt
};

/// The poll calls of the kernel.
class poller final : hal::watch_client {
public:
    explicit poller(scheduler& s);
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;

    bool poll_register(phys_addr_t, unsigned size, const poll_wait::test& done,
                       const poll_backoff&);
    bool poll_memory(phys_addr_t, unsigned size, const poll_wait::test& done, const poll_backoff&);
    /// Software wrote to RAM: hardware's watch does not see it.
    void written(phys_addr_t at, u64 bytes);
    u64 looks() const { return looks_; }

private:
    struct place {
        phys_addr_t at;
        unsigned size;
        bool memory;
    };
    bool told(const place&, const poll_wait::test& done, const poll_backoff&);
    bool poll(const place&, const poll_wait::test& done, const poll_backoff&);
    bool execute(const place&, const poll_wait::test& done, const poll_backoff&,
                 hal::time_point started);
    u64 load(const place&);
    void changed(u64 cookie) override;

    scheduler& scheduler_;
    std::vector<poll_wait*> active_;  ///< at most one per CPU
    u64 looks_ = 0;
    u64 events_ = 0;
};

}  // namespace drydock::sw
