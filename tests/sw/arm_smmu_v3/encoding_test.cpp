// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sw/arm_smmu_v3/commands.h"
#include "sw/arm_smmu_v3/tables.h"
#include "sw/pci/device.h"

namespace drydock::sw {
namespace {

using words = cmdq_words;

TEST(Commands, S_172_atc_inv_words_of_a_page_a_range_and_everything) {
    auto e = arm_smmu_atc_inv_to_cmd(1, 0x7f00'1234'5000, 0x1000);
    e.sid = 0x100;
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(e), (words{0x0000'0100'0000'1840, 0x7f00'1234'5000}));
    e = arm_smmu_atc_inv_to_cmd(IOMMU_NO_PASID, 0, 0);
    e.sid = 0x200;
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(e), (words{0x0000'0200'0000'0040, 52}));
}

TEST(Commands, LinuxFlow_3_4_atc_inv_size) {
    // Pages 7..10 need the span 0..15: the range is rounded to a power of two and aligned down.
    const auto e = arm_smmu_atc_inv_to_cmd(0, 0x7000, 4 * 0x1000);
    EXPECT_EQ(e.size, 4);
    EXPECT_EQ(e.addr, 0u);
    EXPECT_EQ(arm_smmu_atc_inv_to_cmd(0, 0x8000, 4 * 0x1000).size, 2);
    EXPECT_EQ(arm_smmu_atc_inv_to_cmd(0, 0x8000, 4 * 0x1000).addr, 0x8000u);
    EXPECT_EQ(arm_smmu_atc_inv_to_cmd(0, 0x5800, 1).size, 0);
    EXPECT_EQ(arm_smmu_atc_inv_to_cmd(0, 0x5800, 1).addr, 0x5000u);
}

TEST(Commands, LinuxFlow_3_4_without_pasid_ssv_is_0) {
    EXPECT_FALSE(arm_smmu_atc_inv_to_cmd(IOMMU_NO_PASID, 0x1000, 0x1000).substream_valid);
    EXPECT_TRUE(arm_smmu_atc_inv_to_cmd(5, 0x1000, 0x1000).substream_valid);
}

TEST(Commands, S_100_words_of_configuration_and_tlb_commands) {
    EXPECT_EQ(arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_CFGI_STE, .sid = 0x100, .leaf = true}),
              (words{0x0000'0100'0000'0003, 1}));
    EXPECT_EQ(arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_CFGI_ALL}), (words{0x04, 31}));
    EXPECT_EQ(
        arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_CFGI_CD, .sid = 0x100, .ssid = 7, .leaf = true}),
        (words{0x0000'0100'0000'7005, 1}));
    EXPECT_EQ(arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_TLBI_NH_ASID, .asid = 3}),
              (words{0x0003'0000'0000'0011, 0}));
    EXPECT_EQ(arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_TLBI_NSNH_ALL}), (words{0x30, 0}));
    EXPECT_EQ(arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_PRI_RESP,
                                       .sid = 0x100,
                                       .ssid = 2,
                                       .substream_valid = true,
                                       .prg_index = 9,
                                       .resp = PRI_RESP_SUCC}),
              (words{0x0000'0100'0000'2841, 0x2009}));
}

TEST(Commands, S_100_invalidations_of_a_guest_carry_its_vmid) {
    EXPECT_EQ(arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_TLBI_NH_ASID, .asid = 3, .vmid = 1}),
              (words{0x0003'0001'0000'0011, 0}));
    tlbi_range r(3, 0x5000, 0x1000, true, false, 1);
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(*r.next()), (words{0x0003'0001'0000'0012, 0x5001}));
}

TEST(Tables, S_029_a_change_to_a_nested_entry_is_hitless) {
    struct writer final : arm_smmu_entry_writer {
        void write(unsigned, u64) override {}
        void sync() override {}
        entry_words used(const entry_words& e) const override { return arm_smmu_get_ste_used(e); }
    } w;
    entry_words entry = arm_smmu_make_abort_ste();
    entry_words nested = arm_smmu_make_cdtable_ste({.table = 0x8'0000, .cdmax = 1, .ats = true});
    nested[0] = (nested[0] & ~ste::CFG) | ste::CFG_NESTED;
    nested[2] = 1 | ste::S2_48BIT_4K_WB;
    nested[3] = 0x9'0000;
    EXPECT_EQ(arm_smmu_write_entry(w, entry, nested), 2u);  // what is not looked at, then word 0
    EXPECT_EQ(entry, nested);
}

TEST(Commands, S_106_sync_signals) {
    arm_smmu_cmdq_ent e{.opcode = CMDQ_OP_CMD_SYNC};
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(e)[0] >> 12 & 3, 0u);
    e.signal = sync_signal::sev;
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(e)[0] >> 12 & 3, 2u);
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(e)[1], 0u);
    e.signal = sync_signal::irq;
    e.msiaddr = 0x4000'1230;
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(e)[0] >> 12 & 3, 1u);
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(e)[1], 0x4000'1230u);
}

TEST(TlbiRange, S_120_one_leaf_page_has_ttl_so_that_it_is_legal) {
    tlbi_range r(4, 0x7000, 0x1000, true, true);
    const auto e = r.next();
    ASSERT_TRUE(e);
    EXPECT_EQ(arm_smmu_cmdq_build_cmd(*e),
              (words{0x0004'0000'0000'0012, 0x7000 | 1 << 10 | 3 << 8 | 1}));
    EXPECT_FALSE(r.next());
}

TEST(TlbiRange, S_120_one_page_of_a_process_covers_two_instead_of_being_illegal) {
    tlbi_range r(4, 0x7000, 0x1000, false, true);
    const auto e = r.next();
    ASSERT_TRUE(e);
    EXPECT_EQ(e->ttl, 0);
    EXPECT_GE((u64{e->num} + 1) << e->scale, 2u);
    EXPECT_FALSE(r.next());
}

TEST(TlbiRange, covers_exactly_the_range_with_and_without_range_invalidation) {
    for (const bool ril : {false, true})
        for (const u64 pages : {1u, 2u, 3u, 31u, 32u, 33u, 100u, 1023u}) {
            tlbi_range r(1, 0x10000, pages * 0x1000, true, ril);
            u64 next = 0x10000;
            while (const auto e = r.next()) {
                EXPECT_EQ(e->addr, next);
                next += ril ? (u64{e->num} + 1) << (e->scale + 12) : 0x1000;
                EXPECT_EQ(e->tg, ril ? 1 : 0);
            }
            EXPECT_EQ(next, 0x10000 + pages * 0x1000) << pages;
        }
}

TEST(Tables, STE_words_of_a_cd_table_with_ats) {
    const auto w = arm_smmu_make_cdtable_ste({.table = 0x4001'0000,
                                              .cdmax = 20,
                                              .two_level = true,
                                              .ats = true,
                                              .s1dss = ste::S1DSS_SSID0,
                                              .stalls_supported = true});
    EXPECT_EQ(w[0], u64{20} << 59 | 0x4001'0000 | 2 << 4 | 5 << 1 | 1);
    EXPECT_EQ(w[1], (u64{1} << 28 | u64{1} << 27 | 3 << 6 | 1 << 4 | 1 << 2 | 2));
    EXPECT_EQ(w[1] >> 28 & 3, 1u);  // EATS = 1: full ATS
}

TEST(Tables, LinuxFlow_3_2_abort_and_bypass_never_allow_ats) {
    EXPECT_EQ(arm_smmu_make_abort_ste()[0], 1u);
    EXPECT_EQ(arm_smmu_make_abort_ste()[1] & ste::EATS, 0u);
    EXPECT_EQ(arm_smmu_make_bypass_ste()[0], 9u);
    EXPECT_EQ(arm_smmu_make_bypass_ste()[1] & ste::EATS, 0u);
}

TEST(Tables, CD_words_of_a_48_bit_4k_table) {
    const auto w = arm_smmu_make_s1_cd({.ttb = 0x4000'5000, .asid = 7, .ips = 5});
    EXPECT_EQ(w[0] & 0x3f, 16u);    // T0SZ
    EXPECT_EQ(w[0] >> 30 & 3, 3u);  // EPD1 and V
    EXPECT_EQ(w[0] >> 32 & 7, 5u);  // IPS
    EXPECT_EQ(w[0] >> 41 & 1, 1u);  // AA64
    EXPECT_EQ(w[0] >> 45 & 3, 3u);  // R and A
    EXPECT_EQ(w[0] >> 48, 7u);      // ASID
    EXPECT_EQ(w[1], 0x4000'5000u);
}

/// Remembers what the SMMU could see at each SYNC.
struct recorder final : arm_smmu_entry_writer {
    explicit recorder(entry_words start) : seen{start}, memory(start) {}
    void write(unsigned i, u64 v) override { memory[i] = v; }
    void sync() override { seen.push_back(memory); }
    entry_words used(const entry_words& e) const override { return arm_smmu_get_ste_used(e); }
    std::vector<entry_words> seen;
    entry_words memory;
};

entry_words s1(u64 table, bool ats, u64 s1dss = ste::S1DSS_SSID0) {
    return arm_smmu_make_cdtable_ste({.table = table, .cdmax = 4, .ats = ats, .s1dss = s1dss});
}

TEST(EntryWriter, S_214_a_new_ste_becomes_valid_last) {
    entry_words e{};
    recorder r(e);
    arm_smmu_write_entry(r, e, s1(0x1000, true));
    ASSERT_EQ(r.seen.size(), 3u);
    EXPECT_EQ(r.seen[1][0], 0u);  // words 1..7 first, still invalid
    EXPECT_EQ(r.seen[1][1], s1(0x1000, true)[1]);
    EXPECT_EQ(r.seen[2], s1(0x1000, true));
}

TEST(EntryWriter, LinuxFlow_3_1_one_word_in_use_changes_without_an_invalid_step) {
    entry_words e = s1(0x1000, true);
    recorder r(e);
    EXPECT_EQ(arm_smmu_write_entry(r, e, s1(0x1000, false)), 1u);
    for (const auto& s : r.seen) EXPECT_EQ(s[0] & ste::V, 1u);
    EXPECT_EQ(r.memory, s1(0x1000, false));
}

TEST(EntryWriter, LinuxFlow_3_1_translation_to_abort_is_hitless_and_leaves_no_old_word) {
    entry_words e = s1(0x1000, true);
    recorder r(e);
    EXPECT_LE(arm_smmu_write_entry(r, e, arm_smmu_make_abort_ste()), 3u);
    for (const auto& s : r.seen) EXPECT_EQ(s[0] & ste::V, 1u);
    EXPECT_EQ(r.memory, arm_smmu_make_abort_ste());
}

TEST(EntryWriter, two_words_in_use_go_through_an_invalid_entry) {
    entry_words e = s1(0x1000, true);
    recorder r(e);
    EXPECT_EQ(arm_smmu_write_entry(r, e, s1(0x2000, false)), 3u);
    EXPECT_EQ(r.seen[1][0] & ste::V, 0u);
    EXPECT_EQ(r.memory, s1(0x2000, false));
}

TEST(EntryWriter, the_same_entry_needs_no_sync) {
    entry_words e = s1(0x1000, true);
    recorder r(e);
    EXPECT_EQ(arm_smmu_write_entry(r, e, s1(0x1000, true)), 0u);
}

}  // namespace
}  // namespace drydock::sw
