// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/lock_order.h"

#include <algorithm>

namespace drydock::monitors {

lock_order::lock_order(reporter& r)
    : monitor("lock_order", r, {base::kind::sw_lock, base::kind::sw_unlock}) {}

void lock_order::on_event(const base::event& e) {
    if (e.what == base::kind::sw_lock) return taken(e);
    // Given back in any order, from the newest on.
    auto& held = held_[e.b * 2 + ((e.c & in_interrupt) != 0)];
    const auto found_lock = std::find(held.rbegin(), held.rend(), e.a);
    if (found_lock != held.rend()) held.erase(std::next(found_lock).base());
}

void lock_order::taken(const base::event& e) {
    auto& held = held_[e.b * 2 + ((e.c & in_interrupt) != 0)];
    for (const std::uint64_t outer : held) {
        if (outer == e.a) continue;  // instances of one name: their order is not known by name
        bool& known = edges_[{outer, e.a}];
        if (!known) {
            known = true;
            new_edge(outer, e.a, e);
        }
    }
    held.push_back(e.a);
    if ((e.c & spinning) != 0) check_irq(e);
}

void lock_order::new_edge(std::uint64_t from, std::uint64_t to, const base::event& e) {
    const auto back = way(to, from);
    after_[from].insert(to);
    if (back.empty()) return;
    found({std::min(from, to), std::max(from, to)}, e.span, [&] {
        std::string cycle = text(from);
        for (const std::uint64_t lock : back) cycle += " -> " + text(lock);
        return finding{
            e.time,          e.span, place(e.b), {}, "locks are taken in one order everywhere",
            "cycle " + cycle};
    });
}

std::vector<std::uint64_t> lock_order::way(std::uint64_t from, std::uint64_t to) const {
    std::map<std::uint64_t, std::uint64_t> came_from{{from, from}};
    std::vector<std::uint64_t> next{from};
    while (!next.empty() && !came_from.contains(to)) {
        const std::uint64_t lock = next.back();
        next.pop_back();
        const auto edges = after_.find(lock);
        if (edges == after_.end()) continue;
        for (const std::uint64_t n : edges->second)
            if (came_from.try_emplace(n, lock).second) next.push_back(n);
    }
    std::vector<std::uint64_t> result;
    if (!came_from.contains(to)) return result;
    for (std::uint64_t at = to; at != from; at = came_from[at]) result.push_back(at);
    result.push_back(from);
    std::reverse(result.begin(), result.end());
    return result;
}

void lock_order::check_irq(const base::event& e) {
    usage& u = usage_[e.a];
    if ((e.c & in_interrupt) != 0)
        u.in_interrupt = true;
    else if ((e.c & irqs_off) == 0)
        u.irqs_on = true;
    if (!u.in_interrupt || !u.irqs_on) return;
    found({e.a, UINT64_MAX}, e.span, [&] {
        return finding{
            e.time,
            e.span,
            place(e.b),
            {},
            "a spinning lock that an interrupt handler takes is held with interrupts off",
            text(e.a) + " is taken in interrupt context and with interrupts on"};
    });
}

}  // namespace drydock::monitors
