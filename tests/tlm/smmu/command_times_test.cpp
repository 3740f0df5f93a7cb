// SPDX-License-Identifier: Apache-2.0
// How long commands hold the queue, and what a CMD_SYNC waits for of the TBUs; reasons for waiting
// as the probe hears them.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

constexpr base::ps ns{1'000};

smmu::smmu_config weights() {
    smmu::smmu_config c;
    c.command = ns * 100;
    c.cfgi_cycles = 7;
    c.tlbi_cycles = 20;
    c.tcu_to_tbu_cycles = 300;
    c.tbu_to_tcu_cycles = 400;
    return c;
}

struct timed_commands : smmu_machine {
    explicit timed_commands(const smmu::smmu_config& c = weights()) : smmu_machine(c) {
        enable();
        stage1();
        for (std::uint64_t p = 0; p < 8; ++p) map(p << 12, 0x5000'0000 + (p << 12));
        for (std::uint64_t p = 0; p < 8; ++p) {
            dma_read(p << 12);
            run();
        }
    }
    /// From the doorbell until CMDQ_CONS has passed everything, without the fetch, in ns.
    std::int64_t takes() {
        const base::ps start = ctx.now();
        ring();
        while (!drained()) ctx.timeline.run(ctx.timeline.next());
        return (ctx.now() - start - memory.latency) / ns;
    }
    std::int64_t takes(std::uint64_t w0, std::uint64_t w1 = 0) {
        put(w0, w1);
        return takes();
    }
};

TEST(CommandTimes, a_cfgi_takes_its_work_at_the_configuration_cache) {
    timed_commands m;
    EXPECT_EQ(m.takes(0x03 | std::uint64_t{smmu_machine::sid} << 32), 100 + 7);
    EXPECT_EQ(m.takes(0x04, 31), 100 + 7);
}

TEST(CommandTimes, a_tlbi_takes_its_work_and_more_for_each_set_that_it_looks_into) {
    timed_commands m;
    const std::int64_t leaf = 1;
    // Micro and main TLB: two sets for each page.
    EXPECT_EQ(m.takes(tlbi_va(), 0x1000 | leaf), 100 + 20 + 1);
    EXPECT_EQ(m.takes(tlbi_va(3), 0x0000 | 1 << 10 | 3 << 8 | leaf), 100 + 20 + 7);
    // And a table of each level.
    EXPECT_EQ(m.takes(tlbi_va(), 0x1000), 100 + 20 + 4);
    EXPECT_EQ(m.takes(0x30), 100 + 20);  // everything: by one stamp
}

TEST(CommandTimes, commands_that_only_pass_something_on_take_their_decoding) {
    timed_commands m;
    EXPECT_EQ(m.takes(0x46), 100);
    EXPECT_EQ(m.takes(0x01 | std::uint64_t{smmu_machine::sid} << 32), 100);
}

TEST(CommandTimes, S_108_a_sync_waits_for_the_tbus_and_the_next_command_does_not) {
    timed_commands m;
    m.put(0x30);
    m.put(0x46);
    EXPECT_EQ(m.takes(), 100 + 20 + 300 + 400);
    m.put(0x30);
    m.put(0x30);
    EXPECT_EQ(m.takes(), 2 * (100 + 20));
    m.run();
    m.put(0x46);
    EXPECT_EQ(m.takes(), 100) << "they have long been through";
}

TEST(CommandTimes, a_cfgi_needs_no_tbu) {
    timed_commands m;
    m.put(0x03 | std::uint64_t{smmu_machine::sid} << 32);
    m.put(0x46);
    EXPECT_EQ(m.takes(), 100 + 7 + 100);
}

/// Who waits for what, as the probe tells it.
struct stalls final : base::observer {
    explicit stalls(base::context& c) : ctx(c) {
        ctx.probe.subscribe(*this, base::kind::smmu_stall);
    }
    ~stalls() { ctx.probe.unsubscribe(*this); }
    void on_event(const base::event& e) override {
        const std::string& reason = ctx.probe.text_of(e.a);
        if (e.c != 0) {
            ++begun[reason];
        } else {
            ++ended[reason];
            longest[reason] = std::max(longest[reason], e.d);
        }
        EXPECT_EQ(e.b, smmu_machine::sid);
    }
    base::context& ctx;
    std::map<std::string, unsigned> begun, ended;
    std::map<std::string, std::uint64_t> longest;
};

TEST(SmmuStalls, misses_wait_for_a_walk_slot) {
    smmu::smmu_config c;
    c.walk_slots = 1;
    timed_commands m(c);
    m.put(0x30);
    m.takes();
    stalls s(m.ctx);
    for (std::uint64_t p = 0; p < 4; ++p) m.translation_request(p << 12);
    m.run();
    EXPECT_EQ(s.begun["no_walk_slot"], 3u);
    EXPECT_EQ(s.ended["no_walk_slot"], 3u);
    EXPECT_GE(s.longest["no_walk_slot"], 80'000u) << "a walk reads memory";
}

TEST(SmmuStalls, translation_requests_wait_for_a_translation_slot) {
    smmu::smmu_config c;
    c.translation_slots = 4;  // one of them for Translation Requests
    timed_commands m(c);
    stalls s(m.ctx);
    for (std::uint64_t p = 0; p < 3; ++p) m.translation_request(p << 12);
    m.run();
    EXPECT_EQ(s.begun["no_translation_slot"], 2u);
    EXPECT_EQ(s.ended["no_translation_slot"], 2u);
}

TEST(SmmuStalls, reads_and_writes_wait_for_a_translation_slot) {
    smmu::smmu_config c;
    c.translation_slots = 4;
    timed_commands m(c);
    stalls s(m.ctx);
    m.dma_write(0x1000, 1);
    m.dma_write(0x2000, 2);
    m.run();
    EXPECT_EQ(s.begun["no_translation_slot"], 1u);
    EXPECT_EQ(s.ended["no_translation_slot"], 1u);
    EXPECT_GT(s.longest["no_translation_slot"], 0u);
}

TEST(SmmuStalls, an_atc_inv_waits_for_an_itag) {
    smmu::smmu_config c;
    c.itags = 1;
    timed_commands m(c);
    stalls s(m.ctx);
    for (unsigned n = 0; n < 3; ++n) m.atc_inv();
    m.ring();
    m.run();
    EXPECT_EQ(s.begun["no_free_itag"], 1u);
    EXPECT_EQ(s.ended["no_free_itag"], 0u);
    m.invalidate_completion(1);
    m.run();
    EXPECT_EQ(s.begun["no_free_itag"], 2u);
    EXPECT_EQ(s.ended["no_free_itag"], 1u);
    EXPECT_GE(s.longest["no_free_itag"], 9'000'000u) << "it was kept waiting for 10 us";
}

TEST(SmmuStalls, an_atc_inv_waits_for_room_in_the_queue_of_the_function) {
    timed_commands m;
    m.dut.set_queue_depth(base::routing_id{smmu_machine::sid}, 1);
    stalls s(m.ctx);
    m.atc_inv();
    m.atc_inv();
    m.ring();
    m.run();
    EXPECT_EQ(s.begun["queue_depth"], 1u);
    EXPECT_EQ(s.begun["no_free_itag"], 0u);
    m.invalidate_completion(1);
    m.run();
    EXPECT_EQ(s.ended["queue_depth"], 1u);
}

TEST(SmmuStalls, a_read_waits_for_older_posted_writes) {
    timed_commands m;
    m.put(0x30);
    m.takes();  // the write has to walk, the read joins it and may not pass
    stalls s(m.ctx);
    m.memory.hold(0x5000'1000, 64);
    m.dma_write(0x1000, 1);
    m.dma_read(0x2000, 2);
    m.run();
    EXPECT_EQ(s.begun["older_writes"], 1u);
    EXPECT_EQ(s.ended["older_writes"], 0u);
    m.memory.release();
    m.run();
    EXPECT_EQ(s.ended["older_writes"], 1u);
}

}  // namespace
