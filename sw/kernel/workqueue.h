// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sw/kernel/scheduler.h"
#include "sw/kernel/work.h"

namespace drydock::sw {

/// A task that runs queued work on one CPU.
struct worker {
    task* t = nullptr;
    work* current = nullptr;
    bool idle = true;
};

/// Work items and their workers, per CPU, managed as Linux's bound pools: one worker runs at a
/// time; when it sleeps inside an item and more is queued, another takes over. One item is never
/// run by two workers at once.
class workqueue final : sleep_observer {
public:
    /// Workers per CPU; beyond that queued work waits for one to come back.
    static constexpr std::size_t max_workers = 16;

    explicit workqueue(scheduler& s);
    workqueue(const workqueue&) = delete;
    workqueue& operator=(const workqueue&) = delete;

    void schedule(work& w, unsigned cpu);

private:
    struct pool {
        std::vector<work*> queued;
        std::vector<std::unique_ptr<worker>> workers;
    };
    void task_sleeps(task&) override;
    void supply(unsigned cpu);
    void serve(unsigned cpu, worker& me);
    work* take(pool& p);

    scheduler& scheduler_;
    std::vector<pool> pools_;
    std::vector<hal::candidate> candidates_;
    std::vector<std::size_t> positions_;
};

}  // namespace drydock::sw
