// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

TEST(Smmu, S_007_disabled_passes_or_aborts_as_gbpa_says) {
    smmu_machine m;
    m.enable(eventqen);
    dma& passes = m.request(true, 0x5000, 1);
    passes.who.substream = base::substream_id{3};
    m.send(passes);
    m.run();
    EXPECT_TRUE(passes.gp.is_response_ok());
    EXPECT_EQ(m.memory.word(0x5000), 0x5a5a'5a5a'5a5a'5a5au);
    m.write(reg::gbpa, 1u << 31 | 1u << 20);
    m.run();
    dma& aborts = m.dma_write(0x6000, 2);
    m.run();
    EXPECT_TRUE(aborts.answered);
    EXPECT_TRUE(aborts.gp.is_response_error());
    EXPECT_EQ(m.memory.word(0x6000), 0u);
    EXPECT_EQ(m.events(), 0u);
}

TEST(Smmu, S_008_disabled_answers_ur_to_translation_requests) {
    smmu_machine m;
    m.enable(eventqen);
    m.translation_request(0x1000);
    m.run();
    ASSERT_EQ(m.received.size(), 1u);
    EXPECT_EQ(m.received[0]->status, pcie::cpl_status::unsupported_request);
    ASSERT_EQ(m.events(), 1u);
    EXPECT_EQ(m.event_word(0, 0) & 0xff, 0x05u);
}

TEST(Smmu, S_009_disabled_aborts_translated_writes) {
    smmu_machine m;
    m.enable(eventqen);
    dma& d = m.send(m.request(true, 0x5000, 1, base::address_type::translated));
    m.run();
    EXPECT_TRUE(d.gp.is_response_error());
    ASSERT_EQ(m.events(), 1u);
    EXPECT_EQ(m.event_word(0, 0) & 0xff, 0x07u);
    EXPECT_EQ(m.memory.word(0x5000), 0u);
}

TEST(Smmu, S_011_disabled_aborts_beyond_the_output_size_silently) {
    smmu_machine m;
    m.enable(eventqen);
    dma& d = m.dma_read(std::uint64_t{1} << 48);
    m.run();
    EXPECT_TRUE(d.gp.is_response_error());
    EXPECT_EQ(m.events(), 0u);
}

TEST(Smmu, S_010_switching_off_answers_page_requests_that_were_queued_before) {
    smmu_machine m;
    m.enable(smmuen | priqen | eventqen);
    m.page_request(true, 1);
    m.run();
    EXPECT_EQ(m.read(reg::priq_prod), 1u);
    m.set_cr0(priqen | eventqen);
    m.page_request(true, 2);
    m.run();
    EXPECT_EQ(m.read(reg::priq_prod), 1u);
    const auto answers = m.sent(pcie::msg_code::prg_response);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(pcie::prg_response_code(answers[0]->address), 0xfu);
}

TEST(Smmu, S_007_switching_off_flushes_no_cache) {
    smmu_machine m;
    const std::uint64_t leaf = m.enable_mapped(0x7000, 0x5000'0000);
    m.dma_read(0x7000);
    m.run();
    m.memory.word(leaf) = 0;
    m.set_ste(smmu_machine::sid, {.valid = false});
    m.set_cr0(eventqen | cmdqen);
    m.dma_read(0x6000);
    m.run();
    EXPECT_TRUE(m.dmas.back()->gp.is_response_ok()) << "GBPA lets it through";
    m.set_cr0(smmuen | eventqen | cmdqen);
    m.dma_read(0x7000);
    m.run();
    EXPECT_TRUE(m.dmas.back()->gp.is_response_ok()) << "STE, CD and page are the old ones";
    m.put(0x04, 31);
    m.put(0x30);
    m.sync();
    m.run();
    m.dma_read(0x7000);
    m.run();
    EXPECT_TRUE(m.dmas.back()->gp.is_response_error());
}

TEST(Smmu, S_118_prg_response_command_is_ignored_while_off) {
    smmu_machine m;
    m.enable(cmdqen | eventqen);
    m.put(0x41 | std::uint64_t{smmu_machine::sid} << 32, at(2, 12) | 3);
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_TRUE(m.received.empty());
}

TEST(Smmu, S_210_enable_sequence_ends_with_the_first_translated_dma) {
    smmu_machine m;
    m.stage1();
    m.map(0x7000, 0x5000'0000);
    m.queues();
    m.set_cr0(cmdqen);
    m.put(0x04, 31);  // CFGI_ALL
    m.sync();
    m.run();
    m.put(0x30);  // TLBI_NSNH_ALL
    m.sync();
    m.run();
    ASSERT_TRUE(m.drained());
    std::uint32_t cr0 = cmdqen;
    for (const std::uint32_t bit : {eventqen, priqen, atschk, smmuen}) {
        cr0 |= bit;
        m.set_cr0(cr0);
        EXPECT_EQ(m.read(reg::cr0ack), cr0);
    }
    m.memory.word(0x5000'0040) = 0x1122'3344'5566'7788;
    dma& d = m.dma_read(0x7040);
    m.run();
    EXPECT_TRUE(d.gp.is_response_ok());
    EXPECT_EQ(d.data[0], 0x88u);
    EXPECT_EQ(d.gp.get_address(), 0x7040u) << "the initiator gets its address back";
    EXPECT_EQ(d.who.requested.value, 0x7040u);
}

TEST(Smmu, S_021_two_level_stream_table_by_its_registers) {
    smmu_machine m;
    constexpr std::uint64_t level_2 = 0x1100'0000;
    m.queues();
    m.write(reg::strtab_base_cfg, 1u << 16 | 8u << 6 | 16);  // FMT, SPLIT=8, LOG2SIZE
    m.write(reg::cr2, 2);                                    // RECINVSID
    m.memory.word(smmu_machine::strtab + 8 * (smmu_machine::sid >> 8)) = level_2 | 2;  // two STEs
    m.memory.word(level_2) = 1 | 4u << 1;                                              // bypass
    m.set_cr0(smmuen | eventqen);
    dma& d = m.dma_write(0x5000);
    m.run();
    EXPECT_TRUE(d.gp.is_response_ok());
    EXPECT_EQ(m.memory.reads_in(smmu_machine::strtab + 8, 8), 1u);
    EXPECT_EQ(m.memory.reads_in(level_2, 64), 1u);
    for (const std::uint32_t beyond : {smmu_machine::sid + 2, smmu_machine::sid + 0x100}) {
        dma& bad = m.request(true, 0x6000, 1);
        bad.who.stream = base::stream_id{beyond};
        m.send(bad);
        m.run();
        EXPECT_TRUE(bad.gp.is_response_error());
    }
    ASSERT_EQ(m.events(), 2u);
    EXPECT_EQ(m.event_word(0, 0), head(0x02, smmu_machine::sid + 2));
    EXPECT_EQ(m.event_word(1, 0), head(0x02, smmu_machine::sid + 0x100));
}

TEST(Smmu, S_211_only_the_new_mapping_after_tlbi_and_sync) {
    smmu_machine m;
    const std::uint64_t leaf = m.enable_mapped(0x7000, 0x5000'0000);
    m.dma_read(0x7000);
    m.run();
    m.memory.word(leaf) = 0;
    EXPECT_TRUE((m.dma_read(0x7000), m.run(), m.dmas.back()->gp.is_response_ok())) << "cached";
    m.put(tlbi_va(), 0x7000 | 1);
    m.sync();
    m.run();
    ASSERT_TRUE(m.drained());
    EXPECT_TRUE((m.dma_read(0x7000), m.run(), m.dmas.back()->gp.is_response_error()));
    EXPECT_EQ(m.events(), 1u);
}

TEST(Smmu, S_212_no_translated_access_to_the_old_page_after_the_last_sync) {
    smmu_machine m;
    const std::uint64_t leaf = m.enable_mapped(0x7000, 0x5000'0000);
    m.translation_request(0x7000);
    m.run();
    m.memory.word(leaf) = 0;
    m.put(tlbi_va(), 0x7000 | 1);
    m.sync();
    m.run();
    ASSERT_TRUE(m.drained());
    m.atc_inv(0x7000, 0);
    m.sync();
    m.memory.hold(0x5000'0000, 0x1000);
    m.send(m.request(true, 0x5000'0000, 1, base::address_type::translated));  // the ATC's last use
    m.run();
    m.invalidate_completion(1, 1, 2);
    m.run();
    EXPECT_FALSE(m.drained()) << "the last use is not performed yet";
    m.memory.release();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.memory.writes_to(0x5000'0000), 1u);
}

TEST(Smmu, S_213_atc_inv_before_tlbi_lets_a_translation_request_refill_from_a_stale_tlb) {
    smmu_machine m;
    m.enable();
    m.answer_invalidates = true;
    m.stage1();
    const std::uint64_t leaf = m.map(0x7000, 0x5000'0000);
    m.translation_request(0x7000);
    m.run();
    m.memory.word(leaf) = 0;
    m.atc_inv(0x7000, 0);
    m.sync();
    m.run();
    m.translation_request(0x7000);  // races in: the TLB still has the old page
    m.run();
    EXPECT_EQ(pcie::payload_word(*m.received.back()), 0x5000'0003u);
    m.put(tlbi_va(), 0x7000 | 1);
    m.put(0x46);
    m.atc_inv(0x7000, 0);
    m.sync();
    m.run();
    m.translation_request(0x7000);
    m.run();
    EXPECT_EQ(pcie::payload_word(*m.received.back()) & 3, 0u);
}

TEST(Smmu, posted_writes_of_a_port_are_performed_in_order) {
    smmu_machine m;
    m.enable_mapped(0x7000, 0x5000'0000);
    m.map(0x20'0000'0000, 0x5100'0000);
    m.dma_read(0x7000);
    m.run();
    m.memory.log.clear();
    m.dma_write(0x20'0000'0000, 1);  // misses: a walk of four levels
    m.dma_write(0x7000, 2);          // hits
    m.run();
    std::vector<std::uint64_t> writes;
    for (const auto& a : m.memory.log)
        if (a.write) writes.push_back(a.address);
    EXPECT_EQ(writes, (std::vector<std::uint64_t>{0x5100'0000, 0x5000'0000}));
}

TEST(Smmu, read_does_not_pass_an_older_posted_write) {
    smmu_machine m;
    m.enable_mapped(0x7000, 0x5000'0000);
    m.map(0x20'0000'0000, 0x5100'0000);
    m.dma_read(0x7000);
    m.run();
    m.memory.hold(0x5100'0000, 0x1000);
    m.dma_write(0x20'0000'0000, 5);
    dma& younger = m.dma_read(0x7000, 6);
    dma& older = m.dma_read(0x7000, 4);
    m.run();
    EXPECT_TRUE(older.answered);
    EXPECT_FALSE(younger.answered);
    m.memory.release();
    m.run();
    EXPECT_TRUE(younger.answered);
}

TEST(Smmu, request_waits_for_its_end_while_all_slots_of_its_kind_are_taken) {
    smmu::smmu_config c;
    c.translation_slots = 8;  // 2 posted, 4 reads, 2 Translation Requests
    smmu_machine m(c);
    m.enable_mapped(0x7000, 0x5000'0000);
    m.memory.hold(0x5000'0000, 0x1000);
    EXPECT_TRUE(m.dma_write(0x7000, 1).accepted);
    EXPECT_TRUE(m.dma_write(0x7000, 2).accepted);
    dma& third = m.dma_write(0x7000, 3);
    EXPECT_FALSE(third.accepted);
    m.run();
    EXPECT_FALSE(third.accepted);
    EXPECT_TRUE(m.dma_read(0x7000, 0).accepted) << "reads have slots of their own";
    m.memory.release();
    m.run();
    EXPECT_TRUE(third.answered);
    EXPECT_EQ(m.memory.writes_to(0x5000'0000), 3u);
}

TEST(Smmu, target_that_accepts_and_answers_later_works_alike) {
    smmu_machine m;
    m.memory.way = fake_memory::manner::accepted;
    m.enable_mapped(0x7000, 0x5000'0000);
    m.answer_invalidates = true;
    for (unsigned i = 0; i < 8; ++i) m.dma_write(0x7000 + 64 * i, i);
    for (unsigned i = 0; i < 8; ++i) m.dma_read(0x7000 + 64 * i, 100);
    m.put(tlbi_va(), 0x7000);
    m.put(0x46);
    m.atc_inv();
    m.put(0x46 | 1 << 12 | at(0x33, 32), smmu_machine::doorbell);
    m.ring();
    m.run(40'000);
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.last_msi(), 0x33u);
    for (const auto& d : m.dmas) {
        EXPECT_TRUE(d->answered);
        EXPECT_TRUE(d->gp.is_response_ok());
    }
    EXPECT_EQ(m.dmas.back()->data[0], 0x5au) << "the reads saw the writes ahead of them";
}

TEST(Smmu, aborted_read_is_answered_with_an_error_and_a_write_is_dropped) {
    smmu_machine m;
    m.enable();
    dma& read = m.dma_read(0x7000);
    dma& write = m.dma_write(0x7000, 1);
    m.run();
    EXPECT_EQ(read.gp.get_response_status(), tlm::TLM_GENERIC_ERROR_RESPONSE);
    EXPECT_EQ(write.gp.get_response_status(), tlm::TLM_GENERIC_ERROR_RESPONSE);
    for (const auto& a : m.memory.log) EXPECT_NE(a.address, 0x7000u);
}

TEST(Smmu, S_071_read_zero_write_ignored) {
    smmu_machine m;
    m.enable();
    cd_image c;
    c.a = 0;
    m.stage1(smmu_machine::sid, c);
    dma& read = m.dma_read(0x7000);
    dma& write = m.dma_write(0x7000, 1);
    m.run();
    EXPECT_TRUE(read.gp.is_response_ok());
    EXPECT_EQ(read.data[0], 0u);
    EXPECT_TRUE(write.gp.is_response_ok());
    EXPECT_EQ(m.events(), 2u);
}

TEST(Smmu, S_066_dirty_state_is_one_atomic_update_in_memory) {
    smmu_machine m;
    m.enable();
    cd_image c;
    c.ha = c.hd = 1;
    m.stage1(smmu_machine::sid, c);
    const std::uint64_t leaf = m.map(0x7000, 0x5000'0000, af | ng | ap_user | ap_ro | dbm);
    dma& d = m.dma_write(0x7000, 1);
    m.run();
    EXPECT_TRUE(d.gp.is_response_ok());
    EXPECT_EQ(m.memory.word(leaf) & ap_ro, 0u);
}

TEST(Smmu, same_run_twice_does_the_same_at_the_same_times) {
    smmu_machine m;
    m.enable_mapped(0x7000, 0x5000'0000);
    std::vector<base::ps> gaps;
    for (int round = 0; round < 2; ++round) {
        m.put(0x04, 31);
        m.put(0x30);
        m.sync();
        m.run();
        const base::ps start = m.ctx.now();
        dma& d = m.dma_read(0x7000);
        m.run();
        gaps.push_back(d.at - start);
    }
    EXPECT_EQ(gaps[0], gaps[1]);
}

TEST(Smmu, impossible_configurations_are_refused) {
    base::context ctx;
    pcie::tlp_pool pool;
    smmu::smmu_config c;
    c.translation_slots = 3;
    EXPECT_THROW(smmu::smmu("a", ctx, pool, c, 1), std::invalid_argument);
    EXPECT_THROW(smmu::smmu("b", ctx, pool, {}, 0), std::invalid_argument);
    c = {};
    c.invalidate_timeout = base::ps{1};
    EXPECT_THROW(smmu::smmu("c", ctx, pool, c, 1), std::invalid_argument);
    for (const unsigned itags : {0u, 33u}) {
        c = {};
        c.itags = itags;
        EXPECT_THROW(smmu::validate(c), std::invalid_argument) << itags;
    }
}
