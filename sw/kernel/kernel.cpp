// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/kernel.h"

#include <stdexcept>

#include "sw/kernel/interrupts.h"
#include "sw/kernel/pages.h"
#include "sw/kernel/poll.h"
#include "sw/kernel/scheduler.h"
#include "sw/kernel/workqueue.h"

namespace drydock::sw {

kernel::kernel(hal::host& host, unsigned cpus, cpu_costs costs)
    : scheduler_(std::make_unique<class scheduler>(host, cpus, costs)),
      interrupts_(std::make_unique<class interrupts>(*scheduler_, host.irq)),
      workqueue_(std::make_unique<class workqueue>(*scheduler_)),
      poller_(std::make_unique<class poller>(*scheduler_)),
      pages_(std::make_unique<class page_allocator>(host.memory, host.observe)) {}

kernel::~kernel() = default;

// -- tasks and time ----------------------------------------------------------------------------

task_ref kernel::run_task(std::string name, unsigned cpu, std::function<void()> body) {
    return {&scheduler_->create(std::move(name), cpu, std::move(body))};
}
bool kernel::finished(task_ref t) const {
    return t.get != nullptr && t.get->state == task_state::ended;
}
task_ref kernel::current() const { return {scheduler_->active()}; }

const std::string& kernel::current_name() const {
    static const std::string hardware = "hardware";
    return scheduler_->active() != nullptr ? scheduler_->active()->name : hardware;
}
hal::place_id kernel::current_place() const {
    return scheduler_->active() != nullptr ? scheduler_->active()->place : observe().place("sw");
}
unsigned kernel::current_cpu() const { return scheduler_->must_be_active("current_cpu").cpu; }
unsigned kernel::cpus() const { return scheduler_->cpus(); }
hal::time_point kernel::now() const { return scheduler_->now(); }
void kernel::spend(hal::duration d) { scheduler_->spend(d); }
void kernel::sleep(hal::duration d) { sleep_until(now() + d); }

void kernel::sleep_until(hal::time_point t) {
    scheduler_->might_sleep("sleep");
    scheduler_->block("sleeps", t);
}

void kernel::yield() { scheduler_->yield(); }
void kernel::schedule_work(work& w, unsigned cpu) { workqueue_->schedule(w, cpu); }
cpu_totals kernel::totals(unsigned cpu) const { return scheduler_->at(cpu).totals(); }

// -- interrupts --------------------------------------------------------------------------------

bool kernel::irqs_disabled() const {
    return scheduler_->must_be_active("irqs_disabled").masks_interrupts();
}
void kernel::local_irq_save() { scheduler_->irq_save(); }
void kernel::local_irq_restore() { scheduler_->irq_restore(); }

u32 kernel::request_irq(std::string name, unsigned cpu, std::function<void()> handler,
                        std::function<void()> thread_fn, std::optional<u32> vector) {
    return interrupts_->request(std::move(name), cpu, std::move(handler), std::move(thread_fn),
                                vector);
}
u32 kernel::reserve_irqs(u32 count) { return interrupts_->reserve(count); }
void kernel::request_wired_irq(u32 line, const void* owner, std::string name, unsigned cpu,
                               std::function<bool()> handler, std::function<void()> thread_fn) {
    interrupts_->request_wired(line, owner, std::move(name), cpu, std::move(handler),
                               std::move(thread_fn));
}
void kernel::free_wired_irq(u32 line, const void* owner) { interrupts_->free_wired(line, owner); }
phys_addr_t kernel::msi_doorbell() const { return host().irq.doorbell(); }
bool kernel::in_interrupt() const {
    return scheduler_->active() != nullptr && scheduler_->active()->interrupt;
}
bool kernel::in_atomic() const {
    return scheduler_->active() != nullptr && scheduler_->active()->atomic();
}
void kernel::might_sleep(std::string_view what) { scheduler_->might_sleep(what); }

// -- device registers and configuration space --------------------------------------------------

u64 kernel::read(phys_addr_t a, unsigned size) { return scheduler_->load(a, size).value; }
void kernel::write(phys_addr_t a, unsigned size, u64 value) { scheduler_->store(a, size, value); }

u8 kernel::readb(phys_addr_t a) { return static_cast<u8>(read(a, 1)); }
u16 kernel::readw(phys_addr_t a) { return static_cast<u16>(read(a, 2)); }
u32 kernel::readl(phys_addr_t a) { return static_cast<u32>(read(a, 4)); }
u64 kernel::readq(phys_addr_t a) { return read(a, 8); }
void kernel::writeb(phys_addr_t a, u8 v) { write(a, 1, v); }
void kernel::writew(phys_addr_t a, u16 v) { write(a, 2, v); }
void kernel::writel(phys_addr_t a, u32 v) { write(a, 4, v); }
void kernel::writeq(phys_addr_t a, u64 v) { write(a, 8, v); }

bool kernel::poll_register(phys_addr_t a, unsigned size, const std::function<bool(u64)>& done,
                           const poll_backoff& b) {
    return poller_->poll_register(a, size, done, b);
}
bool kernel::poll_memory(phys_addr_t a, unsigned size, const std::function<bool(u64)>& done,
                         const poll_backoff& b) {
    return poller_->poll_memory(a, size, done, b);
}
u64 kernel::polls_counted() const { return poller_->looks(); }

// -- memory ------------------------------------------------------------------------------------

namespace {

/// Accesses of up to 64 bytes go in pieces of 16, larger ones in lines of 64.
std::int64_t pieces(std::size_t bytes) {
    return static_cast<std::int64_t>(bytes <= 64 ? (bytes + 15) / 16 : (bytes + 63) / 64);
}

}  // namespace

void kernel::charge(hal::duration d) {
    if (scheduler_->active() != nullptr) scheduler_->spend(d);
}

phys_addr_t kernel::alloc_pages(u32 count, std::string_view owner) {
    const phys_addr_t at = pages_->take(count, owner, current_place(), current_span());
    charge(costs().memory_write * pieces(std::size_t{count} * page_allocator::page_bytes));
    return at;
}

void kernel::free_pages(phys_addr_t at, u32 count, bool poison) {
    pages_->give(at, count, poison, current_place(), current_span());
    if (poison)
        charge(costs().memory_write * pieces(std::size_t{count} * page_allocator::page_bytes));
}

u64 kernel::load64(phys_addr_t at) {
    u64 value = 0;
    copy_from(&value, at, sizeof value);
    return value;
}

void kernel::store64(phys_addr_t at, u64 value) { copy_to(at, &value, sizeof value); }

void kernel::copy_to(phys_addr_t at, const void* from, std::size_t bytes, hal::span_id by) {
    host().memory.write(at, from, bytes, by != 0 ? by : current_span());
    poller_->written(at, bytes);
    charge(costs().memory_write * pieces(bytes));
}

void kernel::copy_from(void* to, phys_addr_t at, std::size_t bytes) {
    host().memory.read(at, to, bytes);
    charge(costs().memory_read * pieces(bytes));
}

// -- what software tells -----------------------------------------------------------------------

hal::observe& kernel::observe() const { return scheduler_->host().observe; }
hal::host& kernel::host() const { return scheduler_->host(); }
const cpu_costs& kernel::costs() const { return scheduler_->costs(); }
hal::span_id kernel::current_span() const {
    return scheduler_->active() != nullptr ? scheduler_->active()->span : 0;
}
void kernel::set_current_span(hal::span_id s) {
    scheduler_->must_be_active("set_current_span").span = s;
}

void kernel::point(std::string_view name, u16 device) {
    const task& me = scheduler_->must_be_active("point");
    hal::observe& o = observe();
    if (o.wants(hal::note::point))
        o.emit(hal::note::point, me.place, me.span, o.text(name), device);
    if (o.hold(me.name, name, device)) scheduler_->hold(name);
}

void kernel::warn(std::string_view text, u16 device) {
    hal::observe& o = observe();
    if (o.wants(hal::note::warn))
        o.emit(hal::note::warn, current_place(), current_span(), o.text(text), device);
}

void kernel::log(int level, std::string_view text, u16 device) {
    hal::observe& o = observe();
    if (o.wants(hal::note::log))
        o.emit(hal::note::log, current_place(), current_span(), o.text(text), device,
               static_cast<u64>(level));
}

bool kernel::release(std::string_view task) { return scheduler_->release(task); }
std::string_view kernel::held_at(std::string_view task) const { return scheduler_->held_at(task); }

// -- spans and counts --------------------------------------------------------------------------

span_scope::span_scope(kernel& k, hal::span_class c, u16 device, u64 detail)
    : kernel_(k), id_(k.observe().new_span()), outer_(k.current_span()), detail_(detail) {
    k.set_current_span(id_);
    hal::observe& o = k.observe();
    if (o.wants(hal::note::span_begin))
        o.emit(hal::note::span_begin, k.current_place(), id_, static_cast<u64>(c), outer_, device,
               detail);
}

span_scope::~span_scope() {
    hal::observe& o = kernel_.observe();
    if (o.wants(hal::note::span_end))
        o.emit(hal::note::span_end, kernel_.current_place(), id_, static_cast<u64>(result_),
               detail_);
    kernel_.set_current_span(outer_);
}

refcount::refcount(kernel& k, std::string object, u32 initial)
    : kernel_(k),
      object_(std::move(object)),
      text_(k.observe().text(object_)),
      count_(initial),
      rest_(initial) {
    tell();
}

void refcount::tell() {
    hal::observe& o = kernel_.observe();
    if (o.wants(hal::note::refcount))
        o.emit(hal::note::refcount, kernel_.current_place(), kernel_.current_span(), text_, count_,
               rest_);
}

void refcount::get() {
    kernel_.warn_on(count_ == 0, "refcount_t: addition on 0; use-after-free");
    ++count_;
    tell();
}

bool refcount::put() {
    if (kernel_.warn_on(count_ == 0, "refcount_t: underflow; use-after-free")) return false;
    --count_;
    tell();
    return count_ == 0;
}

lifetime::lifetime(kernel& k, std::string object) : kernel_(k), text_(k.observe().text(object)) {}

void lifetime::release() {
    tell(released_ ? 1 : 0);
    released_ = true;
}

void lifetime::tell(u64 state) const {
    hal::observe& o = kernel_.observe();
    if (o.wants(hal::note::object))
        o.emit(hal::note::object, kernel_.current_place(), kernel_.current_span(), text_, state);
}

}  // namespace drydock::sw
