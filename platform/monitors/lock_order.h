// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <vector>

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// Lock order, judged as lockdep does: taking B while holding A is an edge A -> B; an edge that
/// closes a cycle is a deadlock that some other order of events meets. Also: a spinning lock that
/// is taken in interrupt context somewhere and with interrupts on elsewhere. Only a new edge costs
/// more than a look-up.
class lock_order final : public monitor {
public:
    explicit lock_order(reporter& r);

private:
    static constexpr std::uint64_t spinning = 1, shared = 2, irqs_off = 4,
                                   in_interrupt = 8;  // kind::sw_lock, flags
    struct usage {
        bool in_interrupt = false;
        bool irqs_on = false;
    };
    void on_event(const base::event& e) override;
    void taken(const base::event& e);
    void new_edge(std::uint64_t from, std::uint64_t to, const base::event& e);
    void check_irq(const base::event& e);
    /// Locks on a way from -> to, empty if there is none.
    std::vector<std::uint64_t> way(std::uint64_t from, std::uint64_t to) const;

    std::map<std::uint64_t, std::vector<std::uint64_t>>
        held_;  // (task, in interrupt) -> locks, oldest first
    std::map<std::uint64_t, std::set<std::uint64_t>>
        after_;  // lock -> locks taken while it was held
    waves::flat_map<waves::key_pair, bool> edges_;
    std::map<std::uint64_t, usage> usage_;
};

}  // namespace drydock::monitors
