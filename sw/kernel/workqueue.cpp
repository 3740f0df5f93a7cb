// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/workqueue.h"

#include <algorithm>
#include <stdexcept>

namespace drydock::sw {

workqueue::workqueue(scheduler& s) : scheduler_(s), pools_(s.cpus()) { s.set_sleep_observer(this); }

void workqueue::schedule(work& w, unsigned cpu) {
    if (cpu >= pools_.size())
        throw std::out_of_range("kernel: work '" + w.name + "' asks for CPU " +
                                std::to_string(cpu) + ", there are " +
                                std::to_string(pools_.size()));
    if (w.pending) return;
    w.pending = true;
    pools_[cpu].queued.push_back(&w);
    supply(cpu);
}

/// Sees to it that somebody will take what is queued: a worker that runs or is ready, an idle one,
/// a new one.
void workqueue::supply(unsigned cpu) {
    pool& p = pools_[cpu];
    if (p.queued.empty()) return;
    worker* idle = nullptr;
    for (const auto& w : p.workers) {
        if (!w->idle && w->t->state != task_state::waiting) return;
        if (w->idle && idle == nullptr) idle = w.get();
    }
    if (idle != nullptr) {
        idle->idle = false;
        return scheduler_.wake(*idle->t);
    }
    if (p.workers.size() == max_workers) return;
    worker& fresh = *p.workers.emplace_back(std::make_unique<worker>());
    fresh.idle = false;
    const std::string name =
        "kworker/" + std::to_string(cpu) + ":" + std::to_string(p.workers.size() - 1);
    fresh.t = &scheduler_.create(
        name, cpu, [this, cpu, &fresh] { serve(cpu, fresh); }, false);
    fresh.t->as_worker = &fresh;
    scheduler_.wake(*fresh.t);
}

void workqueue::task_sleeps(task& t) {
    if (t.as_worker != nullptr && !t.as_worker->idle) supply(t.cpu);
}

void workqueue::serve(unsigned cpu, worker& me) {
    for (;;) {
        while (work* w = take(pools_[cpu])) {
            me.current = w;
            w->pending = false;
            w->run();
            me.current = nullptr;
        }
        me.idle = true;
        scheduler_.block("sleeps");
    }
}

/// Next item that nobody runs at present, by choice among those; null if there is none.
work* workqueue::take(pool& p) {
    candidates_.clear();
    positions_.clear();
    for (std::size_t i = 0; i < p.queued.size(); ++i) {
        work* w = p.queued[i];
        const bool runs = std::any_of(p.workers.begin(), p.workers.end(),
                                      [&](const auto& o) { return o->current == w; });
        if (runs) continue;
        candidates_.push_back({w->name, i});
        positions_.push_back(i);
    }
    if (positions_.empty()) return nullptr;
    const std::size_t at =
        positions_[positions_.size() == 1 ? 0 : scheduler_.choose("worker", candidates_)];
    work* chosen = p.queued[at];
    p.queued.erase(p.queued.begin() + static_cast<std::ptrdiff_t>(at));
    return chosen;
}

}  // namespace drydock::sw
