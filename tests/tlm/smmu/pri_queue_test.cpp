// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

constexpr std::uint32_t on = smmuen | priqen | eventqen | cmdqen | atschk;

std::vector<const pcie::tlp*> responses(smmu_machine& m) {
    return m.sent(pcie::msg_code::prg_response);
}
unsigned code(const pcie::tlp* t) { return pcie::prg_response_code(t->address); }
std::uint64_t record(smmu_machine& m, unsigned n, unsigned w) {
    return m.memory.word(smmu_machine::priq + 16u * n + 8u * w);
}

/// Fills a queue of 2 entries.
void fill(smmu_machine& m) {
    m.enable(on, 1);
    m.page_request(true, 1);
    m.page_request(true, 2);
    m.run();
}

}  // namespace

TEST(PriQueue, S_010_disabled_smmu_answers_response_failure) {
    smmu_machine m;
    m.enable(priqen | eventqen);
    m.page_request(true, 0x1a5);
    m.run();
    ASSERT_EQ(responses(m).size(), 1u);
    EXPECT_EQ(code(responses(m)[0]), 0xfu);
    EXPECT_EQ(pcie::prg_response_group(responses(m)[0]->address), 0x1a5u);
    EXPECT_EQ(m.read(reg::priq_prod), 0u);
}

TEST(PriQueue, S_190_record_is_byte_exact) {
    smmu_machine m;
    m.enable(on);
    m.page_request(true, 3, 0x2a);
    m.run();
    EXPECT_EQ(m.read(reg::priq_prod), 1u);
    EXPECT_EQ(record(m, 0, 0),
              smmu_machine::sid | at(0x2a, 32) | at(1, 60) | at(1, 62) | at(1, 63));
    EXPECT_EQ(record(m, 0, 1), 0x1234'5003u);
    EXPECT_EQ(m.last_msi(), 3u);
}

TEST(PriQueue, S_191_full_queue_answers_success_and_toggles_overflow) {
    smmu_machine m;
    fill(m);
    m.page_request(true, 3);
    m.run();
    ASSERT_EQ(responses(m).size(), 1u);
    EXPECT_EQ(code(responses(m)[0]), 0u);
    EXPECT_EQ(pcie::prg_response_group(responses(m)[0]->address), 3u);
    EXPECT_EQ(m.read(reg::priq_prod), 2u | overflow_flag);
}

TEST(PriQueue, S_192_S_193_queuing_resumes_only_with_the_acknowledge) {
    smmu_machine m;
    fill(m);
    m.page_request(true, 3);
    m.run();
    m.write(reg::priq_cons, 2);
    m.page_request(true, 4);
    m.run();
    EXPECT_EQ(responses(m).size(), 2u);
    m.write(reg::priq_cons, 2u | overflow_flag);
    m.page_request(true, 5);
    m.run();
    EXPECT_EQ(responses(m).size(), 2u);
    EXPECT_EQ(m.read(reg::priq_prod), 3u | overflow_flag);
}

TEST(PriQueue, S_194_overflow_of_a_request_that_is_not_last_is_silent) {
    smmu_machine m;
    fill(m);
    m.page_request(false, 3);
    m.run();
    EXPECT_TRUE(responses(m).empty());
    EXPECT_EQ(m.read(reg::priq_prod), 2u | overflow_flag);
}

TEST(PriQueue, S_195_ppar_decides_about_the_pasid_of_an_automatic_response) {
    smmu_machine m;
    fill(m);
    m.stage1();
    m.page_request(true, 3, 0x2a);
    m.run();
    ASSERT_EQ(responses(m).size(), 1u);
    EXPECT_EQ(code(responses(m)[0]), 0u);
    EXPECT_FALSE(responses(m)[0]->pasid.has_value());
    m.memory.word(smmu_machine::strtab + 64 * smmu_machine::sid + 8) |= 1u << 18;
    m.page_request(true, 4, 0x2a);
    m.run();
    ASSERT_EQ(responses(m).size(), 2u);
    ASSERT_TRUE(responses(m)[1]->pasid.has_value());
    EXPECT_EQ(responses(m)[1]->pasid->pasid.value, 0x2au);
}

TEST(PriQueue, S_196_unusable_ste_answers_failure_without_pasid) {
    smmu_machine m;
    fill(m);
    m.page_request(true, 3, 0x2a);
    m.run();
    ASSERT_EQ(responses(m).size(), 1u);
    EXPECT_EQ(code(responses(m)[0]), 0xfu);
    EXPECT_FALSE(responses(m)[0]->pasid.has_value());
    EXPECT_EQ(m.events(), 0u);
}

TEST(PriQueue, S_197_S_200_last_only_interrupts) {
    smmu_machine m;
    m.queues(1);
    m.write(reg::priq_irq2, 1u << 31);
    m.enable(on, 1);
    m.page_request(false, 1);
    m.run();
    EXPECT_EQ(m.msi_count(), 0u);
    m.page_request(true, 1);
    m.run();
    EXPECT_EQ(m.msi_count(), 1u);
    m.page_request(true, 2);  // dropped by overflow
    m.run();
    EXPECT_EQ(m.msi_count(), 2u);
    m.set_cr0(on & ~priqen);
    m.page_request(true, 3);  // dropped because disabled
    m.run();
    EXPECT_EQ(m.msi_count(), 2u);
}

TEST(PriQueue, S_198_response_codes_of_the_command) {
    smmu_machine m;
    m.enable(on);
    const std::uint64_t w0 = 0x41 | std::uint64_t{smmu_machine::sid} << 32;
    const unsigned expected[] = {0xf, 1, 0};
    for (unsigned resp = 0; resp < 3; ++resp) {
        m.command(w0, at(resp, 12) | 0x55);
        m.run();
        ASSERT_EQ(responses(m).size(), resp + 1);
        EXPECT_EQ(code(responses(m).back()), expected[resp]);
        EXPECT_EQ(responses(m).back()->target.value, smmu_machine::sid);
        EXPECT_FALSE(responses(m).back()->pasid.has_value());
    }
    m.command(w0 | 1 << 11 | 9 << 12, at(2, 12));
    m.run();
    EXPECT_EQ(responses(m).back()->pasid->pasid.value, 9u);
    m.command(w0, at(3, 12));
    m.run();
    EXPECT_EQ(m.error(), 1u);
}

TEST(PriQueue, S_199_stop_marker_is_queued_and_never_answered) {
    smmu_machine m;
    m.enable(on);
    m.page_request(true, 0, 7, false);
    m.run();
    EXPECT_EQ(record(m, 0, 0) >> 60, 0xcu);  // SSV, Last, no W, no R
    m.set_cr0(on & ~priqen);
    m.page_request(true, 0, 7, false);
    m.run();
    EXPECT_TRUE(responses(m).empty());
}

TEST(PriQueue, P_193_write_abort_and_disabled_queue_leave_no_group_open) {
    smmu_machine m;
    m.enable(on);
    m.memory.poison(smmu_machine::priq, 0x1000);
    m.page_request(true, 5, 7);
    m.run();
    EXPECT_EQ(m.read(reg::gerror), 1u << 3);
    m.page_request(false, 6, 7);
    m.run();
    ASSERT_EQ(responses(m).size(), 2u);
    for (const auto* r : responses(m)) {
        EXPECT_EQ(code(r), 0xfu);
        EXPECT_FALSE(r->pasid.has_value());
    }
    EXPECT_EQ(m.read(reg::priq_prod), 0u);
}
