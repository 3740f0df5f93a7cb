// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/io_pgtable.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <set>

#include "sw/iommu/domain.h"

namespace drydock::sw {
namespace {

struct fake_memory final : io_pgtable_memory {
    phys_addr_t alloc_table() override {
        live.insert(next);
        return std::exchange(next, next + 4096);
    }
    void free_table(phys_addr_t t) override {
        EXPECT_EQ(live.erase(t), 1u);
        for (u64 i = 0; i < 512; ++i) words.erase(t + i * 8);
    }
    u64 load(phys_addr_t a) override {
        EXPECT_TRUE(live.count(a & ~u64{0xfff}));
        const auto it = words.find(a);
        return it == words.end() ? 0 : it->second;
    }
    void store(phys_addr_t a, u64 v) override { words[a] = v; }
    std::map<phys_addr_t, u64> words;
    std::set<phys_addr_t> live;
    phys_addr_t next = 0x10'0000;
};

struct PageTable : testing::Test {
    fake_memory memory;
    std::vector<std::pair<u64, u64>> flushed;
    u64 unmap(io_pgtable& t, u64 iova, u64 bytes) {
        return t.unmap(iova, bytes, [this](u64 a, u64 n) { flushed.emplace_back(a, n); });
    }
};

TEST_F(PageTable, a_mapped_page_is_found_and_a_cleared_one_is_not) {
    io_pgtable t(memory);
    EXPECT_EQ(t.map(0x7f00'0000'3000, 0x5000, 0x1000, IOMMU_READ | IOMMU_WRITE), 0);
    EXPECT_EQ(t.iova_to_phys(0x7f00'0000'3abc), 0x5abcu);
    EXPECT_EQ(t.iova_to_phys(0x7f00'0000'4000), 0u);
    EXPECT_EQ(unmap(t, 0x7f00'0000'3000, 0x1000), 0x1000u);
    EXPECT_EQ(t.iova_to_phys(0x7f00'0000'3000), 0u);
    EXPECT_EQ(unmap(t, 0x7f00'0000'3000, 0x1000), 0u);
}

TEST_F(PageTable, S_066_leaf_bits_say_read_only_and_writable) {
    io_pgtable t(memory);
    t.map(0x1000, 0x5000, 0x1000, IOMMU_READ);
    t.map(0x2000, 0x6000, 0x1000, IOMMU_READ | IOMMU_WRITE);
    const auto leaf = [&](u64 phys) {
        for (const auto& [a, v] : memory.words)
            if ((v & 0xffff'ffff'f000) == phys && (v & 1)) return v;
        return u64{0};
    };
    EXPECT_EQ(leaf(0x5000) >> 6 & 3, 3u);   // AP: read-only, any privilege
    EXPECT_EQ(leaf(0x6000) >> 6 & 3, 1u);   // AP: read-write, any privilege
    EXPECT_EQ(leaf(0x5000) >> 10 & 3, 3u);  // AF and nG
    EXPECT_EQ(leaf(0x5000) & 3, 3u);        // page
}

TEST_F(PageTable, refuses_what_is_misaligned_beyond_48_bits_or_mapped) {
    io_pgtable t(memory);
    EXPECT_EQ(t.map(0x1800, 0x5000, 0x1000, IOMMU_READ), -EINVAL);
    EXPECT_EQ(t.map(u64{1} << 48, 0x5000, 0x1000, IOMMU_READ), -EINVAL);
    EXPECT_EQ(t.map(0x1000, 0x5000, 0x3000, IOMMU_READ), 0);
    EXPECT_EQ(t.map(0x3000, 0x9000, 0x2000, IOMMU_READ), -EEXIST);
    EXPECT_EQ(t.iova_to_phys(0x4000), 0u);
}

TEST_F(PageTable, an_aligned_2_mib_run_is_one_block_and_splits_when_a_page_goes) {
    io_pgtable t(memory);
    EXPECT_EQ(t.map(0x4000'0000, 0x8000'0000, 0x20'0000, IOMMU_READ | IOMMU_WRITE), 0);
    EXPECT_EQ(t.tables(), 3u);
    EXPECT_EQ(unmap(t, 0x4000'1000, 0x1000), 0x1000u);
    EXPECT_EQ(t.iova_to_phys(0x4000'1000), 0u);
    EXPECT_EQ(t.iova_to_phys(0x4000'2004), 0x8000'2004u);
    EXPECT_EQ(t.tables(), 4u);
}

TEST_F(PageTable, a_table_whose_2_mib_go_is_flushed_and_then_freed) {
    io_pgtable t(memory);
    for (u64 i = 0; i < 512; ++i)
        t.map(0x20'0000 + i * 0x1000, (i * 7 % 512 + 512) * 0x1000, 0x1000, IOMMU_READ);
    EXPECT_EQ(t.tables(), 4u);
    EXPECT_EQ(unmap(t, 0x20'0000, 0x20'0000), 0x20'0000u);
    EXPECT_EQ(t.tables(), 3u);
    ASSERT_EQ(flushed.size(), 1u);
    EXPECT_EQ(flushed[0], (std::pair<u64, u64>{0x20'0000, 0x20'0000}));
}

TEST_F(PageTable, gives_all_tables_back) {
    {
        io_pgtable t(memory);
        for (u64 i = 0; i < 5; ++i) t.map(i << 40, 0x1000, 0x1000, IOMMU_READ);
    }
    EXPECT_TRUE(memory.live.empty());
}

TEST_F(PageTable, a_lookup_for_observers_charges_nothing) {
    io_pgtable t(memory);
    t.map(0x1000, 0x5000, 0x1000, IOMMU_READ);
    t.take_accesses();
    t.iova_to_phys(0x1000);
    EXPECT_EQ(t.take_accesses().loads, 0u);
    unmap(t, 0x1000, 0x1000);
    EXPECT_EQ(t.take_accesses().stores, 1u);
}

}  // namespace
}  // namespace drydock::sw
