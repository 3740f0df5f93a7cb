// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/interrupts.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sw/kernel/scheduler.h"

namespace drydock::sw {
namespace {

void tell(scheduler& s, const cpu& c, const irq_line& line, bool begins) {
    hal::observe& o = s.host().observe;
    if (o.wants(hal::note::interrupt))
        o.emit(hal::note::interrupt, c.place(), 0, c.number(), line.text, begins);
}

void wake(scheduler& s, irq_line& line) {
    line.run_thread = true;
    if (line.thread_idle) s.wake(*line.thread);
    line.thread_idle = false;
}

void serve(scheduler& s, cpu& c, irq_line& line) {
    s.spend(s.costs().interrupt_entry);
    c.count_interrupt();
    tell(s, c, line, true);
    if (line.handler) line.handler();
    s.active()->span = 0;
    if (line.thread_fn) wake(s, line);
    tell(s, c, line, false);
}

}  // namespace

void serve_interrupts(scheduler& s, cpu& c) {
    for (;;) {
        while (irq_line* line = c.take_pending()) serve(s, c, *line);
        c.end_interrupts();
        s.switch_away();
    }
}

interrupts::interrupts(scheduler& s, hal::irq& controller)
    : scheduler_(s), controller_(controller) {
    controller.connect(*this);
}

u32 interrupts::request(std::string name, unsigned cpu_number, std::function<void()> handler,
                        std::function<void()> thread_fn, std::optional<u32> vector) {
    if (cpu_number >= scheduler_.cpus())
        throw std::out_of_range("kernel: interrupt '" + name + "' asks for CPU " +
                                std::to_string(cpu_number) + ", there are " +
                                std::to_string(scheduler_.cpus()));
    irq_line& line = *lines_.at(vector.value_or(reserve(vector ? 0 : 1)) - first_vector);
    line.cpu = cpu_number;
    line.text = scheduler_.text(name);
    line.handler = std::move(handler);
    line.thread_fn = std::move(thread_fn);
    line.name = std::move(name);
    if (line.thread_fn) make_thread(line);
    return line.vector;
}

void interrupts::make_thread(irq_line& line) {
    line.thread = &scheduler_.create(
        "irq/" + line.name, line.cpu, [this, &line] { thread(line); }, false);
    line.thread->urgent = true;
}

// -- wires ---------------------------------------------------------------------------------------

void interrupts::request_wired(u32 number, const void* owner, std::string name, unsigned cpu_number,
                               std::function<bool()> handler, std::function<void()> thread_fn) {
    auto& w = wired_[number];
    if (!w) {
        w = std::make_unique<wired_irq>();
        w->line.vector = number;
        w->line.cpu = cpu_number;
        w->line.text = scheduler_.text(name);
        w->line.handler = [this, &it = *w] { serve_wired(it); };
    }
    irq_action action{owner, std::move(handler), nullptr};
    if (thread_fn) {
        action.thread = std::make_unique<irq_line>();
        action.thread->name = std::move(name);
        action.thread->cpu = cpu_number;
        action.thread->thread_fn = std::move(thread_fn);
        make_thread(*action.thread);
    }
    w->actions.push_back(std::move(action));
    look_again(*w);
}

void interrupts::free_wired(u32 number, const void* owner) {
    const auto found = wired_.find(number);
    if (found == wired_.end()) return;
    auto& actions = found->second->actions;
    actions.erase(std::remove_if(actions.begin(), actions.end(),
                                 [owner](const irq_action& a) { return a.owner == owner; }),
                  actions.end());
}

void interrupts::level(u32 number) {
    if (const auto found = wired_.find(number); found != wired_.end()) look_again(*found->second);
}

/// The wire is still high, or high again.
void interrupts::look_again(wired_irq& w) {
    if (w.disabled || w.actions.empty() || !controller_.asserted(w.line.vector)) return;
    scheduler_.at(w.line.cpu).raise(w.line);
}

/// All that share it are asked. One that nobody owns is turned off in the end (Linux: "nobody
/// cared").
void interrupts::serve_wired(wired_irq& w) {
    constexpr u32 too_many = 100'000;
    bool handled = false;
    for (irq_action& a : w.actions) {
        if (!a.handler()) continue;
        handled = true;
        if (a.thread) wake(scheduler_, *a.thread);
    }
    w.unhandled = handled ? 0 : w.unhandled + 1;
    if (w.unhandled == too_many) {
        w.disabled = true;
        hal::observe& o = scheduler_.host().observe;
        if (o.wants(hal::note::log))
            o.emit(hal::note::log, o.place("sw.irq"), 0,
                   o.text("irq " + std::to_string(w.line.vector) + ": nobody cared, disabled"), 0,
                   3);
    }
    look_again(w);
}

u32 interrupts::reserve(u32 count) {
    const auto next = [this] { return first_vector + static_cast<u32>(lines_.size()); };
    const auto add = [&] {
        const u32 vector = next();
        lines_.emplace_back(std::make_unique<irq_line>())->vector = vector;
    };
    while (count > 1 && next() % count != 0) add();
    const u32 first = next();
    for (u32 i = 0; i < count; ++i) add();
    return first;
}

void interrupts::thread(irq_line& line) {
    for (;;) {
        while (line.run_thread) {
            line.run_thread = false;
            line.thread_fn();
        }
        line.thread_idle = true;
        scheduler_.block("sleeps");
    }
}

void interrupts::interrupt(u32 vector) {
    if (vector < first_vector || vector - first_vector >= lines_.size() ||
        lines_[vector - first_vector]->name.empty()) {
        hal::observe& o = scheduler_.host().observe;
        if (o.wants(hal::note::log))
            o.emit(hal::note::log, o.place("sw.irq"), 0,
                   o.text("interrupt vector " + std::to_string(vector) + " belongs to nobody"), 0,
                   4);
        return;
    }
    irq_line& line = *lines_[vector - first_vector];
    scheduler_.at(line.cpu).raise(line);
}

}  // namespace drydock::sw
