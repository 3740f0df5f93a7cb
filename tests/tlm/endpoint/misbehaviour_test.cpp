// SPDX-License-Identifier: Apache-2.0
// Faults of a function that a scenario may inject: what the other side of the link sees.
#include "tests/tlm/endpoint/ats_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t everything = 0x7fff'ffff'ffff'f800;

struct fault_bench : ats_bench {
    explicit fault_bench(const endpoint_config& c = {}, bool listen = false)
        : ats_bench(c, listen) {
        start();
    }
    void read_once() {
        describe(0, dma::op::read, buffer, 64);
        go();
    }
    std::vector<std::uint32_t> vectors() const {
        std::vector<std::uint32_t> v;
        for (const auto& t : completions()) v.push_back(pcie::completion_itag_vector(t.address));
        return v;
    }
    faults& inject() { return dut->inject(); }
};
using vectors = std::vector<std::uint32_t>;

TEST(Misbehaviour, every_fault_of_the_table_has_a_name_and_a_count_of_its_own) {
    faults f;
    std::uint32_t n = 0;
    for (const fault_info& i : fault_table) f.*i.count += ++n;
    n = 0;
    for (const fault_info& i : fault_table) {
        EXPECT_EQ(f.*i.count, ++n) << i.name;
        EXPECT_EQ(std::count_if(fault_table.begin(), fault_table.end(),
                                [&](const fault_info& o) { return o.name == i.name; }),
                  1);
    }
}

TEST(Misbehaviour, a_delayed_completion_comes_that_much_later) {
    fault_bench b;
    b.invalidate(1, buffer);
    const base::ps sent = b.ctx.now();
    b.inject().delay_completions = 1;
    b.inject().delay = 40_us;
    b.invalidate(2, buffer, {}, 39_us);
    EXPECT_EQ(b.vectors(), (vectors{2}));
    b.run(5_us);
    ASSERT_EQ(b.vectors(), (vectors{2, 4}));
    EXPECT_GE(b.completions()[1].time, sent + 40_us);
    b.invalidate(3, buffer);
    EXPECT_EQ(b.vectors(), (vectors{2, 4, 8}));
}

TEST(Misbehaviour, a_duplicated_completion_comes_twice) {
    fault_bench b;
    b.inject().duplicate_completions = 1;
    b.invalidate(5, buffer);
    b.invalidate(6, buffer);
    EXPECT_EQ(b.vectors(), (vectors{1u << 5, 1u << 5, 1u << 6}));
    EXPECT_EQ(b.completions()[1].target, root_id);
}

TEST(Misbehaviour, a_reordered_completion_comes_behind_the_next) {
    fault_bench b;
    b.inject().reorder_completions = 1;
    b.invalidate(1, buffer);
    EXPECT_TRUE(b.completions().empty());
    b.invalidate(2, buffer);
    EXPECT_EQ(b.vectors(), (vectors{4, 2}));
    b.invalidate(3, buffer);
    EXPECT_EQ(b.vectors(), (vectors{4, 2, 8}));
}

TEST(Misbehaviour, a_wrong_ITag_closes_the_neighbour) {
    fault_bench b;
    b.inject().wrong_itag = 2;
    b.invalidate(4, buffer);
    b.invalidate(31, buffer);
    b.invalidate(4, buffer);
    EXPECT_EQ(b.vectors(), (vectors{1u << 5, 1u << 0, 1u << 4}));
}

TEST(Misbehaviour, P_053_a_wrong_CC_promises_a_second_completion) {
    fault_bench b;
    b.inject().wrong_cc = 1;
    b.invalidate(4, buffer, {}, 100_us);
    b.invalidate(5, buffer);
    ASSERT_EQ(b.completions().size(), 2u);
    EXPECT_EQ(pcie::completion_cc(b.completions()[0].address), 2u);
    EXPECT_EQ(pcie::completion_cc(b.completions()[1].address), 1u);
}

TEST(Misbehaviour, a_late_completion_comes_when_its_ITag_is_used_again) {
    fault_bench b;
    b.inject().late_completions = 1;
    b.invalidate(9, buffer, {}, 1_ms);
    b.invalidate(10, buffer);
    EXPECT_EQ(b.vectors(), (vectors{1u << 10}));
    const base::ps again = b.ctx.now();
    b.invalidate(9, buffer);
    ASSERT_EQ(b.vectors(), (vectors{1u << 10, 1u << 9, 1u << 9}));
    EXPECT_EQ(b.completions()[1].time, again) << "before the ATC has done anything";
    EXPECT_GT(b.completions()[2].time, again);
}

TEST(Misbehaviour, P_048_an_early_completion_passes_the_drain_and_the_translation_stays_in_use) {
    fault_bench b;
    b.read_once();
    const std::size_t asked = b.translation_requests().size();
    b.other->hold_reads = true;
    b.describe(0, dma::op::read, buffer, 64);
    b.go();
    b.inject().complete_early = 1;
    b.invalidate(2, buffer);
    EXPECT_EQ(b.vectors(), (vectors{4})) << "a read by the old translation is still out";
    b.other->hold_reads = false;
    b.other->answer_held();
    b.run();
    b.read_once();
    EXPECT_EQ(b.translation_requests().size(), asked) << "the old translation is used on";
    EXPECT_EQ(b.reads().back().address, buffer + moved);
    b.invalidate(3, buffer);
    b.read_once();
    EXPECT_EQ(b.translation_requests().size(), asked + 1);
}

