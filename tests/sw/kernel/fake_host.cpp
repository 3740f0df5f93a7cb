// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/kernel/fake_host.h"

#include <ucontext.h>
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/sw/kernel/stack_bounds.h"

namespace drydock::sw::test {

struct fake_host::context {
    ucontext_t own{};
    ucontext_t caller{};
    std::unique_ptr<char[]> memory;
    stack_bounds bounds;
    void (*entry)(void*) = nullptr;
    void* argument = nullptr;
    fake_host* host = nullptr;
};

fake_host::fake_host() : doors_{*this, *this, *this, *this, *this, *this, *this}, ram_(ram_size) {}
fake_host::~fake_host() = default;

// -- time --------------------------------------------------------------------------------------

void fake_host::at(hal::time_point when, std::function<void()> act) {
    hardware_.emplace(std::tuple(when, 0, std::string()), std::move(act));
}

void fake_host::run(hal::time_point until) {
    for (;;) {
        const auto hard =
            hardware_.empty() ? hal::duration::max() : std::get<0>(hardware_.begin()->first);
        const auto soft =
            ringing_.empty() ? hal::duration::max() : std::get<0>(ringing_.begin()->first);
        if (std::min(hard, soft) > until) break;
        now_ = std::max(now_, std::min(hard, soft));
        if (hard <= soft) {
            const auto act = std::move(hardware_.begin()->second);
            hardware_.erase(hardware_.begin());
            act();
            continue;
        }
        const hal::alarm_id id = ringing_.begin()->second;
        cancel_alarm(id);
        alarms_[id].client->on_alarm();
        if (next_ != nullptr) switch_to(std::exchange(next_, nullptr));
    }
    now_ = std::max(now_, until);
}

hal::alarm_id fake_host::make_alarm(std::string_view name, hal::alarm_client& client) {
    alarms_.push_back({std::string(name), &client});
    return static_cast<hal::alarm_id>(alarms_.size() - 1);
}

void fake_host::set_alarm(hal::alarm_id id, hal::time_point when) {
    if (when < now_) throw std::logic_error("fake_host: alarm in the past");
    cancel_alarm(id);
    set_[id] = when;
    ringing_[{when, alarms_[id].name}] = id;
}

void fake_host::cancel_alarm(hal::alarm_id id) {
    const auto found = set_.find(id);
    if (found == set_.end()) return;
    ringing_.erase({found->second, alarms_[id].name});
    set_.erase(found);
}

// -- stacks ------------------------------------------------------------------------------------

hal::stack* fake_host::take(void (*entry)(void*), void* argument) {
    constexpr std::size_t bytes = 256 * 1024;
    context& c = *contexts_.emplace_back(std::make_unique<context>());
    c.memory = std::make_unique<char[]>(bytes);
    c.bounds = {c.memory.get(), bytes};
    c.entry = entry;
    c.argument = argument;
    c.host = this;
    getcontext(&c.own);
    c.own.uc_stack.ss_sp = c.memory.get();
    c.own.uc_stack.ss_size = bytes;
    c.own.uc_link = &c.caller;
    const auto self = reinterpret_cast<std::uintptr_t>(&c);
    makecontext(&c.own, reinterpret_cast<void (*)()>(&fake_host::trampoline), 2,
                static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
    return reinterpret_cast<hal::stack*>(&c);
}

void fake_host::trampoline(unsigned low, unsigned high) {
    auto& c = *reinterpret_cast<context*>((std::uintptr_t{high} << 32) | low);
    c.bounds.enter();
    try {
        c.entry(c.argument);
    } catch (...) {
        c.host->thrown_ = std::current_exception();
    }
    c.host->on_ = nullptr;
    c.bounds.leave();
}

void fake_host::resume(hal::stack* s) {
    if (next_ != nullptr) throw std::logic_error("fake_host: two stacks resumed by one alarm");
    next_ = reinterpret_cast<context*>(s);
}

void fake_host::switch_to(context* c) {
    ++switches;
    on_ = c;
    swapcontext(&c->caller, &c->own);
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void fake_host::suspend() {
    context* c = std::exchange(on_, nullptr);
    c->bounds.leave();
    swapcontext(&c->own, &c->caller);
    c->bounds.enter();
}

// -- registers and memory ----------------------------------------------------------------------

std::optional<hal::mmio_result> fake_host::load(unsigned, phys_addr_t a, unsigned size,
                                                hal::mmio_client& client, u64 cookie) {
    loads.emplace_back(now_, a);
    const hal::mmio_result answer{peek(a, size), load_busy, true};
    if (slow_load.count() == 0) return answer;
    at(now_ + slow_load, [answer, cookie, &client] { client.mmio_done(cookie, answer); });
    return std::nullopt;
}

std::optional<hal::mmio_result> fake_host::store(unsigned, phys_addr_t a, unsigned, u64 value,
                                                 hal::mmio_client&, u64) {
    stores.emplace_back(now_, value);
    set_register(a, value);
    return hal::mmio_result{0, store_busy, true};
}

u64 fake_host::peek(phys_addr_t a, unsigned size) {
    if (a >= ram && a < ram + ram_size) return memory64(a);
    const u64 value = registers_[a];
    return size == 8 ? value : value & ((u64{1} << (8 * size)) - 1);
}

void fake_host::set_register(phys_addr_t a, u64 value) {
    registers_[a] = value;
    tell_watches(a, 1);
}

void fake_host::write_memory(phys_addr_t a, u64 value) {
    std::memcpy(&ram_[a - ram], &value, sizeof value);
    tell_watches(a, sizeof value);
}

u64 fake_host::memory64(phys_addr_t a) {
    u64 value = 0;
    std::memcpy(&value, &ram_[a - ram], sizeof value);
    return value;
}

void fake_host::read(phys_addr_t a, void* to, std::size_t bytes) {
    std::memcpy(to, &ram_.at(a - ram), bytes);
}
void fake_host::write(phys_addr_t a, const void* from, std::size_t bytes, hal::span_id) {
    std::memcpy(&ram_.at(a - ram), from, bytes);
}

hal::watch_id fake_host::watch(phys_addr_t a, hal::watch_client& client, u64 cookie) {
    if (!watchable) return 0;
    watches_[++last_watch_] = {a, &client, cookie};
    return last_watch_;
}
void fake_host::unwatch(hal::watch_id id) { watches_.erase(id); }

void fake_host::tell_watches(phys_addr_t a, u64 bytes) {
    const auto copy = watches_;
    for (const auto& [id, w] : copy)
        if (a < w.at + 8 && w.at < a + bytes) w.client->changed(w.cookie);
}

void fake_host::send_event() {
    ++events_;
    event_watch_.first->changed(event_watch_.second);
}

// -- observation and choice --------------------------------------------------------------------

void fake_host::emit(hal::note n, hal::place_id where, hal::span_id span, u64 a, u64 b, u64 c,
                     u64 d) {
    notes.push_back({n, places_[where], now_, span, a, b, c, d});
}

std::vector<told> fake_host::of(hal::note n) const {
    std::vector<told> some;
    std::copy_if(notes.begin(), notes.end(), std::back_inserter(some),
                 [&](const told& t) { return t.what == n; });
    return some;
}

hal::place_id fake_host::place(std::string_view name) {
    const auto found = std::find(places_.begin(), places_.end(), name);
    if (found != places_.end()) return static_cast<hal::place_id>(found - places_.begin());
    places_.emplace_back(name);
    return static_cast<hal::place_id>(places_.size() - 1);
}

hal::text_id fake_host::text(std::string_view s) {
    const auto found = std::find(texts_.begin(), texts_.end(), s);
    if (found != texts_.end()) return static_cast<hal::text_id>(found - texts_.begin());
    texts_.emplace_back(s);
    return static_cast<hal::text_id>(texts_.size() - 1);
}

bool fake_host::hold(std::string_view task, std::string_view point, u16 device) {
    return on_hold && on_hold(task, point, device);
}

std::size_t fake_host::choose(std::string_view point, std::span<const hal::candidate> among) {
    asked.emplace_back(point);
    return on_choose ? on_choose(point, among) : 0;
}

}  // namespace drydock::sw::test
