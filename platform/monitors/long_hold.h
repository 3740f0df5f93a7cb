// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// Interrupts are off on a CPU, or a mutex is held, for longer than the limit; judged when it ends
/// and, if it is still so, at the end of the run.
class long_hold final : public monitor {
public:
    /// @param irqs_limit  default 1 ms  @param mutex_limit default 10 s (choices)
    long_hold(reporter& r, base::ps irqs_limit, base::ps mutex_limit);
    void finish(base::ps now) override;

private:
    struct held {
        base::ps since{};
        base::span_id span{};
    };
    void on_event(const base::event& e) override;
    void irqs_were_off(std::uint64_t cpu, const held& h, base::ps end);
    void mutex_was_held(std::uint64_t lock, std::uint64_t task, const held& h, base::ps end);

    base::ps irqs_limit_;
    base::ps mutex_limit_;
    std::map<std::uint64_t, held> off_;                                // by CPU
    std::map<std::pair<std::uint64_t, std::uint64_t>, held> mutexes_;  // by (lock, task)
};

}  // namespace drydock::monitors
