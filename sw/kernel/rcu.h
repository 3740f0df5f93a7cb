// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "sw/kernel/sync.h"

namespace drydock::sw {

/// Readers that take no lock, and those who wait for them before they free what readers may see.
class rcu {
public:
    using reader = u64;
    explicit rcu(kernel& k) : waiters_(k, "rcu") {}

    reader read_lock() {
        if (open_.empty() || open_.back().first != period_) open_.emplace_back(period_, 0);
        ++open_.back().second;
        return period_;
    }
    void read_unlock(reader of) {
        const auto at =
            std::find_if(open_.begin(), open_.end(), [of](const auto& p) { return p.first == of; });
        if (--at->second != 0) return;
        open_.erase(at);
        if (!waited_for_) return;
        waited_for_ = false;
        waiters_.wake_all();
        run_callbacks();
    }
    /// Sleeps until every reader that has begun is gone.
    void synchronize() {
        const u64 last = period_++;
        waiters_.wait([&] { return passed(last); });
    }
    /// Calls f when every reader that has begun is gone: at once if there is none, else from the
    /// last of them (Linux: call_rcu).
    void call(std::function<void()> f) {
        const u64 last = period_++;
        if (passed(last)) return f();
        callbacks_.emplace_back(last, std::move(f));
    }

private:
    bool passed(u64 last) {
        const bool gone = open_.empty() || open_.front().first > last;
        waited_for_ |= !gone;
        return gone;
    }
    void run_callbacks() {
        auto all = std::exchange(callbacks_, {});
        for (auto& [last, f] : all)
            if (passed(last))
                f();
            else
                callbacks_.emplace_back(last, std::move(f));
    }

    std::vector<std::pair<u64, unsigned>> open_;  ///< periods with readers, oldest first
    std::vector<std::pair<u64, std::function<void()>>> callbacks_;
    wait_queue waiters_;
    u64 period_ = 0;
    bool waited_for_ = false;
};

}  // namespace drydock::sw
