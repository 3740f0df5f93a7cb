// SPDX-License-Identifier: Apache-2.0
// Stalls as software sees them: records in the event queue, CMD_RESUME and CMD_STALL_TERM.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

constexpr std::uint32_t on = smmuen | eventqen | cmdqen | atschk;
constexpr std::uint64_t stall_flag = 1ull << 31, abort_flag = 1u << 13, retry_flag = 1u << 12;

smmu::smmu_config stalling() {
    smmu::smmu_config c;
    c.stall_model = 0;
    return c;
}

struct stalling_machine : smmu_machine {
    explicit stalling_machine(unsigned log2 = 4, std::uint64_t s = 1) : smmu_machine(stalling()) {
        enable(on, log2);
        stage1(sid, {.s = s});
    }
    std::uint64_t stag(unsigned n) { return event_word(n, 1) & 0xffff; }
    void resume(std::uint64_t flags, std::uint64_t tag) {
        command(0x44 | flags | std::uint64_t{sid} << 32, tag);
        run();
    }
};

}  // namespace

TEST(StallCommands, S_075_resume_with_retry_lets_the_mended_page_be_used) {
    stalling_machine m;
    dma& d = m.dma_write(0x7000, 1);
    m.run();
    ASSERT_EQ(m.events(), 1u);
    EXPECT_EQ(m.event_word(0, 1) & stall_flag, stall_flag);
    EXPECT_FALSE(d.answered);
    m.map(0x7000, 0x5000'0000);
    m.resume(retry_flag, m.stag(0));
    EXPECT_TRUE(d.gp.is_response_ok());
    EXPECT_EQ(m.memory.word(0x5000'0000), 0x5a5a'5a5a'5a5a'5a5au);
    EXPECT_TRUE(m.drained());
}

TEST(StallCommands, S_075_resume_without_retry_aborts_or_ignores) {
    stalling_machine m;
    dma& aborted = m.dma_read(0x7000);
    m.run();
    m.resume(abort_flag, m.stag(0));
    EXPECT_TRUE(aborted.answered && aborted.gp.is_response_error());
    dma& zeros = m.dma_read(0x7000);
    m.run();
    m.resume(0, m.stag(1));
    EXPECT_TRUE(zeros.gp.is_response_ok());
    EXPECT_EQ(zeros.data[0], 0u);
}

TEST(StallCommands, S_076_an_unknown_tag_is_no_error) {
    stalling_machine m;
    dma& d = m.dma_read(0x7000);
    m.run();
    m.resume(abort_flag, m.stag(0) + 1);
    EXPECT_FALSE(d.answered);
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.error(), 0u);
}

TEST(StallCommands, S_215_stall_term_ends_a_stream_that_software_has_blocked) {
    stalling_machine m;
    dma& a = m.dma_read(0x7000);
    dma& b = m.dma_read(0x9000);
    m.run();
    m.set_ste(smmu_machine::sid, {.config = 0});
    m.command(0x03 | std::uint64_t{smmu_machine::sid} << 32);
    m.sync();
    m.command(0x45 | std::uint64_t{smmu_machine::sid} << 32);
    m.run();
    EXPECT_TRUE(a.answered && a.gp.is_response_error());
    EXPECT_TRUE(b.answered && b.gp.is_response_error());
    EXPECT_EQ(m.events(), 2u);
}

TEST(StallCommands, S_215_a_fault_found_after_switching_off_aborts_instead_of_stalling) {
    stalling_machine m;
    m.memory.hold(smmu_machine::root, 0x1000);
    dma& d = m.dma_read(0x7000);
    m.run();
    ASSERT_FALSE(d.answered) << "its walk is under way";
    m.set_cr0(on & ~smmuen);
    m.memory.release();
    m.run();
    EXPECT_TRUE(d.answered && d.gp.is_response_error());
    EXPECT_EQ(m.events(), 0u);
}

TEST(StallCommands, S_005_the_event_queue_is_off_when_its_last_stall_record_is_written) {
    stalling_machine m;
    m.memory.hold(smmu_machine::eventq, 0x1000);
    m.dma_read(0x7000);
    m.run();
    m.set_cr0(on & ~eventqen);
    EXPECT_NE(m.read(reg::cr0ack) & eventqen, 0u) << "a record is being written";
    m.memory.release();
    m.run();
    EXPECT_EQ(m.read(reg::cr0ack) & eventqen, 0u);
}

TEST(StallCommands, a_sync_waits_for_no_stalled_transaction) {
    stalling_machine m;
    m.dma_write(0x7000, 1);
    m.run();
    m.command(0x30);
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(StallCommands, S_144_a_stall_record_waits_for_room_and_never_overflows) {
    stalling_machine m(0, 0);  // one entry; plain faults
    m.dma_read(0x7000);
    m.run();
    ASSERT_EQ(m.read(reg::eventq_prod), 1u);
    m.stage1(smmu_machine::sid, {.s = 1});
    m.command(0x05 | std::uint64_t{smmu_machine::sid} << 32);
    m.sync();
    m.run();
    dma& d = m.dma_read(0x9000);
    m.run();
    EXPECT_EQ(m.read(reg::eventq_prod), 1u);  // full, no OVFLG
    EXPECT_FALSE(d.answered);
    m.write(reg::eventq_cons, 1);
    m.run();
    EXPECT_EQ(m.read(reg::eventq_prod), 0u);
    EXPECT_EQ(m.event_word(0, 2), 0x9000u);
    EXPECT_EQ(m.event_word(0, 1) & stall_flag, stall_flag);
    m.resume(abort_flag, m.stag(0));
    EXPECT_TRUE(d.answered);
}

TEST(StallCommands, S_144_a_stall_record_waits_for_the_queue_to_be_enabled) {
    stalling_machine m;
    m.set_cr0(smmuen | cmdqen);
    m.dma_read(0x9000);
    m.run();
    EXPECT_EQ(m.events(), 0u);
    m.set_cr0(on);
    m.run();
    EXPECT_EQ(m.events(), 1u);
}

TEST(StallCommands, S_013_idr5_says_how_many_may_wait) {
    smmu::smmu_config c = stalling();
    c.stall_max = 3;
    smmu_machine m(c);
    EXPECT_EQ(m.read(0x14) >> 16, 3u);
    EXPECT_EQ(m.read(0x00) >> 24 & 3, 0u);
}
