// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/gate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sw/kernel/kernel.h"
#include "sw/kernel/lock_notes.h"
#include "sw/kernel/scheduler.h"

namespace drydock::sw {

struct gate::impl {
    struct waiter {
        task* who;
        bool spins;
    };
    impl(kernel& k, std::string n) : s(k.scheduler()), notes(s, std::move(n)) {}
    scheduler& s;
    lock_notes notes;
    std::vector<task*> shut_by;
    std::vector<waiter> waiters;
};

gate::gate(kernel& k, std::string name) : impl_(std::make_unique<impl>(k, std::move(name))) {}
gate::~gate() = default;

void gate::shut() {
    impl& g = *impl_;
    task& me = g.s.must_be_active("gate::shut");
    g.s.spend(g.s.costs().lock);
    g.shut_by.push_back(&me);  // waits for nobody, so it is in no order with locks
}

void gate::open() {
    impl& g = *impl_;
    task& me = g.s.must_be_active("gate::open");
    g.s.spend(g.s.costs().lock);
    g.notes.must_own(!g.shut_by.empty());
    const auto mine = std::find(g.shut_by.begin(), g.shut_by.end(), &me);
    g.shut_by.erase(mine == g.shut_by.end() ? mine - 1 : mine);
    if (!g.shut_by.empty()) return;
    for (const impl::waiter& w : std::exchange(g.waiters, {}))
        w.spins ? g.s.grant(*w.who) : g.s.wake(*w.who);
}

void gate::pass() {
    impl& g = *impl_;
    task& me = g.s.must_be_active("gate::pass");
    g.s.spend(g.s.costs().lock);
    const hal::time_point asked = g.s.now();
    while (!g.shut_by.empty()) {
        const bool spins = me.atomic();
        g.waiters.push_back({&me, spins});
        if (spins) {
            g.notes.spins(me, *g.shut_by.back());
            g.s.spin();
        } else {
            g.notes.waits(me, *g.shut_by.back());
            g.s.block("waits");
        }
    }
    if (g.s.now() == asked) return;
    g.notes.locked(me, lock_notes::shared, g.s.now() - asked);
    g.notes.unlocked(me, lock_notes::shared, {});
}

}  // namespace drydock::sw
