// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// Tasks of the modelled software that can never go on: each waits for a lock whose owner waits in
/// turn, in a ring, or has ended without giving the lock back.
class deadlock final : public monitor {
public:
    explicit deadlock(reporter& r);

private:
    struct wait {
        std::uint64_t lock;
        std::uint64_t owner;  // the task that had it when the wait began
        base::ps since;
        base::span_id span;
    };
    void on_event(const base::event& e) override;
    void waits(const base::event& e);
    void ended(const base::event& e);
    std::uint64_t owner_of(const wait& w) const;
    void report_ring(std::uint64_t task, base::ps now);
    std::string told(std::uint64_t task, const wait& w) const;

    std::map<std::uint64_t, wait> waits_;           // by task
    std::map<std::uint64_t, std::uint64_t> owner_;  // of the locks that somebody has waited for
    std::map<std::uint64_t, base::ps> gone_;        // tasks that ended while they held locks
};

}  // namespace drydock::monitors
