// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

std::uint64_t body(smmu_machine& m, std::uint64_t w0, std::uint64_t w1) {
    m.answer_invalidates = true;
    m.command(w0 | 0x40 | std::uint64_t{smmu_machine::sid} << 32, w1);
    m.run();
    return pcie::payload_word(*m.sent(pcie::msg_code::invalidate_request).back());
}

}  // namespace

TEST(Ats, S_172_bodies_of_invalidate_requests) {
    smmu_machine m;
    m.enable();
    EXPECT_EQ(body(m, 0, 0x7f00'1234'5000 | 0), 0x7f00'1234'5000u);
    EXPECT_EQ(body(m, 0, 0x7f00'1234'4000 | 1), 0x7f00'1234'4800u);
    EXPECT_EQ(body(m, 0, 0x7f00'1220'0000 | 9), 0x7f00'122f'f800u);
    EXPECT_EQ(body(m, 0, 52), 0x7fff'ffff'ffff'f800u);
    EXPECT_EQ(body(m, 1 << 11 | 1 << 9 | 5 << 12, 52), 0x7fff'ffff'ffff'f801u);
}

TEST(Ats, S_173_global_without_a_substream_is_not_sent) {
    smmu_machine m;
    m.enable();
    EXPECT_EQ(body(m, 1 << 9, 0x1000) & 1, 0u);
    EXPECT_FALSE(m.sent(pcie::msg_code::invalidate_request).back()->pasid.has_value());
    EXPECT_EQ(body(m, 1 << 9 | 1 << 11 | 7 << 12, 0x1000) & 1, 1u);
    EXPECT_EQ(m.sent(pcie::msg_code::invalidate_request).back()->pasid->pasid.value, 7u);
}

TEST(Ats, S_174_invalidate_that_nothing_routes_is_complete_without_error) {
    smmu_machine m;
    m.enable();
    m.route.reset();
    m.atc_inv();
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.invalidate_requests(), 0u);
    EXPECT_FALSE(m.cmdq_error_active());
}

TEST(Ats, downed_link_drops_by_default_and_times_out) {
    smmu_machine m(with_timeout());
    m.enable();
    m.link_is_up = false;
    m.atc_inv();
    m.sync();
    m.run();
    EXPECT_FALSE(m.drained());
    m.run(200'000);
    EXPECT_EQ(m.error(), 3u);
}

TEST(Ats, fail_fast_on_a_downed_link_is_complete_at_once) {
    smmu_machine m;
    m.enable();
    m.fails_fast = true;
    m.link_is_up = false;
    m.atc_inv();
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.invalidate_requests(), 0u);
    m.link_is_up = true;
    m.atc_inv();
    m.sync();
    m.run();
    EXPECT_FALSE(m.drained());
    m.link_is_up = false;
    m.below.set_link(false);  // goes down with the request outstanding
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(Ats, invalidate_request_names_target_itag_and_length) {
    smmu_machine m;
    m.enable();
    m.atc_inv(0x1000, 0);
    m.atc_inv(0x2000, 0);
    m.ring();
    m.run();
    const auto sent = m.sent(pcie::msg_code::invalidate_request);
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0]->target.value, smmu_machine::sid);
    EXPECT_EQ(sent[0]->requester.value, 0u);
    EXPECT_EQ(sent[0]->length, 2u);
    EXPECT_EQ(sent[0]->routing, pcie::msg_routing::by_id);
    EXPECT_NE(sent[0]->tag, sent[1]->tag);
}

TEST(Ats, S_163_translation_completion_carries_entry_tag_and_byte_count) {
    smmu_machine m;
    m.enable_mapped(0x1000, 0x5000'0000);
    m.translation_request(0x1000, 7);
    m.run();
    ASSERT_EQ(m.received.size(), 1u);
    const pcie::tlp& c = *m.received[0];
    EXPECT_EQ(c.type, pcie::tlp_type::cpl_d);
    EXPECT_EQ(c.status, pcie::cpl_status::success);
    EXPECT_EQ(c.tag, 7u);
    EXPECT_EQ(c.requester.value, smmu_machine::sid);
    EXPECT_EQ(c.byte_count, 8u);
    EXPECT_EQ(c.length, 2u);
    EXPECT_EQ(pcie::payload_word(c), 0x5000'0003u);
}

TEST(Ats, S_163_block_of_2_mib_answers_with_its_size) {
    smmu_machine m;
    m.enable();
    m.stage1();
    // A level-2 block for va 0x4000'0000: table, table, block
    m.memory.word(smmu_machine::root) = 0x2100'0000 | 3;
    m.memory.word(0x2100'0000 + 8) = 0x2100'1000 | 3;
    m.memory.word(0x2100'1000) = 0x6020'0000 | rw_page | 1;
    m.translation_request(0x4000'3000);
    m.run();
    ASSERT_EQ(m.received.size(), 1u);
    EXPECT_EQ(pcie::payload_word(*m.received[0]), 0x602f'f803u);
}

TEST(Ats, S_164_unmapped_page_is_success_without_permissions_and_without_event) {
    smmu_machine m;
    m.enable();
    m.stage1();
    m.translation_request(0x9000);
    m.run();
    ASSERT_EQ(m.received.size(), 1u);
    EXPECT_EQ(m.received[0]->status, pcie::cpl_status::success);
    EXPECT_EQ(pcie::payload_word(*m.received[0]) & 3, 0u);
    EXPECT_EQ(m.events(), 0u);
}

TEST(Ats, S_175_invalid_ste_answers_completer_abort_without_event) {
    smmu_machine m;
    m.enable();
    m.translation_request(0x9000, 3);
    m.run();
    ASSERT_EQ(m.received.size(), 1u);
    EXPECT_EQ(m.received[0]->type, pcie::tlp_type::cpl);
    EXPECT_EQ(m.received[0]->status, pcie::cpl_status::completer_abort);
    EXPECT_FALSE(m.received[0]->has_data());
    EXPECT_EQ(m.events(), 0u);
}

TEST(Ats, request_for_several_units_gets_consecutive_entries) {
    smmu_machine m;
    m.enable();
    m.stage1();
    for (unsigned i = 0; i < 3; ++i) m.map(0x1000 + 0x1000 * i, 0x5000'0000 + 0x10000 * i);
    auto t = m.pool.make();
    t->type = pcie::tlp_type::mrd;
    t->at = base::address_type::translation_request;
    t->requester = base::routing_id{smmu_machine::sid};
    t->length = 6;
    t->address = 0x1000;
    m.below.send(std::move(t));
    m.run();
    ASSERT_EQ(m.received.size(), 1u);
    EXPECT_EQ(m.received[0]->byte_count, 24u);
    for (unsigned i = 0; i < 3; ++i)
        EXPECT_EQ(pcie::payload_word(*m.received[0], 8 * i), 0x5000'0003u + 0x10000 * i);
}

TEST(Ats, more_requests_than_slots_are_all_answered) {
    smmu_machine m;
    m.enable();
    m.stage1();
    for (unsigned i = 0; i < 40; ++i) m.map(0x1000 * i, 0x5000'0000 + 0x1000 * i);
    for (unsigned i = 0; i < 40; ++i)
        m.translation_request(0x1000 * i, static_cast<std::uint16_t>(i));
    m.run(40'000);
    EXPECT_EQ(m.received.size(), 40u);
    m.received.clear();
    EXPECT_NO_THROW(m.pool.check_no_leak());
}
