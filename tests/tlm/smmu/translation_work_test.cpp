// SPDX-License-Identifier: Apache-2.0
// Exact work of the translator: allocations, records, fetches.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tests/tlm/smmu/translation_machine.h"

namespace {
std::uint64_t allocations = 0;

void* counted(std::size_t bytes) {
    ++allocations;
    if (void* p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
    throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

TEST(TranslatorWork, nothing_allocates_in_steady_state) {
    translation_machine f;
    f.stage1(3, {.hd = 1, .ha = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000);
    f.reads.reserve(100'000);
    f.updates.reserve(100'000);
    f.finished.reserve(100'000);
    f.finished_at.reserve(100'000);
    const auto round = [&] {
        f.word(d) = 0x8'0000 | rw_page | ap_ro | dbm | 3;
        for (std::uint32_t slot = 0; slot < 16; ++slot) f.begin(slot, m::write_to(3, 0x7000));
        f.begin(16, m::ats(3, 0x7000));
        f.begin(17, m::read(3, 0x9000));
        f.begin(18, m::read(4, 0x9000));
        f.settle();
        for (std::uint32_t slot = 0; slot < 19; ++slot) f.t.performed(f.results[slot]->number);
        f.t.tlbi_nh_va(0, 1, {0x7000, 0x7000});
        f.t.tlbi_nh_asid(0, 2);
        f.t.invalidate_ste(base::stream_id{3}, true);
    };
    round();
    const std::uint64_t before = allocations;
    EXPECT_GT(before, 0u);
    for (int i = 0; i < 200; ++i) round();
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(f.updates.size(), 201u);  // one write dirties the page for all
}

TEST(TranslatorWork, a_hit_costs_one_record_one_probe_and_no_fetch) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000);
    f.run(m::read(3, 0x7000));
    const translator::work before = f.t.counters();
    const std::uint64_t records = f.ctx.timeline.records_pushed();
    for (int i = 0; i < 1000; ++i) f.run(m::ats(3, 0x7000));
    const translator::work& after = f.t.counters();
    EXPECT_EQ(after.tlb_hits - before.tlb_hits, 1000u);
    EXPECT_EQ(after.sets_probed - before.sets_probed, 1000u);
    EXPECT_EQ(after.fetches, before.fetches);
    EXPECT_EQ(f.ctx.timeline.records_pushed() - records, 1000u);
}

}  // namespace
}  // namespace drydock::smmu::test
