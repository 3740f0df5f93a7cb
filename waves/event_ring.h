// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <utility>

#include "tlm/base/time.h"
#include "waves/sink.h"

namespace drydock::waves {

/// What a window that stands around the first violation needs: it keeps the latest records, as long
/// as the window reaches back, and says which window it is once the violation has come. With a
/// window of fixed times it keeps nothing.
/// @tparam Record has a `time`
template <class Record>
class event_ring {
public:
    explicit event_ring(window w) : window_(w), waiting_(w.at_violation) {
        if (waiting_) window_ = {base::never, base::never};
        reach_ = base::ps{waiting_ ? -w.from.count : 0};
        after_ = w.to;
    }
    /// False: records go straight on.
    bool waiting() const { return waiting_; }
    /// The window in absolute times; until the violation it lies beyond the end of time.
    const window& shown() const { return window_; }

    /// Keeps a record. Those that have become too old go on, outside of the window, to `leave`.
    template <class Leave>
    void keep(const Record& r, Leave&& leave) {
        records_.push_back(r);
        while (records_.front().time < r.time - reach_) {
            leave(records_.front());
            records_.pop_front();
        }
    }
    /// The first violation: fixes the window. Then hand on what was kept by drain().
    void violation(base::ps now) {
        waiting_ = false;
        window_ = {base::ps{std::max<std::int64_t>(0, (now - reach_).count)},
                   after_ == base::never ? base::never : now + after_};
    }
    template <class Take>
    void drain(Take&& take) {
        std::deque<Record> kept = std::exchange(records_, {});
        for (const Record& r : kept) take(r);
    }

private:
    std::deque<Record> records_;
    window window_;
    base::ps reach_{}, after_{};
    bool waiting_;
};

}  // namespace drydock::waves
