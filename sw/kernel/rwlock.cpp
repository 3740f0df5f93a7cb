// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "sw/kernel/kernel.h"
#include "sw/kernel/lock_notes.h"
#include "sw/kernel/scheduler.h"
#include "sw/kernel/sync.h"

namespace drydock::sw {

struct rwlock::impl {
    struct claim {
        task* who;
        bool write;
        hal::time_point since;
    };
    impl(kernel& k, std::string n) : s(k.scheduler()), notes(s, std::move(n)) {}

    static u64 flags(bool write) { return lock_notes::spinning | (write ? 0 : lock_notes::shared); }
    bool free_for(bool write) const {
        return holders.empty() || (!write && !holders.front().write);
    }

    void acquire(bool write) {
        s.irq_save();
        task& me = s.must_be_active("rwlock");
        ++me.spin_depth;
        s.spend(s.costs().lock);
        const hal::time_point asked = s.now();
        // Readers that come while anyone waits go behind: no writer starves.
        if (waiters.empty() && free_for(write)) {
            holders.push_back({&me, write, asked});
        } else {
            if (!holders.empty()) notes.spins(me, *holders.front().who);
            waiters.push_back(&me);
            writes.push_back(write);
            s.spin();
        }
        notes.locked(me, flags(write), s.now() - asked);
    }

    void release(bool write) {
        task& me = s.must_be_active("rwlock");
        std::size_t mine = 0;
        while (mine < holders.size() && (holders[mine].who != &me || holders[mine].write != write))
            ++mine;
        notes.must_own(mine < holders.size());
        s.spend(s.costs().lock);
        // Other readers may have gone meanwhile.
        for (mine = 0; holders[mine].who != &me;) ++mine;
        notes.unlocked(me, flags(write), s.now() - holders[mine].since);
        holders.erase(holders.begin() + static_cast<std::ptrdiff_t>(mine));
        --me.spin_depth;
        if (holders.empty()) hand_over();
        s.irq_restore();
    }

    /// To the chosen waiter; with a reader go the readers at the head of the queue.
    void hand_over() {
        if (waiters.empty()) return;
        for (std::size_t i = s.choose("lock", waiters); i < waiters.size() && free_for(writes[i]);
             i = 0) {
            task& next = *waiters[i];
            holders.push_back({&next, writes[i] != 0, s.now()});
            waiters.erase(waiters.begin() + static_cast<std::ptrdiff_t>(i));
            writes.erase(writes.begin() + static_cast<std::ptrdiff_t>(i));
            s.grant(next);
        }
    }

    scheduler& s;
    lock_notes notes;
    std::vector<claim> holders;  ///< one writer or any number of readers
    std::vector<task*> waiters;  ///< in order of arrival
    std::vector<u8> writes;      ///< beside waiters: wants to write
};

rwlock::rwlock(kernel& k, std::string name) : impl_(std::make_unique<impl>(k, std::move(name))) {}
rwlock::~rwlock() = default;
void rwlock::read_lock_irqsave() { impl_->acquire(false); }
void rwlock::read_unlock_irqrestore() { impl_->release(false); }
void rwlock::write_lock_irqsave() { impl_->acquire(true); }
void rwlock::write_unlock_irqrestore() { impl_->release(true); }

}  // namespace drydock::sw
