// SPDX-License-Identifier: Apache-2.0
// CMD_PREFETCH_CONFIG and CMD_PREFETCH_ADDR: what they bring in, and that nobody hears of them.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

constexpr std::uint64_t sid_field = std::uint64_t{smmu_machine::sid} << 32;
constexpr std::uint64_t prefetch_config = 0x01 | sid_field, prefetch_addr = 0x02 | sid_field;
constexpr std::uint64_t ste_at = smmu_machine::strtab + 64u * smmu_machine::sid;

/// An enabled SMMU, and what its translations cost.
struct prefetching : smmu_machine {
    prefetching() { enable(); }
    std::uint64_t walks() const { return dut.translation().counters().walks; }
    /// Reads that one DMA read of va needs besides its own.
    std::size_t reads_of_dma(std::uint64_t va) {
        const std::size_t before = memory.log.size();
        dma_read(va);
        run();
        return memory.log.size() - before - (dmas.back()->gp.is_response_ok() ? 1 : 0);
    }
    void expect_silent() {
        run();
        EXPECT_TRUE(drained());
        EXPECT_FALSE(cmdq_error_active());
        EXPECT_EQ(events(), 0u);
        EXPECT_EQ(msi_count(), 0u);
    }
};

}  // namespace

TEST(Prefetch, S_233_config_of_an_invalid_ste_is_read_and_leaves_no_event) {
    prefetching m;
    m.command(prefetch_config);
    m.expect_silent();
    EXPECT_EQ(m.memory.reads_in(ste_at, 64), 1u) << "it was looked at";
}

