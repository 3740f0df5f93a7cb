// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/poll.h"

#include <array>
#include <cstdio>
#include <stdexcept>

#include "sw/kernel/kernel.h"

namespace drydock::sw {
namespace {

u64 peek_register(hal::host& h, phys_addr_t at, unsigned size) { return h.mmio.peek(at, size); }

u64 read_memory(hal::host& h, phys_addr_t at, unsigned size) {
    u64 value = 0;
    h.memory.read(at, &value, size);
    return value;
}

/// Keeps a watch for as long as a poll needs it.
template <class Door>
class watching {
public:
    watching(Door& door, phys_addr_t at, hal::watch_client& client)
        : door_(door), id_(door.watch(at, client, 0)) {}
    ~watching() {
        if (id_ != 0) door_.unwatch(id_);
    }
    watching(const watching&) = delete;
    watching& operator=(const watching&) = delete;
    bool possible() const { return id_ != 0; }

private:
    Door& door_;
    hal::watch_id id_;
};

class listed {
public:
    listed(std::vector<poll_wait*>& list, poll_wait& p) : list_(list), poll_(p) {
        list_.push_back(&p);
    }
    ~listed() { std::erase(list_, &poll_); }
    listed(const listed&) = delete;
    listed& operator=(const listed&) = delete;

private:
    std::vector<poll_wait*>& list_;
    poll_wait& poll_;
};

}  // namespace

poller::poller(scheduler& s) : scheduler_(s) { s.host().irq.watch_events(*this, 0); }

bool poller::poll_register(phys_addr_t at, unsigned size, const poll_wait::test& done,
                           const poll_backoff& b) {
    return told({at, size, false}, done, b);
}

bool poller::poll_memory(phys_addr_t at, unsigned size, const poll_wait::test& done,
                         const poll_backoff& b) {
    return told({at, size, true}, done, b);
}

bool poller::told(const place& p, const poll_wait::test& done, const poll_backoff& b) {
    const hal::time_point started = scheduler_.now();
    if (poll(p, done, b)) return true;
    hal::observe& o = scheduler_.host().observe;
    if (o.wants(hal::note::poll_timeout)) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%s 0x%llx", p.memory ? "memory" : "register",
                      static_cast<unsigned long long>(p.at));
        const task& me = *scheduler_.active();
        o.emit(hal::note::poll_timeout, me.place, me.span, o.text(text.data()),
               static_cast<u64>((scheduler_.now() - started).count()));
    }
    return false;
}

void poller::written(phys_addr_t at, u64 bytes) {
    for (poll_wait* p : active_)
        if (p->watches(at, bytes)) p->changed();
}

void poller::changed(u64) {
    for (poll_wait* p : active_) p->event();
}

u64 poller::load(const place& p) {
    ++looks_;
    if (!p.memory) return scheduler_.load(p.at, p.size).value;
    const u64 value = read_memory(scheduler_.host(), p.at, p.size);
    scheduler_.spend(scheduler_.costs().memory_read);
    return value;
}

bool poller::poll(const place& p, const poll_wait::test& done, const poll_backoff& b) {
    scheduler_.must_be_active("poll");
    const hal::time_point started = scheduler_.now();
    const u64 first = load(p);
    if (done(first)) return true;
    if (scheduler_.now() - started > b.limit) return false;

    hal::host& host = scheduler_.host();
    const hal::duration look =
        p.memory ? scheduler_.costs().memory_read : host.mmio.load_cost(p.at, p.size);
    const poll_grid grid{look, scheduler_.costs().cpu_relax, b.first_delay, b.spins};
    if (!b.wait_for_event) grid.check();
    poll_wait waiting(scheduler_, p.at, p.size, p.memory ? read_memory : peek_register, done, grid,
                      b, started);
    const listed listing(active_, waiting);
    const auto run = [&](auto& door) {
        const watching watch(door, p.at, waiting.client());
        if (!watch.possible()) return execute(p, done, b, started);
        const bool success = waiting.run(first);
        looks_ += waiting.looks();
        return success;
    };
    return p.memory ? run(host.memory) : run(host.mmio);
}

/// The loop itself, from after its first look on.
bool poller::execute(const place& p, const poll_wait::test& done, const poll_backoff& b,
                     hal::time_point started) {
    if (b.wait_for_event)
        throw std::invalid_argument(
            "poll: waiting for an event needs a location that can be watched");
    u32 spins = 0;
    hal::duration delay = b.first_delay;
    for (;;) {
        if (b.first_delay.count() == 0 || spins < b.spins) {
            ++spins;
            scheduler_.spend(scheduler_.costs().cpu_relax);
        } else {
            spins = 0;
            scheduler_.spend(delay);
            delay *= 2;
        }
        if (done(load(p))) return true;
        if (scheduler_.now() - started > b.limit) return false;
    }
}

}  // namespace drydock::sw
