// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "sw/kernel/kernel.h"
#include "tests/sw/kernel/fake_host.h"

namespace drydock::sw::test {

/// A kernel on the fake host on which switching, locking and taking interrupts cost nothing, so
/// that a test's times are its own.
struct kernel_fixture : ::testing::Test {
    static cpu_costs costs() {
        cpu_costs c;
        c.context_switch = c.lock = c.interrupt_entry = 0ns;
        return c;
    }
    explicit kernel_fixture(unsigned cpus = 4, const cpu_costs& c = costs())
        : k(host.doors(), cpus, c) {}

    fake_host host;
    kernel k;

    using entries = std::vector<std::pair<std::string, hal::time_point>>;
    entries log;
    void mark(std::string what) { log.emplace_back(std::move(what), k.now()); }
    std::vector<std::string> order() const {
        std::vector<std::string> out;
        for (const auto& e : log) out.push_back(e.first);
        return out;
    }
    hal::time_point when{};

    /// Holds the lock on CPU 1 from now on for so long.
    template <class Lock>
    void hold(Lock& l, hal::duration length) {
        k.run_task("holder", 1, [this, &l, length] {
            const guard g(l);
            k.spend(length);
        });
    }
    /// Takes the lock on `cpu` 1 us from now; `when` is the time at which it got it.
    template <class Lock>
    void take_later(Lock& l, unsigned cpu) {
        k.run_task("taker", cpu, [this, &l] {
            k.spend(1us);
            const guard g(l);
            mark("taker");
            when = k.now();
        });
    }
};

}  // namespace drydock::sw::test
