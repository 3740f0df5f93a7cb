// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "sw/kernel/task.h"

namespace drydock::sw {

/// Sleeping tasks by the time at which they wake at the latest; equal times in order of setting. A
/// binary heap that each task knows its place in: set, remove and take are O(log n), nothing
/// allocates once it has grown.
class timer_queue {
public:
    bool empty() const { return heap_.empty(); }
    /// @pre not empty
    hal::time_point next() const { return heap_.front()->timer; }

    /// @pre t is not in the queue
    void set(task& t, hal::time_point when) {
        t.timer = when;
        t.timer_order = ++order_;
        heap_.push_back(&t);
        up(heap_.size() - 1, &t);
    }
    void remove(task& t) {
        if (t.timer_slot == task::no_timer) return;
        const std::size_t hole = t.timer_slot;
        t.timer_slot = task::no_timer;
        task* last = heap_.back();
        heap_.pop_back();
        if (last == &t) return;
        if (hole > 0 && before(*last, *heap_[(hole - 1) / 2]))
            up(hole, last);
        else
            down(hole, last);
    }
    /// @pre not empty
    task& take() {
        task& t = *heap_.front();
        remove(t);
        return t;
    }

private:
    static bool before(const task& a, const task& b) {
        return a.timer != b.timer ? a.timer < b.timer : a.timer_order < b.timer_order;
    }
    void place(std::size_t i, task* t) {
        heap_[i] = t;
        t->timer_slot = static_cast<u32>(i);
    }
    void up(std::size_t i, task* t) {
        for (; i > 0 && before(*t, *heap_[(i - 1) / 2]); i = (i - 1) / 2)
            place(i, heap_[(i - 1) / 2]);
        place(i, t);
    }
    void down(std::size_t i, task* t) {
        for (std::size_t child = 2 * i + 1; child < heap_.size(); child = 2 * i + 1) {
            if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
            if (!before(*heap_[child], *t)) break;
            place(i, heap_[child]);
            i = child;
        }
        place(i, t);
    }

    std::vector<task*> heap_;
    u64 order_ = 0;
};

}  // namespace drydock::sw
