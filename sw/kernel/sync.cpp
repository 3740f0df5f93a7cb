// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/sync.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "sw/kernel/kernel.h"
#include "sw/kernel/lock_notes.h"
#include "sw/kernel/scheduler.h"

namespace drydock::sw {

// -- mutex -------------------------------------------------------------------------------------

struct mutex::impl {
    impl(kernel& k, std::string n) : s(k.scheduler()), notes(s, std::move(n)) {}
    scheduler& s;
    lock_notes notes;
    task* owner = nullptr;
    hal::time_point since{};
    std::vector<task*> waiters;
};

mutex::mutex(kernel& k, std::string name) : impl_(std::make_unique<impl>(k, std::move(name))) {}
mutex::~mutex() = default;

void mutex::lock() {
    impl& m = *impl_;
    task& me = m.s.must_be_active("mutex::lock");
    m.s.might_sleep(m.notes.name());
    m.s.spend(m.s.costs().lock);
    const hal::time_point asked = m.s.now();
    if (m.owner == nullptr) {
        m.owner = &me;
    } else {
        m.notes.waits(me, *m.owner);
        m.waiters.push_back(&me);
        m.s.block("waits");
    }
    m.since = m.s.now();
    m.notes.locked(me, 0, m.since - asked);
}

bool mutex::try_lock() {
    impl& m = *impl_;
    task& me = m.s.must_be_active("mutex::try_lock");
    m.s.spend(m.s.costs().lock);
    if (m.owner != nullptr) return false;
    m.owner = &me;
    m.since = m.s.now();
    m.notes.locked(me, 0, {});
    return true;
}

void mutex::unlock() {
    impl& m = *impl_;
    task& me = m.s.must_be_active("mutex::unlock");
    m.notes.must_own(m.owner == &me);
    m.s.spend(m.s.costs().lock);
    m.notes.unlocked(me, 0, m.s.now() - m.since);
    if (m.waiters.empty()) {
        m.owner = nullptr;
        return;
    }
    const std::size_t i = m.s.choose("lock", m.waiters);
    m.owner = m.waiters[i];
    m.waiters.erase(m.waiters.begin() + static_cast<std::ptrdiff_t>(i));
    m.s.wake(*m.owner);
}

bool mutex::held() const { return impl_->owner != nullptr; }
bool mutex::held_by_current() const {
    return impl_->owner != nullptr && impl_->owner == impl_->s.active();
}

// -- spinlock ----------------------------------------------------------------------------------

struct spinlock::impl {
    impl(kernel& k, std::string n) : s(k.scheduler()), notes(s, std::move(n)) {}
    scheduler& s;
    lock_notes notes;
    task* owner = nullptr;
    hal::time_point since{};
    std::vector<task*> waiters;
};

spinlock::spinlock(kernel& k, std::string name)
    : impl_(std::make_unique<impl>(k, std::move(name))) {}
spinlock::~spinlock() = default;

void spinlock::lock() {
    impl& l = *impl_;
    task& me = l.s.must_be_active("spinlock::lock");
    ++me.spin_depth;
    l.s.spend(l.s.costs().lock);
    const hal::time_point asked = l.s.now();
    if (l.owner == nullptr) {
        l.owner = &me;
    } else {
        l.notes.spins(me, *l.owner);
        l.waiters.push_back(&me);
        l.s.spin();
    }
    l.since = l.s.now();
    l.notes.locked(me, lock_notes::spinning, l.since - asked);
}

void spinlock::unlock() {
    impl& l = *impl_;
    task& me = l.s.must_be_active("spinlock::unlock");
    l.notes.must_own(l.owner == &me);
    l.s.spend(l.s.costs().lock);
    l.notes.unlocked(me, lock_notes::spinning, l.s.now() - l.since);
    --me.spin_depth;
    l.owner = nullptr;
    if (l.waiters.empty()) return;
    const std::size_t i = l.s.choose("lock", l.waiters);
    l.owner = l.waiters[i];
    l.waiters.erase(l.waiters.begin() + static_cast<std::ptrdiff_t>(i));
    l.s.grant(*l.owner);
}

void spinlock::lock_irqsave() {
    impl_->s.irq_save();
    lock();
}

void spinlock::unlock_irqrestore() {
    unlock();
    impl_->s.irq_restore();
}

// -- wait_queue --------------------------------------------------------------------------------

struct wait_queue::impl {
    impl(kernel& k, std::string n) : s(k.scheduler()), name(std::move(n)) {}
    scheduler& s;
    std::string name;
    std::vector<task*> waiters;
};

wait_queue::wait_queue(kernel& k, std::string name)
    : impl_(std::make_unique<impl>(k, std::move(name))) {}
wait_queue::~wait_queue() = default;

bool wait_queue::wait(const std::function<bool()>& condition, hal::time_point deadline) {
    impl& q = *impl_;
    task& me = q.s.must_be_active("wait_queue::wait");
    q.s.might_sleep(q.name);
    while (!condition()) {
        if (q.s.now() >= deadline) return false;
        q.waiters.push_back(&me);
        if (!q.s.block("waits", deadline)) std::erase(q.waiters, &me);
    }
    return true;
}

void wait_queue::wake_all() {
    impl& q = *impl_;
    // Waking only makes ready: none of them runs, or comes back into the list, before this loop
    // ends.
    for (task* t : q.waiters) q.s.wake(*t);
    q.waiters.clear();
}

}  // namespace drydock::sw
