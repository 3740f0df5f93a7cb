// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/cpu.h"

#include <algorithm>

#include "sw/kernel/interrupts.h"
#include "sw/kernel/poll.h"
#include "sw/kernel/scheduler.h"

namespace drydock::sw {

cpu::cpu(scheduler& s, unsigned number) : scheduler_(s), number_(number), place_(0), alarm_(0) {
    const std::string name = "sw.cpu" + std::to_string(number);
    place_ = s.host().observe.place(name);
    alarm_ = s.host().clock.make_alarm(name, *this);
    irq_context_.name = "cpu" + std::to_string(number) + ".irq";
    irq_context_.place = s.host().observe.place(name + ".irq");
    irq_context_.cpu = number;
    irq_context_.interrupt = true;
    irq_context_.owner = &s;
    irq_context_.state = task_state::waiting;
    irq_context_.body = [this, &s] { serve_interrupts(s, *this); };
}

// -- run queue ---------------------------------------------------------------------------------

void cpu::enqueue(task& t) {
    t.state = task_state::ready;
    auto place = ready_.end();
    if (t.urgent)
        place =
            std::find_if(ready_.begin(), ready_.end(), [](const task* o) { return !o->urgent; });
    ready_.insert(place, &t);
    arm();
}

void cpu::leave(const char* why) {
    task& t = *running_;
    tell_task(t, why);
    if (t.irq_depth > 0) tell_irqs(t, true);
    occupy(nullptr);
}

void cpu::dispatch() {
    if (ready_.empty()) return;
    const std::size_t i = ready_.size() == 1 ? 0 : scheduler_.choose("run_queue", ready_);
    task& t = *ready_[i];
    ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(i));
    occupy(&t);
    tell_task(t, "runs");
    if (t.irq_depth > 0) tell_irqs(t, false);
    const bool other = last_ != &t;
    last_ = &t;
    if (!other) return go(t);
    ++totals_.switches;
    t.state = task_state::spending;
    t.end = scheduler_.now() + scheduler_.costs().context_switch;
    t.deferred = false;
    arm();
}

void cpu::go(task& t) {
    t.state = task_state::running;
    t.granted = false;
    if (t.stack == nullptr) scheduler_.take_stack(t);
    scheduler_.host().stacks.resume(t.stack);
}

// -- the alarm ---------------------------------------------------------------------------------

std::optional<hal::time_point> cpu::due() const {
    if (deliverable()) return scheduler_.now();
    if (running_ == nullptr) return ready_.empty() ? std::nullopt : std::optional(scheduler_.now());
    switch (running_->state) {
        case task_state::spending:
            return running_->end;
        case task_state::spinning:
            return running_->granted ? std::optional(scheduler_.now()) : std::nullopt;
        case task_state::polling:
            return running_->poll->due();
        default:
            return std::nullopt;
    }
}

void cpu::arm() {
    if (running_ != nullptr && running_->state == task_state::running) return;
    const auto when = due();
    if (when == armed_) return;
    armed_ = when;
    if (when)
        scheduler_.host().clock.set_alarm(alarm_, *when);
    else
        scheduler_.host().clock.cancel_alarm(alarm_);
}

void cpu::on_alarm() {
    armed_.reset();
    if (running_ != nullptr && running_->state == task_state::running) return;
    if (deliverable()) {
        if (running_ == nullptr || choose_now(*running_)) return begin_interrupts();
        running_->deferred = true;
        if (running_->end > scheduler_.now()) return arm();
    }
    if (running_ == nullptr) return dispatch();
    task& t = *running_;
    switch (t.state) {
        case task_state::spending:
            if (t.end <= scheduler_.now()) return go(t);
            break;
        case task_state::spinning:
            if (t.granted) return go(t);
            break;
        case task_state::polling:
            t.poll->look();
            if (t.state == task_state::spending && t.end <= scheduler_.now()) return go(t);
            break;
        default:
            break;
    }
    arm();
}

// -- interrupts --------------------------------------------------------------------------------

