// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/link.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace drydock::pcie {
namespace {

using namespace base::literals;

/// One end: sends while there is room, keeps what arrives, frees buffers at once or when told.
template <class Socket>
struct test_end : sc_core::sc_module, tlp_receiver {
    test_end(sc_core::sc_module_name n, base::context& c, tlp_pool& pool)
        : sc_module(n), socket("socket", *this, pool), ctx(c) {}
    void receive(tlp_ptr t) override {
        times.push_back(ctx.now());
        const fc_class c = t->flow_class();
        const auto data = t->data_credits();
        arrived.push_back(std::move(t));
        if (frees) socket.credit_return(c, 1, data);
    }
    void credits(fc_class c, std::uint32_t hdr, std::uint32_t) override {
        room[static_cast<std::size_t>(c)] += hdr;
        pump();
    }
    void link_changed(bool up) override { states.push_back(up); }
    void send(tlp_ptr t) {
        queue.push_back(std::move(t));
        pump();
    }
    void pump() {
        while (!queue.empty() && room[static_cast<std::size_t>(queue.front()->flow_class())] > 0) {
            tlp_ptr t = std::move(queue.front());
            queue.pop_front();
            --room[static_cast<std::size_t>(t->flow_class())];
            socket.send(std::move(t));
        }
    }
    Socket socket;
    base::context& ctx;
    std::array<std::uint64_t, fc_classes> room{};
    std::deque<tlp_ptr> queue;
    std::vector<tlp_ptr> arrived;
    std::vector<base::ps> times;
    std::vector<bool> states;
    bool frees = true;
};

struct bench {
    explicit bench(const link_config& c = {}) : wire("link", ctx, pool, c) {
        port.socket.bind(wire.up);
        wire.down.bind(device.socket);
    }
    void start() { sc_core::sc_start(sc_core::SC_ZERO_TIME); }
    void run(base::ps until) { ctx.timeline.run(until); }
    tlp_ptr write(std::uint64_t address, unsigned bytes = 64, bool relaxed = false) {
        tlp_ptr t = pool.make();
        t->type = tlp_type::mwr;
        t->address = address;
        t->length = static_cast<std::uint16_t>(bytes / 4);
        t->first_be = 0xf;
        t->last_be = bytes > 4 ? 0xf : 0;
        t->relaxed_ordering = relaxed;
        pool.add_payload(*t);
        return t;
    }
    tlp_ptr read(std::uint64_t address) {
        tlp_ptr t = pool.make();
        t->type = tlp_type::mrd;
        t->address = address;
        t->length = 16;
        t->first_be = t->last_be = 0xf;
        return t;
    }
    tlp_ptr completion(unsigned bytes, tlp_type type = tlp_type::cpl_d) {
        tlp_ptr t = pool.make();
        t->type = type;
        t->byte_count = static_cast<std::uint16_t>(bytes);
        if (type == tlp_type::cpl_d) {
            t->length = static_cast<std::uint16_t>(bytes / 4);
            pool.add_payload(*t);
        }
        return t;
    }
    base::context ctx;
    tlp_pool pool;
    link wire;
    test_end<downstream_socket> port{"port", ctx, pool};
    test_end<upstream_socket> device{"device", ctx, pool};
};

link_config small_credits(credit_limit posted, credit_limit non_posted = {64, 64}) {
    link_config c;
    c.device_buffers[0] = posted;
    c.device_buffers[1] = non_posted;
    c.max_payload = 128;
    return c;
}

TEST(Link, P_150_a_tlp_arrives_after_serialisation_and_propagation) {
    link_config c;
    c.gen = 3;
    c.dllp = dllp_accounting::none;
    bench b(c);
    b.start();
    b.port.send(b.write(0x8'0000'0000, 256));
    b.run(1_us);
    ASSERT_EQ(b.device.times.size(), 1u);
    EXPECT_EQ(b.device.times[0], base::ps{35'547 + 1'000});
}

TEST(Link, two_timeline_records_for_each_tlp_at_most) {
    link_config c;
    c.dllp = dllp_accounting::none;
    bench b(c);
    b.start();
    for (unsigned i = 0; i < 1000; ++i) b.port.send(b.write(0x1000, 128));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 1000u);
    EXPECT_LE(b.ctx.timeline.records_run(), 2000u);
}

TEST(Link, P_030_a_read_never_overtakes_a_write) {
    bench b(small_credits({1, 8}));
    b.device.frees = false;
    b.start();
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
    b.start();
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
    bench b(small_credits({1, 8}));
    b.device.frees = false;
    b.start();
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
    bench b(small_credits({1, 8}));
    b.device.frees = false;
    b.start();
    b.port.send(b.write(0x1000));
    b.port.send(b.write(0x2000));
    b.port.send(b.completion(4, tlp_type::cpl));
    b.port.send(b.completion(64));
    b.run(100_us);
    ASSERT_EQ(b.device.arrived.size(), 2u);
    EXPECT_EQ(b.device.arrived[1]->type, tlp_type::cpl);
}

