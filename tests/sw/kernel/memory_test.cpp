// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "sw/kernel/kernel.h"
#include "tests/sw/kernel/fake_host.h"

namespace drydock::sw {
namespace {

using hal::note;
using test::fake_host;

struct Memory : testing::Test {
    fake_host host;
    kernel k{host.doors(), 1};
};

TEST_F(Memory, pages_are_zeroed_contiguous_and_owned_by_one) {
    std::set<phys_addr_t> seen;
    for (u32 count : {1u, 4u, 1u, 2u}) {
        const phys_addr_t at = k.alloc_pages(count, "buffer");
        EXPECT_EQ(at % 4096, 0u);
        for (u32 i = 0; i < count; ++i) {
            EXPECT_TRUE(seen.insert(at + i * 4096).second);
            EXPECT_EQ(host.memory64(at + i * 4096), 0u);
        }
    }
    EXPECT_EQ(seen.size(), 8u);
}

TEST_F(Memory, a_freed_page_is_reused_at_once_zeroed_and_by_a_new_owner) {
    const phys_addr_t first = k.alloc_pages(1, "a");
    k.store64(first, 7);
    k.free_pages(first, 1);
    const phys_addr_t second = k.alloc_pages(1, "b");
    EXPECT_EQ(first, second);
    EXPECT_EQ(host.memory64(second), 0u);
    const auto notes = host.of(note::page);
    ASSERT_EQ(notes.size(), 3u);
    EXPECT_EQ(notes[0].b, 1u);
    EXPECT_EQ(notes[1].b, 0u);
    EXPECT_EQ(notes[2].b, 2u);
    EXPECT_EQ(host.text_of(notes[2].d), "b");
    EXPECT_EQ(notes[2].a, first);
}

TEST_F(Memory, a_page_freed_with_poison_shows_it_to_late_readers) {
    const phys_addr_t at = k.alloc_pages(1, "a");
    k.free_pages(at, 1, true);
    EXPECT_EQ(host.memory64(at), 0xa5a5'a5a5'a5a5'a5a5u);
    EXPECT_EQ(host.memory64(at + 4088), 0xa5a5'a5a5'a5a5'a5a5u);
}

TEST_F(Memory, freeing_twice_or_elsewhere_is_refused) {
    const phys_addr_t at = k.alloc_pages(2, "a");
    k.free_pages(at, 2);
    EXPECT_THROW(k.free_pages(at, 1), std::logic_error);
    EXPECT_THROW(k.free_pages(at + 8, 1), std::logic_error);
    EXPECT_THROW(k.free_pages(0x1000, 1), std::logic_error);
}

TEST_F(Memory, runs_are_found_among_freed_pages_when_fresh_ones_are_used_up) {
    const u32 all = fake_host::ram_size / 4096;
    std::vector<phys_addr_t> pages;
    for (u32 i = 0; i < all; ++i) pages.push_back(k.alloc_pages(1, "a"));
    EXPECT_THROW(k.alloc_pages(1, "b"), std::runtime_error);
    for (u32 i : {10u, 20u, 21u, 22u}) k.free_pages(pages[i], 1);
    EXPECT_EQ(k.alloc_pages(3, "b"), pages[20]);
    EXPECT_EQ(k.alloc_pages(1, "b"), pages[10]);  // 20 to 22 are no longer free
    EXPECT_THROW(k.alloc_pages(1, "b"), std::runtime_error);
}

TEST_F(Memory, accesses_charge_the_cpu_by_16_bytes_then_by_lines) {
    hal::duration word{}, slot{}, page{}, load{};
    k.run_task("a", 0, [&] {
        std::vector<u8> bytes(4096, 1);
        const phys_addr_t at = k.alloc_pages(1, "a");
        const auto timed = [&](auto&& f) {
            const auto from = k.now();
            f();
            return k.now() - from;
        };
        word = timed([&] { k.store64(at, 1); });
        slot = timed([&] { k.copy_to(at, bytes.data(), 32); });
        page = timed([&] { k.copy_to(at, bytes.data(), 4096); });
        load = timed([&] { EXPECT_EQ(k.load64(at + 8), 0x0101010101010101u); });
    });
    host.run(1ms);
    EXPECT_EQ(word, 2ns);
    EXPECT_EQ(slot, 4ns);
    EXPECT_EQ(page, 128ns);
    EXPECT_EQ(load, 5ns);
}

}  // namespace
}  // namespace drydock::sw
