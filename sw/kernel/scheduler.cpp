// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/scheduler.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace drydock::sw {
namespace {

[[noreturn]] void no_such_cpu(const std::string& task, unsigned asked, std::size_t there) {
    throw std::out_of_range("kernel: task '" + task + "' asks for CPU " + std::to_string(asked) +
                            ", there are " + std::to_string(there));
}

}  // namespace

scheduler::scheduler(hal::host& host, unsigned cpus, const cpu_costs& costs)
    : host_(host), costs_(costs), timer_alarm_(host.clock.make_alarm("sw.timers", *this)) {
    if (cpus == 0) throw std::invalid_argument("kernel: a machine needs at least one CPU");
    for (unsigned n = 0; n < cpus; ++n) cpus_.push_back(std::make_unique<cpu>(*this, n));
}

task& scheduler::must_be_active(std::string_view call) const {
    if (active_ == nullptr)
        throw std::logic_error("kernel: " + std::string(call) +
                               "() needs a task or an interrupt handler to run in");
    return *active_;
}

// -- life of a task ----------------------------------------------------------------------------

task& scheduler::create(std::string name, unsigned cpu_number, std::function<void()> body,
                        bool start) {
    if (cpu_number >= cpus_.size()) no_such_cpu(name, cpu_number, cpus_.size());
    auto made = std::make_unique<task>();
    take_stack(*made);
    task& t = *tasks_.emplace_back(std::move(made));
    t.place = host_.observe.place("sw." + name);
    t.name = std::move(name);
    t.cpu = cpu_number;
    t.owner = this;
    t.body = std::move(body);
    t.state = task_state::waiting;
    if (start) wake(t);
    return t;
}

hal::stack* scheduler::take_stack(task& t) {
    return t.stack = host_.stacks.take(&scheduler::entry, &t);
}

void scheduler::entry(void* argument) {
    task& t = *static_cast<task*>(argument);
    scheduler& s = *t.owner;
    s.active_ = &t;
    t.body();
    if (t.locks != 0) s.host_.observe.emit(hal::note::lock_wait, t.place, t.span, 0, t.place, 0, 1);
    s.own_cpu().leave("ends");
    t.state = task_state::ended;
    t.stack = nullptr;
    t.body = nullptr;
    s.active_ = nullptr;
    s.at(t.cpu).arm();
}

// -- what the active task does -----------------------------------------------------------------

void scheduler::switch_away() {
    task* const me = active_;
    active_ = nullptr;
    at(me->cpu).arm();
    host_.stacks.suspend();
    active_ = me;
}

void scheduler::spend(hal::duration d) {
    task& me = must_be_active("spend");
    if (d <= hal::duration::zero()) return preemption_point();
    me.state = task_state::spending;
    me.end = now() + d;
    me.deferred = false;
    switch_away();
}

void scheduler::preemption_point() {
    task& me = *active_;
    if (!at(me.cpu).anything_pending() || me.masks_interrupts()) return;
    me.state = task_state::spending;
    me.end = now();
    me.deferred = false;
    switch_away();
}

bool scheduler::block(const char* why, hal::time_point deadline) {
    task& me = must_be_active("sleep");
    if (me.interrupt)
        throw std::logic_error("kernel: the interrupt handler on " + me.name +
                               " would have to sleep");
    me.timed_out = false;
    if (deadline != hal::duration::max()) {
        timers_.set(me, std::max(deadline, now()));
        arm_timer();
    }
    own_cpu().leave(why);
    me.state = task_state::waiting;
    if (sleep_observer_ != nullptr) sleep_observer_->task_sleeps(me);
    switch_away();
    return !me.timed_out;
}

void scheduler::spin() {
    task& me = *active_;
    me.state = task_state::spinning;
    me.granted = false;
    switch_away();
}

void scheduler::yield() {
    task& me = must_be_active("yield");
    if (me.interrupt)
        throw std::logic_error("kernel: the interrupt handler on " + me.name + " yields");
    if (!own_cpu().anyone_ready()) return preemption_point();
    own_cpu().leave("waits");
    own_cpu().enqueue(me);
    switch_away();
}