TEST(Misbehaviour, a_forged_address_is_none_that_the_agent_gave) {
    fault_bench b;
    b.describe(0, dma::op::nop, 0, 0);
    b.go();  // the ring is translated and read
    b.describe(0, dma::op::write, buffer, 8, false, 0x77);
    b.describe(0, dma::op::write, buffer + 8, 8, false, 0x88);
    b.go(10_ns);  // the fetch has gone out
    b.inject().forge_addresses = 2;
    b.run(20_us);
    const auto writes = b.writes();
    ASSERT_EQ(writes.size(), 2u);
    unsigned forged = 0;
    for (const auto& t : b.translated())
        forged +=
            t.address == ((buffer + moved) ^ 4096) || t.address == ((buffer + moved + 8) ^ 4096);
    EXPECT_EQ(forged, 2u);
    for (const auto& t : b.translation_requests())
        EXPECT_NE(t.address & ~0xfffull, buffer ^ 4096) << "nobody asked for it";
}

TEST(Misbehaviour, P_131_an_ignored_FLR_leaves_everything_as_it_was) {
    fault_bench b;
    b.read_once();
    const std::size_t asked = b.translation_requests().size();
    b.inject().ignore_flr = 1;
    b.set_device_control(0x212f | 0x8000);
    EXPECT_FALSE(b.dut->in_reset());
    EXPECT_TRUE(b.dut->config_space().ats().enabled());
    b.read_once();
    EXPECT_EQ(b.translation_requests().size(), asked) << "the ATC too";
    EXPECT_EQ(b.head(0), 2u);
    b.set_device_control(0x212f | 0x8000);
    EXPECT_TRUE(b.dut->in_reset()) << "the next one is obeyed";
}

TEST(Misbehaviour, a_flood_of_Page_Requests_minds_neither_Enable_nor_Allocation_nor_answers) {
    fault_bench b;
    b.inject().pri_flood = 50;
    b.dut->injected();
    b.run(2_us);
    const std::size_t early = b.messages(pcie::msg_code::page_request).size();
    EXPECT_GE(early, 19u);
    EXPECT_LE(early, 21u);
    pcie::tlp_ptr t = b.make(pcie::tlp_type::msg);
    t->code = pcie::msg_code::prg_response;
    t->routing = pcie::msg_routing::by_id;
    t->target = function_id;
    t->address = pcie::encode_prg_response(0xf, 0);
    b.send(std::move(t));
    b.run(100_us);
    EXPECT_EQ(b.messages(pcie::msg_code::page_request).size(), 50u);
    EXPECT_FALSE(b.dut->config_space().pri().enabled());
    b.invalidate(1, buffer);
    EXPECT_EQ(b.vectors(), (vectors{2}));
}

TEST(Misbehaviour, a_reset_ends_a_flood) {
    fault_bench b;
    b.inject().pri_flood = faults::always;
    b.dut->injected();
    b.run(10_us);
    b.set_device_control(0x212f | 0x8000);
    const std::size_t before = b.messages(pcie::msg_code::page_request).size();
    b.run(200_ms);
    EXPECT_EQ(b.messages(pcie::msg_code::page_request).size(), before);
}

TEST(Misbehaviour, a_function_that_died_silently_takes_everything_and_answers_nothing) {
    fault_bench b({}, true);
    b.read_once();
    b.other->hold_reads = true;
    b.describe(0, dma::op::read, buffer, 64);
    b.go();
    const std::uint32_t posted = b.other->freed[0], non_posted = b.other->freed[1];
    const std::size_t seen = b.other->seen.size();
    b.inject().silent_death = 1;
    b.dut->injected();
    b.other->answer_held();
    b.invalidate(1, buffer);
    b.send(b.config_request(0, false));
    b.write32(b.queue_register(0, dma::tail), 5, 1_us);
    b.run(100_ms);
    EXPECT_EQ(b.other->seen.size(), seen);
    EXPECT_EQ(b.other->freed[0], posted + 2) << "flow control works on";
    EXPECT_EQ(b.other->freed[1], non_posted + 1);
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 1u);
    b.other->socket.set_link(false);
    b.other->socket.set_link(true);
    b.send(b.config_request(0, false));
    EXPECT_EQ(b.other->seen.size(), seen) << "no link brings it back";
    b.other->held.clear();
    b.pool.check_no_leak();
}

TEST(Misbehaviour, what_is_kept_back_is_lost_in_a_reset) {
    fault_bench b({}, true);
    b.inject().delay_completions = 1;
    b.invalidate(1, everything);
    b.inject().late_completions = 1;
    b.invalidate(2, everything);
    b.inject().reorder_completions = 1;
    b.invalidate(3, everything);
    EXPECT_TRUE(b.completions().empty());
    b.set_device_control(0x212f | 0x8000);
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 3u);
    b.run(300_ms);
    b.enable();
    b.invalidate(2, everything);
    EXPECT_EQ(b.vectors(), (vectors{4}));
}

TEST(Misbehaviour, copies_wait_for_room_in_the_posted_queue) {
    endpoint_config c;
    c.posted_queue = 1;
    fault_bench b(c);
    b.other->hold_credits = true;
    b.inject().duplicate_completions = faults::always;
    for (unsigned i = 0; i < 12; ++i) b.invalidate(i, buffer + 4096 * i);
    b.other->give_back_withheld();
    b.run(20_us);
    std::uint32_t all = 0;
    for (const std::uint32_t v : b.vectors()) all |= v;
    EXPECT_EQ(all, 0xfffu);
    EXPECT_EQ(b.completions().size() % 2, 0u);
    b.pool.check_no_leak();
}

}  // namespace
}  // namespace drydock::endpoint
