// SPDX-License-Identifier: Apache-2.0
// Flow-control credits, and a link that goes down and up.
#include "tests/tlm/pcie/link_bench.h"
#include "tlm/base/rng.h"

namespace drydock::pcie {
namespace {

TEST(Link, P_033_the_sender_stops_when_credits_are_exhausted_and_goes_on_after_update_fc) {
    bench b(small_credits({4, 64}), keeps);
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);
    EXPECT_EQ(b.wire.downward().credit_stalls, 1u);
    b.device.socket.credit_return(fc_class::posted, 2, 8);
    b.run(200_us);
    EXPECT_EQ(b.device.arrived.size(), 6u);
}

TEST(Link, P_034_a_payload_of_5_DW_uses_2_data_credits) {
    bench b(small_credits({64, 8}), keeps);
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i, 20));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);  // 8 data credits, 2 each
}

TEST(Link, P_035_infinite_credits_never_block_and_cause_no_update_fc) {
    link_config c;
    c.device_buffers = c.port_buffers = {};
    bench b(c);
    for (unsigned i = 0; i < 500; ++i) b.port.send(b.write(0x1000));
    b.run(200_us);
    EXPECT_EQ(b.device.arrived.size(), 500u);
    EXPECT_EQ(b.wire.downward().credit_stalls, 0u);
    EXPECT_EQ(b.wire.upward().dllps, 500u);  // the ACKs
    EXPECT_EQ(b.wire.downward().dllps, 0u);
}

TEST(Link, P_036_blocked_non_posted_do_not_stop_posted_and_completions) {
    bench b(small_credits({64, 1024}, {1, 1}), keeps);
    for (unsigned i = 0; i < 5; ++i) b.port.send(b.read(0x1000));
    for (unsigned i = 0; i < 20; ++i) {
        b.port.send(b.write(0x2000));
        b.port.send(b.completion(64));
    }
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 41u);
}

TEST(Link, P_037_more_credits_than_were_taken_are_an_error) {
    bench b({}, keeps);
    b.device.socket.credit_return(fc_class::posted, 64, 1024);  // an advertisement, not an error
    b.port.send(b.write(0x1000));
    b.run(10_us);
    EXPECT_EQ(b.wire.downward().fc_protocol_errors, 0u);
    b.device.socket.credit_return(fc_class::posted, 128, 0);
    EXPECT_EQ(b.wire.downward().fc_protocol_errors, 1u);
}

TEST(Link, P_139_retrain_starts_with_all_credits_and_an_empty_link) {
    bench b(small_credits({4, 64}), keeps);
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(20_ns);
    const auto before = b.device.arrived.size();
    b.wire.set_up(false);
    b.run(10_us);
    EXPECT_EQ(b.device.arrived.size(), before);
    EXPECT_TRUE(b.port.queues[0].empty());  // everything sent into a link that is down is dropped
    EXPECT_EQ(b.wire.downward().dropped, 10u - before);
    b.wire.set_up(true);
    b.device.arrived.clear();
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(20_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);
    EXPECT_EQ(b.port.states, (std::vector<bool>{false, true}));
    EXPECT_EQ(b.device.states, (std::vector<bool>{false, true}));
}

TEST(Link, P_139_buffers_of_before_a_retrain_count_for_nothing_after_it) {
    bench b(small_credits({4, 64}), keeps);
    for (unsigned i = 0; i < 4; ++i) b.port.send(b.write(0x1000 * i));
    b.run(10_us);
    ASSERT_EQ(b.device.arrived.size(), 4u);
    b.wire.set_up(false);
    b.wire.set_up(true);
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(20_us);
    ASSERT_EQ(b.device.arrived.size(), 8u);  // all four credits again
    for (unsigned i = 0; i < 4; ++i) b.device.socket.credit_return(fc_class::posted, 1, 4);
    b.run(30_us);
    EXPECT_EQ(b.device.arrived.size(), 8u) << "those were of before";
    for (unsigned i = 0; i < 4; ++i) b.device.socket.credit_return(fc_class::posted, 1, 4);
    b.run(40_us);
    EXPECT_EQ(b.device.arrived.size(), 12u);
    EXPECT_EQ(b.wire.downward().fc_protocol_errors, 0u);
}

/// Credits in use and given, of the downward posted class, from the link's own events.
struct credit_book final : base::observer {
    explicit credit_book(std::uint64_t c) : flow_class(c) {}
    void on_event(const base::event& e) override {
        if (e.a != flow_class) return;
        const bool back = e.what == base::kind::credit_returned;
        log.push_back({back, e.b, e.c});
    }
    struct entry {
        bool back;
        std::uint64_t header, data;
        friend bool operator==(const entry&, const entry&) = default;
    };
    std::uint64_t flow_class;
    std::vector<entry> log;
};

TEST(Link, P_033_P_035_the_initial_advertisement_is_told_at_start_and_after_each_training) {
    link_config c = small_credits({4, 64});
    c.port_buffers[0] = {0, 32};  // infinite headers upward
    credit_book book{0};
    bench b(c, keeps, &book);
    const credit_book::entry down{true, 4, 64}, up{true, UINT32_MAX, 32};
    EXPECT_EQ(book.log, (std::vector{down, up}));
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000 * i));
    b.run(20_us);
    const credit_book::entry used{false, 1, 4};
    EXPECT_EQ(book.log, (std::vector{down, up, used, used, used, used}));
    b.wire.set_up(false);
    b.wire.set_up(true);
    EXPECT_EQ(book.log, (std::vector{down, up, used, used, used, used, down, up}));
}

TEST(Link, P_213_a_link_that_falls_in_the_middle_of_traffic_delivers_nothing_twice) {
    bench b;
    base::rng r(5, "link_flaps");
    unsigned sent = 0;
    for (unsigned round = 0; round < 200; ++round) {
        for (unsigned i = 0; i < 8; ++i) b.port.send(b.write(std::uint64_t{sent++} * 4096));
        b.run(b.ctx.now() + base::ps{static_cast<std::int64_t>(r.below(60'000))});
        b.wire.set_up(false);
        b.run(b.ctx.now() + base::ps{static_cast<std::int64_t>(r.below(20'000))});
        b.wire.set_up(true);
    }
    b.run(b.ctx.now() + 10_us);
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < b.device.arrived.size(); ++i) {
        EXPECT_TRUE(i == 0 || b.device.arrived[i]->address > last) << "in order, once";
        last = b.device.arrived[i]->address;
    }
    EXPECT_GT(b.device.arrived.size(), 300u);
    EXPECT_GT(b.wire.downward().dropped, 300u);
    EXPECT_EQ(b.device.arrived.size() + b.wire.downward().dropped, sent);
    EXPECT_EQ(b.wire.downward().fc_protocol_errors, 0u);
    b.device.arrived.clear();
    b.pool.check_no_leak();
}

TEST(Link, impossible_buffers_are_refused) {
    link_config c = small_credits({128, 0});
    base::context ctx;
    tlp_pool pool;
    EXPECT_THROW(link("link", ctx, pool, c), std::invalid_argument);
}

}  // namespace
}  // namespace drydock::pcie