bool cpu::deliverable() const {
    if (pending_.empty()) return false;
    if (running_ == nullptr) return true;
    if (running_->masks_interrupts()) return false;
    switch (running_->state) {
        case task_state::spending:
            return !running_->deferred;
        case task_state::spinning:
        case task_state::polling:
            return true;
        default:
            return false;
    }
}

bool cpu::choose_now(const task& t) {
    if (t.state != task_state::spending || t.end <= scheduler_.now()) return true;
    const hal::candidate answers[] = {{pending_.front()->name, pending_.front()->vector},
                                      {"later", 0}};
    return scheduler_.choose("interrupt", answers) == 0;
}

void cpu::raise(irq_line& line) {
    if (line.pending) return;
    line.pending = true;
    pending_.push_back(&line);
    arm();
}

irq_line* cpu::take_pending() {
    if (pending_.empty()) return nullptr;
    std::size_t i = 0;
    if (pending_.size() > 1) {
        std::vector<hal::candidate> among;
        for (const irq_line* l : pending_) among.push_back({l->name, l->vector});
        i = scheduler_.choose("pending_interrupt", among);
    }
    irq_line* line = pending_[i];
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    line->pending = false;
    return line;
}

void cpu::begin_interrupts() {
    task* before = running_;
    if (before != nullptr) freeze(*before);
    interrupted_ = before;
    occupy(&irq_context_);
    go(irq_context_);
}

void cpu::end_interrupts() {
    irq_context_.state = task_state::waiting;
    task* before = interrupted_;
    interrupted_ = nullptr;
    occupy(before);
    if (before != nullptr) thaw(*before);
}

void cpu::freeze(task& t) {
    if (t.state == task_state::spending) t.left = t.end - scheduler_.now();
    if (t.state == task_state::polling) t.poll->freeze();
}

void cpu::thaw(task& t) {
    if (t.state == task_state::spending) t.end = scheduler_.now() + t.left;
    if (t.state == task_state::polling) t.poll->thaw();
}

// -- totals and notes --------------------------------------------------------------------------

void cpu::occupy(task* t) {
    const hal::time_point now = scheduler_.now();
    if (running_ == nullptr && t != nullptr) busy_since_ = now;
    if (running_ != nullptr && t == nullptr) totals_.busy += now - busy_since_;
    running_ = t;
    track();
}

void cpu::track() {
    const bool masked = running_ != nullptr && running_->masks_interrupts();
    if (masked == masked_) return;
    masked_ = masked;
    const hal::time_point now = scheduler_.now();
    if (masked) {
        masked_since_ = now;
        return;
    }
    totals_.irqs_off_total += now - masked_since_;
    totals_.irqs_off_longest = std::max(totals_.irqs_off_longest, now - masked_since_);
}

cpu_totals cpu::totals() const {
    cpu_totals sum = totals_;
    const hal::time_point now = scheduler_.now();
    if (running_ != nullptr) sum.busy += now - busy_since_;
    if (masked_) {
        sum.irqs_off_total += now - masked_since_;
        sum.irqs_off_longest = std::max(sum.irqs_off_longest, now - masked_since_);
    }
    return sum;
}

void cpu::software_irqs(bool on) {
    track();
    if (!running_->interrupt) tell_irqs(*running_, on);
}

void cpu::tell_irqs(task& t, bool on) {
    hal::observe& o = scheduler_.host().observe;
    const hal::time_point now = scheduler_.now();
    if (!on) t.irqs_off_since = now;
    const hal::note n = on ? hal::note::irqs_on : hal::note::irqs_off;
    if (!o.wants(n)) return;
    o.emit(n, place_, t.span, number_, on ? static_cast<u64>((now - t.irqs_off_since).count()) : 0);
}

void cpu::tell_task(const task& t, const char* state) {
    hal::observe& o = scheduler_.host().observe;
    if (o.wants(hal::note::task))
        o.emit(hal::note::task, t.place, t.span, number_, scheduler_.text(state));
}

}  // namespace drydock::sw
