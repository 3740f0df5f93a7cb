// SPDX-License-Identifier: Apache-2.0
// Whatever the timing: once a SYNC behind an invalidation is consumed, nothing that was translated
// before it reaches memory any more.
#include <gtest/gtest.h>

#include <functional>

#include "tests/tlm/smmu/smmu_machine.h"
#include "tlm/base/rng.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

constexpr std::uint64_t target = 0x5000'0000, pages = 8;
constexpr std::uint64_t to_sid = std::uint64_t{smmu_machine::sid} << 32;
constexpr unsigned races = 60, writes = 24;

/// A device that keeps writing while software takes its pages, or its right to translated requests,
/// away; every time is drawn.
class race {
public:
    race(unsigned n, base::address_type at)
        : random_(n, "race", "times"), at_(at), machine_(("m" + std::to_string(n)).c_str(), {}) {}
    race(const race&) = delete;
    race& operator=(const race&) = delete;

    void run(const std::function<void(smmu_machine_parts&)>& take_away) {
        smmu_machine_parts& m = machine_;
        m.start();
        m.enable();
        m.stage1();
        for (std::uint64_t p = 0; p < pages; ++p) m.map(0x7000 + p * 0x1000, target + p * 0x1000);
        for (std::uint64_t p = 0; p < pages; ++p) m.dma_read(0x7000 + p * 0x1000);
        m.run();  // what is needed of the tables is cached
        m.memory.latency = base::ps{30'000 + static_cast<std::int64_t>(random_.below(400'000))};
        m.memory.way =
            random_.below(2) == 0 ? fake_memory::manner::completed : fake_memory::manner::accepted;
        const auto fence_after = static_cast<unsigned>(random_.below(writes));
        const bool translated = at_ == base::address_type::translated;
        for (unsigned n = 0; n < writes; ++n) {
            const std::uint64_t page = n % pages * 0x1000;
            m.send(m.request(true, (translated ? target : 0x7000) + page, n + 1, at_));
            if (n == fence_after) {
                take_away(m);
                m.sync();
                fenced_ = true;
            }
            run_until(m.ctx.now() + base::ps{static_cast<std::int64_t>(random_.below(60'000))});
        }
        run_until(m.ctx.now() + base::ps{1'000'000'000});
        count();
    }
    bool synced() const { return synced_at_ != base::ps{}; }
    unsigned early = 0, late = 0;  ///< writes to `target` before and after the SYNC was consumed

private:
    void run_until(base::ps until) {
        base::timeline& t = machine_.ctx.timeline;
        while (t.next() <= until) {
            t.run(t.next());
            if (fenced_ && !synced() && machine_.drained()) synced_at_ = machine_.ctx.now();
        }
        t.run(until);
    }
    void count() {
        for (const fake_memory::access& a : machine_.memory.log)
            if (a.write && a.address >= target && a.address < target + pages * 0x1000)
                ++(a.time > synced_at_ ? late : early);
    }

    base::rng random_;
    base::address_type at_;
    smmu_machine_parts machine_;
    bool fenced_ = false;
    base::ps synced_at_{};
};

void none_is_late(base::address_type at,
                  const std::function<void(smmu_machine_parts&)>& take_away) {
    std::vector<std::unique_ptr<race>> all;  // before the kernel starts
    for (unsigned n = 0; n < races; ++n) all.push_back(std::make_unique<race>(n, at));
    unsigned early = 0;
    for (unsigned n = 0; n < races; ++n) {
        all[n]->run(take_away);
        EXPECT_TRUE(all[n]->synced()) << n;
        EXPECT_EQ(all[n]->late, 0u) << n;
        early += all[n]->early;
    }
    EXPECT_GT(early, races);  // there was something to be late
}

}  // namespace

TEST(Fence, S_108_after_a_TLBI_and_its_SYNC_no_write_reaches_a_page_that_was_unmapped) {
    none_is_late(base::address_type::untranslated, [](smmu_machine_parts& m) {
        for (std::uint64_t p = 0; p < pages; ++p) m.memory.word(m.map(0x7000 + p * 0x1000, 0)) = 0;
        m.put(0x30);
    });
}

TEST(Fence, S_212_after_the_SYNC_of_a_fence_no_translated_write_reaches_memory) {
    none_is_late(base::address_type::translated, [](smmu_machine_parts& m) {
        ste_image fenced{.eats = 0};
        fenced.cd = smmu_machine::cds;
        m.set_ste(smmu_machine::sid, fenced);
        m.put(0x03 | to_sid, 1);
    });
}
