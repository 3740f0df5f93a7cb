// SPDX-License-Identifier: Apache-2.0
// A link's time and order.
#include "tests/tlm/pcie/link_bench.h"

namespace drydock::pcie {
namespace {

TEST(Link, P_150_a_tlp_arrives_after_serialisation_and_propagation) {
    link_config c;
    c.gen = 3;
    c.dllp = dllp_accounting::none;
    bench b(c);
    b.port.send(b.write(0x8'0000'0000, 256));
    b.run(1_us);
    ASSERT_EQ(b.device.times.size(), 1u);
    EXPECT_EQ(b.device.times[0], base::ps{35'547 + 1'000});
}

TEST(Link, two_timeline_records_for_each_tlp_at_most) {
    link_config c;
    c.dllp = dllp_accounting::none;
    bench b(c);
    for (unsigned i = 0; i < 1000; ++i) b.port.send(b.write(0x1000, 128));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 1000u);
    EXPECT_LE(b.ctx.timeline.records_run(), 2000u);
}

TEST(Link, P_030_a_read_never_overtakes_a_write) {
    bench b(small_credits({1, 8}), keeps);
    b.port.send(b.write(0x1000));
    b.port.send(b.write(0x2000));  // no credit for it
    b.port.send(b.read(0x2000));
    b.run(100_us);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    b.device.socket.credit_return(fc_class::posted, 1, 4);
    b.run(200_us);
    ASSERT_EQ(b.device.arrived.size(), 3u);
    EXPECT_EQ(b.device.arrived[1]->type, tlp_type::mwr);
    EXPECT_EQ(b.device.arrived[2]->type, tlp_type::mrd);
}

TEST(Link, P_030_writes_and_messages_stay_in_order) {
    bench b;
    for (unsigned i = 0; i < 50; ++i) {
        tlp_ptr t = b.write(0x1000 * i);
        if (i % 3 == 0) {
            t = b.pool.make();
            t->type = tlp_type::msg;
            t->address = 0x1000 * i;
        }
        b.port.send(std::move(t));
    }
    b.run(100_us);
    ASSERT_EQ(b.device.arrived.size(), 50u);
    for (unsigned i = 0; i < 50; ++i) EXPECT_EQ(b.device.arrived[i]->address, 0x1000u * i);
}

TEST(Link, P_031_a_completion_stays_behind_an_earlier_posted_write) {
    bench b(small_credits({1, 8}), keeps);
    b.port.send(b.write(0x1000));
    b.port.send(b.write(0x2000));
    b.port.send(b.completion(64));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 1u);
    b.device.socket.credit_return(fc_class::posted, 1, 4);
    b.run(200_us);
    ASSERT_EQ(b.device.arrived.size(), 3u);
    EXPECT_EQ(b.device.arrived[2]->type, tlp_type::cpl_d);
}

TEST(Link, P_038_a_config_write_completion_may_pass_a_stalled_write_a_read_completion_may_not) {
    bench b(small_credits({1, 8}), keeps);
    b.port.send(b.write(0x1000));
    b.port.send(b.write(0x2000));
    b.port.send(b.completion(4, tlp_type::cpl));
    b.port.send(b.completion(64));
    b.run(100_us);
    ASSERT_EQ(b.device.arrived.size(), 2u);
    EXPECT_EQ(b.device.arrived[1]->type, tlp_type::cpl);
}

TEST(Link, P_032_relaxed_writes_do_not_deadlock_behind_a_stalled_one) {
    bench b(small_credits({4, 8}), keeps);
    b.port.send(b.write(0x1000, 128));
    b.port.send(b.write(0x2000, 128));
    b.port.send(b.write(0x3000, 64, true));
    b.run(100_us);
    b.device.socket.credit_return(fc_class::posted, 1, 8);
    b.run(200_us);
    b.device.socket.credit_return(fc_class::posted, 1, 8);
    b.run(300_us);
    EXPECT_EQ(b.device.arrived.size(), 3u);
}

TEST(Link, P_216_one_way_traffic_costs_dllps_only_in_the_other_direction) {
    bench b;
    for (unsigned i = 0; i < 100; ++i) b.port.send(b.write(0x1000, 128));
    b.run(20_us);
    EXPECT_EQ(b.device.arrived.size(), 100u);
    EXPECT_EQ(b.wire.downward().dllps, 0u);
    EXPECT_EQ(b.wire.upward().dllps, 100u + 25u);  // one ACK each, one UpdateFC for four
}

/// Gb/s of data when writes saturate a gen3 x8 link one way.
double saturated(unsigned bytes, dllp_accounting a) {
    link_config c;
    c.gen = 3;
    c.dllp = a;
    bench b(c);
    constexpr unsigned n = 2000;
    for (unsigned i = 0; i < n; ++i) b.port.send(b.write(0x8'0000'0000, bytes));
    b.run(1_ms);
    const base::ps span = b.device.times.back() - b.device.times.front();
    return 8.0 * bytes * (n - 1) * 1000.0 / static_cast<double>(span.count);
}

TEST(Link, P_154_pcie_bench_64) {
    EXPECT_NEAR(saturated(64, dllp_accounting::pcie_bench), 42.10, 0.42);
}
TEST(Link, P_154_pcie_bench_128) {
    EXPECT_NEAR(saturated(128, dllp_accounting::pcie_bench), 48.75, 0.49);
}
TEST(Link, P_154_pcie_bench_256) {
    EXPECT_NEAR(saturated(256, dllp_accounting::pcie_bench), 52.92, 0.53);
}
TEST(Link, P_154_mechanistic_64) {
    EXPECT_NEAR(saturated(64, dllp_accounting::mechanistic), 45.71, 0.46);
}
TEST(Link, P_154_mechanistic_128) {
    EXPECT_NEAR(saturated(128, dllp_accounting::mechanistic), 52.93, 0.53);
}
TEST(Link, P_154_mechanistic_256) {
    EXPECT_NEAR(saturated(256, dllp_accounting::mechanistic), 57.46, 0.57);
}

TEST(Link, P_155_both_ways_saturated_each_loses_the_dllps_of_the_other) {
    link_config c;
    c.gen = 3;
    bench b(c);
    constexpr unsigned n = 2000;
    for (unsigned i = 0; i < n; ++i) {
        b.port.send(b.write(0x8'0000'0000, 256));
        b.device.send(b.completion(256));
    }
    b.run(1_ms);
    const auto rate = [&](const std::vector<base::ps>& t) {
        return 8.0 * 256 * (n - 1) * 1000.0 / static_cast<double>((t.back() - t.front()).count);
    };
    const double alone = 63.02 * 256 / 280 * (1 - 4.0 / 1538);
    EXPECT_LT(rate(b.device.times), alone * 0.98);
    EXPECT_GT(rate(b.device.times), alone * 0.94);
    EXPECT_GT(rate(b.device.times), 52.92);
}

TEST(Link, P_215_an_ack_follows_a_tlp_before_the_limit) {
    bench b;
    b.port.send(b.write(0x1000, 128));
    b.run(100_ns);
    EXPECT_EQ(b.wire.upward().dllps, 1u);  // charged with the arrival of the TLP
}

TEST(Link, no_tlp_leaks) {
    bench b;
    for (unsigned i = 0; i < 30; ++i) b.port.send(b.write(0x1000));
    b.run(50_us);
    b.device.arrived.clear();
    EXPECT_EQ(b.pool.in_use(), 0u);
    EXPECT_NO_THROW(b.pool.check_no_leak());
}

}  // namespace
}  // namespace drydock::pcie
