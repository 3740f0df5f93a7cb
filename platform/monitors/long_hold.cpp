// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/long_hold.h"

namespace drydock::monitors {
namespace {

constexpr std::uint64_t spinning = 1;  // kind::sw_lock, flags

}  // namespace

long_hold::long_hold(reporter& r, base::ps irqs_limit, base::ps mutex_limit)
    : monitor("long_hold", r,
              {base::kind::sw_irqs_off, base::kind::sw_irqs_on, base::kind::sw_lock,
               base::kind::sw_unlock}),
      irqs_limit_(irqs_limit),
      mutex_limit_(mutex_limit) {}

void long_hold::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::sw_irqs_off:
            off_[e.a] = {e.time, e.span};
            return;
        case base::kind::sw_irqs_on:
            if (const auto h = off_.find(e.a); h != off_.end()) {
                irqs_were_off(e.a, h->second, e.time);
                off_.erase(h);
            }
            return;
        case base::kind::sw_lock:
            if ((e.c & spinning) == 0) mutexes_[{e.a, e.b}] = {e.time, e.span};
            return;
        case base::kind::sw_unlock:
            if (const auto h = mutexes_.find({e.a, e.b}); h != mutexes_.end()) {
                mutex_was_held(e.a, e.b, h->second, e.time);
                mutexes_.erase(h);
            }
            return;
        default:
            return;
    }
}

void long_hold::irqs_were_off(std::uint64_t cpu, const held& h, base::ps end) {
    if (end - h.since <= irqs_limit_) return;
    found({cpu, 0}, h.span, [&] {
        return finding{h.since + irqs_limit_,
                       h.span,
                       "cpu" + std::to_string(cpu),
                       {},
                       "interrupts are not off for longer than " + readable(irqs_limit_),
                       "off for " + readable(end - h.since)};
    });
}

void long_hold::mutex_was_held(std::uint64_t lock, std::uint64_t task, const held& h,
                               base::ps end) {
    if (end - h.since <= mutex_limit_) return;
    found({lock, 1}, h.span, [&] {
        return finding{h.since + mutex_limit_,
                       h.span,
                       text(lock),
                       {},
                       "no mutex is held for longer than " + readable(mutex_limit_),
                       place(task) + " held it for " + readable(end - h.since)};
    });
}

void long_hold::finish(base::ps now) {
    for (const auto& [cpu, h] : off_) irqs_were_off(cpu, h, now);
    for (const auto& [of, h] : mutexes_) mutex_was_held(of.first, of.second, h, now);
}

}  // namespace drydock::monitors