TEST(Link, P_032_relaxed_writes_do_not_deadlock_behind_a_stalled_one) {
    bench b(small_credits({4, 8}));
    b.device.frees = false;
    b.start();
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

TEST(Link, P_033_the_sender_stops_when_credits_are_exhausted_and_goes_on_after_update_fc) {
    bench b(small_credits({4, 64}));
    b.device.frees = false;
    b.start();
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);
    EXPECT_EQ(b.wire.downward().credit_stalls, 1u);
    b.device.socket.credit_return(fc_class::posted, 2, 8);
    b.run(200_us);
    EXPECT_EQ(b.device.arrived.size(), 6u);
}

TEST(Link, P_034_a_payload_of_5_DW_uses_2_data_credits) {
    bench b(small_credits({64, 8}));
    b.device.frees = false;
    b.start();
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i, 20));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);  // 8 data credits, 2 each
}

TEST(Link, P_035_infinite_credits_never_block_and_cause_no_update_fc) {
    link_config c;
    c.device_buffers = c.port_buffers = {};
    bench b(c);
    b.device.frees = true;
    b.start();
    for (unsigned i = 0; i < 500; ++i) b.port.send(b.write(0x1000));
    b.run(200_us);
    EXPECT_EQ(b.device.arrived.size(), 500u);
    EXPECT_EQ(b.wire.downward().credit_stalls, 0u);
    EXPECT_EQ(b.wire.upward().dllps, 500u);  // the ACKs
    EXPECT_EQ(b.wire.downward().dllps, 0u);
}

TEST(Link, P_036_blocked_non_posted_do_not_stop_posted_and_completions) {
    bench b(small_credits({64, 1024}, {1, 1}));
    b.device.frees = false;
    b.start();
    for (unsigned i = 0; i < 5; ++i) b.port.send(b.read(0x1000));
    for (unsigned i = 0; i < 20; ++i) {
        b.port.send(b.write(0x2000));
        b.port.send(b.completion(64));
    }
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 41u);
}

TEST(Link, P_037_more_credits_than_were_taken_are_an_error) {
    bench b;
    b.device.frees = false;
    b.start();
    b.device.socket.credit_return(fc_class::posted, 64, 1024);  // an advertisement, not an error
    b.port.send(b.write(0x1000));
    b.run(10_us);
    EXPECT_EQ(b.wire.downward().fc_protocol_errors, 0u);
    b.device.socket.credit_return(fc_class::posted, 128, 0);
    EXPECT_EQ(b.wire.downward().fc_protocol_errors, 1u);
}

TEST(Link, P_139_retrain_starts_with_all_credits_and_an_empty_link) {
    bench b(small_credits({4, 64}));
    b.device.frees = false;
    b.start();
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(20_ns);
    const auto before = b.device.arrived.size();
    b.wire.set_up(false);
    b.run(10_us);
    EXPECT_EQ(b.device.arrived.size(), before);
    EXPECT_TRUE(b.port.queue.empty());  // everything sent into a link that is down is dropped
    EXPECT_EQ(b.wire.downward().dropped, 10u - before);
    b.wire.set_up(true);
    b.device.arrived.clear();
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(20_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);
    EXPECT_EQ(b.port.states, (std::vector<bool>{false, true}));
    EXPECT_EQ(b.device.states, (std::vector<bool>{false, true}));
}

TEST(Link, P_216_one_way_traffic_costs_dllps_only_in_the_other_direction) {
    bench b;
    b.start();
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
    b.start();
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
    b.start();
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
    b.start();
    b.port.send(b.write(0x1000, 128));
    b.run(100_ns);
    EXPECT_EQ(b.wire.upward().dllps, 1u);  // charged with the arrival of the TLP
}

TEST(Link, impossible_buffers_are_refused) {
    link_config c = small_credits({128, 0});
    base::context ctx;
    tlp_pool pool;
    EXPECT_THROW(link("link", ctx, pool, c), std::invalid_argument);
}

TEST(Link, no_tlp_leaks) {
    bench b;
    b.start();
    for (unsigned i = 0; i < 30; ++i) b.port.send(b.write(0x1000));
    b.run(50_us);
    b.device.arrived.clear();
    EXPECT_EQ(b.pool.in_use(), 0u);
    EXPECT_NO_THROW(b.pool.check_no_leak());
}

}  // namespace
}  // namespace drydock::pcie