TEST(Prefetch, S_233_S_029_an_invalid_ste_that_was_prefetched_is_cached_as_invalid) {
    prefetching m;
    m.command(prefetch_config);
    m.run();
    m.stage1();
    m.map(0x7000, 0x5000'0000);
    m.dma_read(0x7000);
    m.run();
    EXPECT_TRUE(m.dmas.back()->gp.is_response_error());
    EXPECT_EQ(m.event_word(0, 0) & 0xff, 0x04u);  // C_BAD_STE
    m.command(0x03 | sid_field);
    m.run();
    m.dma_read(0x7000);
    m.run();
    EXPECT_TRUE(m.dmas.back()->gp.is_response_ok());
}

TEST(Prefetch, S_233_every_configuration_error_is_silent) {
    prefetching m;
    for (const std::uint64_t far : {0x3ffu, 0x400u, 0xffff'ffffu})  // C_BAD_STREAMID from 0x400 on
        m.command(0x01 | far << 32);
    m.memory.poison(ste_at, 64);  // F_STE_FETCH
    m.command(prefetch_config);
    m.expect_silent();
    m.memory.poison(smmu_machine::cds, 64);  // F_CD_FETCH
    m.stage1();
    m.command(prefetch_config);
    m.expect_silent();
    m.memory.poison(0, 0);
    cd_image bad;
    bad.valid = 0;  // C_BAD_CD
    m.stage1(smmu_machine::sid, bad);
    m.command(prefetch_config);
    m.command(prefetch_config | 1u << 11 | 5u << 12);  // C_BAD_SUBSTREAMID
    m.expect_silent();
}

TEST(Prefetch, S_233_config_brings_ste_and_cd_but_no_translation) {
    prefetching m;
    m.stage1();
    m.map(0x7000, 0x5000'0000);
    m.command(prefetch_config);
    m.expect_silent();
    EXPECT_EQ(m.memory.reads_in(ste_at, 64), 1u);
    EXPECT_EQ(m.memory.reads_in(smmu_machine::cds, 64), 1u);
    EXPECT_EQ(m.walks(), 0u);
    EXPECT_EQ(m.reads_of_dma(0x7000), 4u) << "four levels of table, no STE and no CD";
}

TEST(Prefetch, S_234_address_without_a_mapping_leaves_no_event) {
    prefetching m;
    m.stage1();
    m.command(prefetch_addr, 0x7000);
    m.expect_silent();
    EXPECT_EQ(m.walks(), 1u) << "it was looked for";
    m.map(0x7000, 0x5000'0000);
    m.dma_read(0x7000);
    m.run();
    EXPECT_TRUE(m.dmas.back()->gp.is_response_ok()) << "nothing invalid is cached";
}

TEST(Prefetch, S_234_every_fault_of_the_address_is_silent) {
    prefetching m;
    m.stage1();
    m.command(prefetch_addr, std::uint64_t{1} << 60);  // out of range
    m.expect_silent();
    m.command(prefetch_addr, std::uint64_t{0xfff} << 52);  // TTB1 is off
    m.expect_silent();
    m.map(0x7000, std::uint64_t{1} << 49);  // F_ADDR_SIZE
    m.command(prefetch_addr, 0x7000);
    m.expect_silent();
    m.map(0x8000, 0x5000'0000, ng | ap_user);  // F_ACCESS
    m.command(prefetch_addr, 0x8000);
    m.expect_silent();
    m.memory.poison(smmu_machine::root, 4096);  // F_WALK_EABT
    m.command(prefetch_addr, 0x9000);
    m.expect_silent();
}

TEST(Prefetch, S_234_address_makes_the_next_access_hit) {
    prefetching m;
    m.stage1();
    m.map(0x7000, 0x5000'0000);
    m.command(prefetch_addr, 0x7000);
    m.expect_silent();
    EXPECT_EQ(m.reads_of_dma(0x7000), 0u);
    EXPECT_EQ(m.walks(), 1u);
}

TEST(Prefetch, descriptors_stay_as_they_are) {
    prefetching m;
    cd_image c;
    c.ha = c.hd = 1;
    m.stage1(smmu_machine::sid, c);
    const std::uint64_t fresh = m.map(0x7000, 0x5000'0000, ng | ap_user);
    const std::uint64_t clean = m.map(0x8000, 0x5000'1000, af | ng | ap_user | ap_ro | dbm);
    const std::uint64_t before[] = {m.memory.word(fresh), m.memory.word(clean)};
    m.command(prefetch_addr, 0x7000);
    m.expect_silent();
    m.command(prefetch_addr, 0x8000);
    m.expect_silent();
    EXPECT_EQ(m.memory.word(fresh), before[0]);
    EXPECT_EQ(m.memory.word(clean), before[1]);
}

TEST(Prefetch, sync_does_not_wait_and_a_tlbi_in_between_keeps_the_old_page_out) {
    prefetching m;
    m.stage1();
    const std::uint64_t leaf = m.map(0x7000, 0x5000'0000);
    m.memory.hold(leaf, 8);
    m.command(prefetch_addr, 0x7000);
    m.run();
    ASSERT_EQ(m.memory.held(), 1u);
    m.put(tlbi_va(), 0x7000);
    m.put(cmd_sync);
    m.ring();
    m.run();
    EXPECT_TRUE(m.drained());
    m.memory.release();  // the old descriptor comes back
    m.memory.word(leaf) = 0;
    m.run();
    m.dma_read(0x7000);
    m.run();
    EXPECT_TRUE(m.dmas.back()->gp.is_response_error());
}

TEST(Prefetch, while_the_smmu_is_off_nothing_is_read) {
    smmu_machine m;
    m.enable(cmdqen | eventqen);
    m.stage1();
    m.command(prefetch_config);
    m.command(prefetch_addr, 0x7000);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.memory.reads_in(smmu_machine::strtab, 0x1000'0000), 0u);
}

TEST(Prefetch, a_hundred_at_once_are_consumed_and_translations_still_work) {
    smmu_machine m;
    m.enable(smmuen | eventqen | cmdqen | atschk, 8);
    m.stage1();
    for (unsigned i = 0; i < 100; ++i) m.map(0x1000 * i, 0x5000'0000 + 0x1000 * i);
    for (unsigned i = 0; i < 100; ++i) m.put(prefetch_addr, 0x1000 * i);
    m.ring();
    for (unsigned i = 0; i < 8; ++i) m.dma_read(0x1000 * i);
    m.run(40'000);
    EXPECT_TRUE(m.drained());
    for (const auto& d : m.dmas) EXPECT_TRUE(d->gp.is_response_ok());
    EXPECT_EQ(m.dut.translation().in_use(), 0u);
    EXPECT_EQ(m.events(), 0u);
}
