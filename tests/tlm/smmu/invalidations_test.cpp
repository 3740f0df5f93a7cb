// SPDX-License-Identifier: Apache-2.0
// From CMD_ATC_INV to the ITag and back: pools that run dry, links that go down, late completions.
#include <gtest/gtest.h>

#include <set>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;
using drydock::smmu::smmu_config;

namespace {

constexpr std::uint32_t on = smmuen | eventqen | cmdqen | atschk;

/// The SMMU's ITags that Invalidate Requests have carried, in order.
std::vector<unsigned> tags(const smmu_machine& m) {
    std::vector<unsigned> out;
    for (const pcie::tlp* t : m.sent(pcie::msg_code::invalidate_request)) out.push_back(t->tag);
    return out;
}
/// n ATC_INVs and a SYNC, with time to go as far as they can.
void invalidate(smmu_machine& m, unsigned n) {
    for (unsigned i = 0; i < n; ++i) m.atc_inv(0x1000 * i, 0);
    m.put(cmd_sync);
    m.ring();
    m.run();
}

}  // namespace

TEST(Invalidations, P_052_the_33rd_atc_inv_waits_and_goes_on_when_an_itag_is_free) {
    smmu_machine m;
    m.enable(on, 6);
    invalidate(m, 34);
    EXPECT_EQ(m.invalidate_requests(), 32u);
    EXPECT_EQ(m.cons(), 32u) << "the 33rd holds the queue";
    m.invalidate_completion(1u << 9);
    m.run();
    EXPECT_EQ(m.invalidate_requests(), 33u);
    EXPECT_EQ(tags(m).back(), 9u);
    EXPECT_EQ(m.cons(), 33u);
    m.answer_invalidates = true;
    m.invalidate_completion(0xffff'ffff);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.dut.tracker().count().completed, 34u);
    EXPECT_EQ(m.dut.tracker().count().unexpected, 0u);
}

TEST(Invalidations, P_052_pool_of_itags_is_as_large_as_configured) {
    smmu_config c;
    c.itags = 3;
    smmu_machine m(c);
    m.enable(on, 4);
    invalidate(m, 8);
    EXPECT_EQ(tags(m), (std::vector<unsigned>{0, 1, 2}));
    EXPECT_EQ(m.cons(), 3u);
    for (unsigned done = 0; done < 8; ++done) {
        ASSERT_GT(m.invalidate_requests(), done);
        EXPECT_FALSE(m.drained());
        m.invalidate_completion(1u << tags(m)[done]);
        m.run();
    }
    EXPECT_TRUE(m.drained());
    const auto used = tags(m);
    EXPECT_EQ(std::set<unsigned>(used.begin(), used.end()), (std::set<unsigned>{0, 1, 2}));
}

TEST(Invalidations, P_052_queue_depth_of_a_function_holds_the_next_one_back) {
    smmu_machine m;
    m.dut.set_queue_depth(base::routing_id{smmu_machine::sid}, 2);
    m.enable();
    invalidate(m, 3);
    EXPECT_EQ(m.invalidate_requests(), 2u);
    m.invalidate_completion(0b01);
    m.run();
    EXPECT_EQ(m.invalidate_requests(), 3u);
    m.invalidate_completion(0b110);
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(Invalidations, S_112_pool_that_ran_dry_is_whole_again_after_timeouts) {
    smmu_config c = with_timeout();
    c.itags = 2;
    smmu_machine m(c);
    m.enable();
    invalidate(m, 3);
    EXPECT_EQ(m.invalidate_requests(), 2u);
    m.run(past_timeout);  // both are lost; the third gets an ITag of theirs
    EXPECT_EQ(m.invalidate_requests(), 3u);
    EXPECT_EQ(m.error(), 3u);
    m.answer_invalidates = true;
    m.invalidate_completion(1u << tags(m).back());
    m.run();
    m.acknowledge();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.dut.tracker().outstanding(), 0u);
}

TEST(Invalidations, S_117_atc_inv_that_waits_for_an_itag_is_ignored_once_the_smmu_is_off) {
    smmu_config c;
    c.itags = 1;
    smmu_machine m(c);
    m.enable();
    invalidate(m, 2);
    m.set_cr0(eventqen | cmdqen);
    m.invalidate_completion(1);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.invalidate_requests(), 1u);
    m.set_cr0(on);
    m.answer_invalidates = true;
    invalidate(m, 4);
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.invalidate_requests(), 5u);
}

TEST(Invalidations, fail_fast_gives_up_what_had_no_credit_to_leave_when_the_link_went_down) {
    smmu_machine_parts m("machine", {});
    m.start(0);
    m.enable();
    m.fails_fast = true;
    m.atc_inv();
    m.put(cmd_sync);
    m.ring();
    m.run();
    EXPECT_EQ(m.invalidate_requests(), 0u);
    EXPECT_FALSE(m.drained());
    m.link_is_up = false;
    m.below.set_link(false);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.invalidate_requests(), 0u);
    EXPECT_FALSE(m.cmdq_error_active());
}

struct match_listener : base::observer {
    std::vector<base::event> matched;
    void on_event(const base::event& e) override {
        if (e.a == 14) matched.push_back(e);
    }
};

TEST(Invalidations, late_completion_blames_its_write_on_nobody_elses_atc_inv) {
    smmu_machine m(with_timeout());
    match_listener l;
    m.ctx.probe.subscribe(l, base::kind::stage);
    m.ctx.provenance.shadow(base::phys_addr{smmu_machine::cmdq}, 256);
    m.enable_mapped(0x1000, 0x5000'0000);
    const base::span_id lost = m.ctx.probe.new_span(), kept = m.ctx.probe.new_span(),
                        write = m.ctx.probe.new_span();
    m.ctx.provenance.written(base::phys_addr{smmu_machine::cmdq}, 16, lost);
    m.ctx.provenance.written(base::phys_addr{smmu_machine::cmdq + 32}, 16, kept);
    invalidate(m, 1);
    m.run(past_timeout);
    ASSERT_EQ(m.error(), 3u);
    m.acknowledge();
    m.run();
    invalidate(m, 1);
    ASSERT_EQ(tags(m), (std::vector<unsigned>{0, 1}));
    m.memory.hold(0x5000'0000, 0x1000);
    dma& d = m.request(true, 0x1000, 3);
    d.who.span = write;
    m.send(d);
    m.run();
    m.invalidate_completion(1u << 0, 1, 4);  // of the lost one, behind the write
    m.run();
    m.memory.release();
    m.run();
    m.invalidate_completion(1u << 1, 1, 5);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.dut.tracker().count().unexpected, 1u);
    ASSERT_EQ(l.matched.size(), 1u);
    EXPECT_EQ(l.matched[0].span, kept);
    EXPECT_EQ(l.matched[0].b, 0u) << "it waited for no write";
}
