// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/deadlock.h"

namespace drydock::monitors {

deadlock::deadlock(reporter& r)
    : monitor("deadlock", r, {base::kind::sw_lock_wait, base::kind::sw_lock}) {}

void deadlock::on_event(const base::event& e) {
    if (e.what == base::kind::sw_lock) {
        if (waits_.empty()) return;
        if (const auto known = owner_.find(e.a); known != owner_.end()) known->second = e.b;
        waits_.erase(e.b);
        return;
    }
    constexpr std::uint64_t begins_to_wait = 0;  // kind::sw_lock_wait, state
    if (e.d == begins_to_wait)
        waits(e);
    else
        ended(e);
}

std::uint64_t deadlock::owner_of(const wait& w) const {
    const auto known = owner_.find(w.lock);
    return known == owner_.end() ? w.owner : known->second;
}

std::string deadlock::told(std::uint64_t task, const wait& w) const {
    return place(task) + " waits for " + text(w.lock) + " since " + readable(w.since);
}

void deadlock::waits(const base::event& e) {
    owner_[e.a] = e.c;
    waits_[e.b] = {e.a, e.c, e.time, e.span};
    std::uint64_t at = e.c;
    for (std::size_t steps = 0; steps <= waits_.size(); ++steps) {
        if (at == e.b) return report_ring(e.b, e.time);
        if (gone_.contains(at)) {
            const wait& w = waits_.at(e.b);
            return found({e.a, 1}, e.span, [&] {
                return finding{e.time,
                               e.span,
                               place(e.b),
                               {},
                               "software does not deadlock",
                               told(e.b, w) + "; " + place(at) + ", which held it, has ended at " +
                                   readable(gone_.at(at))};
            });
        }
        const auto next = waits_.find(at);
        if (next == waits_.end()) return;
        at = owner_of(next->second);
    }
}

void deadlock::report_ring(std::uint64_t task, base::ps now) {
    found({task, 0}, waits_.at(task).span, [&] {
        std::string ring;
        std::uint64_t at = task;
        do {
            const wait& w = waits_.at(at);
            const std::uint64_t owner = owner_of(w);
            ring += (ring.empty() ? "" : "; ") + told(at, w) + ", held by " + place(owner);
            at = owner;
        } while (at != task);
        return finding{now, waits_.at(task).span,         place(task),
                       {},  "software does not deadlock", ring};
    });
}

void deadlock::ended(const base::event& e) {
    gone_[e.b] = e.time;
    for (const auto& [task, w] : waits_) {
        if (owner_of(w) != e.b) continue;
        found({w.lock, 1}, w.span, [&, t = task, waiting = w] {
            return finding{e.time,
                           waiting.span,
                           place(t),
                           {},
                           "software does not deadlock",
                           told(t, waiting) + "; " + place(e.b) + ", which holds it, has ended"};
        });
    }
}

}  // namespace drydock::monitors