void scheduler::irq_save() {
    task& me = must_be_active("local_irq_save");
    if (me.irq_depth++ == 0) own_cpu().software_irqs(false);
}

void scheduler::irq_restore() {
    task& me = must_be_active("local_irq_restore");
    if (me.irq_depth == 0)
        throw std::logic_error("kernel: " + me.name + " restores interrupts that it did not save");
    if (--me.irq_depth > 0) return;
    own_cpu().software_irqs(true);
    preemption_point();
}

// -- registers ---------------------------------------------------------------------------------

hal::mmio_result scheduler::load(phys_addr_t a, unsigned size) {
    task& me = must_be_active("read of a register");
    me.state = task_state::stalled;
    return finish_access(host_.mmio.load(me.cpu, a, size, *this, me.cpu));
}

hal::mmio_result scheduler::store(phys_addr_t a, unsigned size, u64 value) {
    task& me = must_be_active("write of a register");
    me.state = task_state::stalled;
    return finish_access(host_.mmio.store(me.cpu, a, size, value, *this, me.cpu));
}

hal::mmio_result scheduler::finish_access(std::optional<hal::mmio_result> answer) {
    task& me = *active_;
    if (answer) {
        me.state = task_state::running;
        spend(answer->busy);
        return *answer;
    }
    switch_away();
    return me.answer;
}

void scheduler::mmio_done(u64 cookie, hal::mmio_result answer) {
    cpu& c = at(static_cast<unsigned>(cookie));
    task& t = *c.running();
    t.answer = answer;
    t.state = task_state::spending;
    t.end = now() + answer.busy;
    t.deferred = false;
    c.arm();
}

// -- waking ------------------------------------------------------------------------------------

void scheduler::wake(task& t) {
    if (t.state != task_state::waiting) return;
    timers_.remove(t);
    at(t.cpu).enqueue(t);
}

void scheduler::grant(task& t) {
    t.granted = true;
    at(t.cpu).arm();
}

void scheduler::on_alarm() {
    timer_set_ = hal::duration::max();
    while (!timers_.empty() && timers_.next() <= now()) {
        task& t = timers_.take();
        t.timed_out = true;
        wake(t);
    }
    arm_timer();
}

void scheduler::arm_timer() {
    if (timers_.empty() || timers_.next() >= timer_set_)
        return;  // an early ring finds nothing due: harmless
    timer_set_ = timers_.next();
    host_.clock.set_alarm(timer_alarm_, timer_set_);
}

std::size_t scheduler::choose(std::string_view point, std::span<task* const> among) {
    if (among.size() < 2) return 0;
    candidates_.clear();
    for (const task* t : among) candidates_.push_back({t->name, t->cpu});
    return host_.choice.choose(point, candidates_);
}

// -- holding -----------------------------------------------------------------------------------

void scheduler::hold(std::string_view point) {
    task& me = must_be_active("point");
    me.held_at = point;
    held_.push_back(&me);
    if (me.atomic())
        spin();
    else
        block("waits");
}

bool scheduler::release(std::string_view name) {
    const auto found =
        std::find_if(held_.begin(), held_.end(), [&](const task* t) { return t->name == name; });
    if (found == held_.end()) return false;
    task& t = **found;
    held_.erase(found);
    t.held_at = {};
    if (t.state == task_state::spinning)
        grant(t);
    else
        wake(t);
    return true;
}

std::string_view scheduler::held_at(std::string_view name) const {
    for (const task* t : held_)
        if (t->name == name) return t->held_at;
    return {};
}

void scheduler::might_sleep(std::string_view what) {
    hal::observe& o = host_.observe;
    if (active_ == nullptr || !o.wants(hal::note::might_sleep)) return;
    o.emit(hal::note::might_sleep, active_->place, active_->span, o.text(what), active_->place,
           active_->atomic());
}

}  // namespace drydock::sw
