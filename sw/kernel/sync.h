// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sw/hal/types.h"

namespace drydock::sw {

class kernel;

/// Sleeping lock; FIFO hand-over unless choice('lock') says otherwise. Sleeps: not in atomic
/// context.
class mutex {
public:
    mutex(kernel& k, std::string name);
    ~mutex();
    /// @throws std::logic_error if it would have to sleep in an interrupt handler
    void lock();
    bool try_lock();
    /// @throws std::logic_error if the running task does not hold it
    void unlock();
    bool held() const;
    /// True if the running task is the owner (lockdep_assert_held).
    bool held_by_current() const;

private:
    friend class kernel;
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// Spinning lock that keeps the CPU's interrupts off while held (lock_irqsave) or not (lock). A
/// task that spins stays on its CPU: only interrupts, where on, run there.
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

/// Spinning lock with many readers or one writer; the _irqsave forms keep interrupts off. Writers
/// wait for readers; readers that come while a writer waits go after it.
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

/// Something tasks wait for.
class wait_queue {
public:
    wait_queue(kernel& k, std::string name);
    ~wait_queue();
    /// Sleeps until condition() holds, tested now and after every wake. @return false if the
    /// deadline passed first
    bool wait(const std::function<bool()>& condition,
              hal::time_point deadline = hal::duration::max());
    /// Callable from tasks, interrupt handlers and hardware context.
    void wake_all();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace drydock::sw
