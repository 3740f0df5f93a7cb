// SPDX-License-Identifier: Apache-2.0
// ACK, NAK and replay; errors that a link finds and who is told.
#include <map>

#include "tests/tlm/pcie/link_bench.h"

namespace drydock::pcie {
namespace {

using errors = std::vector<link_error>;

/// Credits ample, 20 writes down.
void send_twenty(bench& b) {
    for (unsigned i = 0; i < 20; ++i) b.port.send(b.write(0x1000 * (i + 1)));
}

/// All twenty, each once and in order.
void expect_twenty(const bench& b) {
    ASSERT_EQ(b.device.arrived.size(), 20u);
    for (unsigned i = 0; i < 20; ++i) EXPECT_EQ(b.device.arrived[i]->address, 0x1000u * (i + 1));
}

TEST(Link, P_210_a_corrupted_TLP_is_delivered_once_later_with_Bad_TLP_at_the_receiver) {
    bench b;
    b.wire.inject(link_error::bad_tlp, true);
    b.port.send(b.write(0x1000));
    b.run(20_us);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    const base::ps good = base::ps{5'600 + 1'000};  // serialisation and flight of 88 B at gen4 x8
    EXPECT_GT(b.device.times[0], good * 2);
    EXPECT_LT(b.device.times[0], good * 5) << "by the NAK, not by the replay timer";
    EXPECT_EQ(b.device.errors, errors{link_error::bad_tlp});
    EXPECT_TRUE(b.port.errors.empty());
    EXPECT_EQ(b.wire.downward().tlps, 1u);
    b.device.arrived.clear();
    b.pool.check_no_leak();
}

TEST(Link, P_212_order_is_kept_over_a_replay) {
    bench b;
    b.wire.inject(link_error::bad_tlp, true, 3);
    send_twenty(b);
    b.run(50_us);
    expect_twenty(b);
}

TEST(Link, P_212_upward_traffic_does_not_notice_what_fails_downward) {
    bench b;
    b.wire.inject(link_error::bad_tlp, true, 3);
    send_twenty(b);
    for (unsigned i = 0; i < 20; ++i) b.device.send(b.completion(64));
    b.run(50_us);
    expect_twenty(b);
    EXPECT_EQ(b.port.arrived.size(), 20u);
    EXPECT_TRUE(b.port.errors.empty());
}

TEST(Link, P_211_three_failed_replays_then_the_fourth_attempt_retrains_and_replays) {
    bench b;
    std::vector<std::string> states;
    struct watch final : base::observer {
        explicit watch(bench& w, std::vector<std::string>& s) : owner(w), told(s) {}
        void on_event(const base::event& e) override {
            told.push_back(owner.ctx.probe.text_of(e.a) + "@" +
                           std::to_string(e.time.count / 1'000'000));
        }
        bench& owner;
        std::vector<std::string>& told;
    } watching(b, states);
    b.ctx.probe.subscribe(watching, base::kind::link_state);
    b.wire.inject(link_error::bad_tlp, true, 4);  // the first time and three replays
    b.port.send(b.write(0x1000));
    // One NAK; until something good arrives the receiver sends no other, the timer replays.
    b.run(45_us);
    EXPECT_TRUE(b.device.arrived.empty()) << "the link is in Recovery";
    b.run(100_us);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_GT(b.device.times[0], 46_us) << "three timers of 12 us, 10 us of Recovery";
    EXPECT_LT(b.device.times[0], 47_us);
    EXPECT_EQ(b.port.errors, (errors{link_error::replay_timeout, link_error::replay_timeout,
                                     link_error::replay_timeout, link_error::replay_rollover}));
    EXPECT_EQ(b.device.errors, errors(4, link_error::bad_tlp));
    EXPECT_EQ(states, (std::vector<std::string>{"recovery@36", "up@46"}));
    EXPECT_TRUE(b.port.states.empty()) << "DL_Active stays";
    b.ctx.probe.unsubscribe(watching);
}

TEST(Link, P_211_three_replays_need_no_retraining) {
    bench b;
    b.wire.inject(link_error::bad_tlp, true, 3);
    b.port.send(b.write(0x1000));
    b.run(30_us);
    EXPECT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.port.errors, errors(2, link_error::replay_timeout));
}

TEST(Link, P_211_progress_between_failures_starts_the_count_again) {
    bench b;
    for (unsigned i = 0; i < 6; ++i) {
        b.wire.inject(link_error::bad_tlp, true);
        b.port.send(b.write(0x1000));
        b.run(b.ctx.now() + 2_us);
    }
    EXPECT_EQ(b.device.arrived.size(), 6u);
    EXPECT_TRUE(b.port.errors.empty());
}

TEST(Link, P_210_a_lost_TLP_is_a_receiver_error_and_the_replay_timer_brings_it_back) {
    link_config c;
    bench b(c);
    b.wire.inject(link_error::receiver, true);
    b.port.send(b.write(0x1000));
    b.run(100_us);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_GT(b.device.times[0], replay_timeout(c.gen, c.width, c.max_payload));
    EXPECT_LT(b.device.times[0], replay_timeout(c.gen, c.width, c.max_payload) + 1_us);
    EXPECT_EQ(b.device.errors, errors{link_error::receiver});
    EXPECT_EQ(b.port.errors, errors{link_error::replay_timeout});
}

TEST(Link, P_210_a_lost_TLP_with_others_behind_it_is_found_by_its_sequence_number) {
    bench b;
    b.wire.inject(link_error::receiver, true);
    send_twenty(b);
    b.run(5_us);
    expect_twenty(b);
    EXPECT_EQ(b.device.errors, (errors{link_error::receiver, link_error::bad_tlp}));
    EXPECT_TRUE(b.port.errors.empty());
}

TEST(Link, P_212_a_lost_ACK_costs_a_replay_that_the_receiver_takes_for_a_duplicate) {
    bench b;
    b.wire.inject(link_error::bad_dllp, true);
    b.port.send(b.write(0x1000));
    b.run(100_us);
    EXPECT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.port.errors, (errors{link_error::bad_dllp, link_error::replay_timeout}));
    EXPECT_TRUE(b.device.errors.empty());
    EXPECT_EQ(b.wire.downward_retry().replays(), 1u);
}

TEST(Link, P_212_a_lost_ACK_is_made_good_by_the_next) {
    bench b;
    b.wire.inject(link_error::bad_dllp, true);
    send_twenty(b);
    b.run(100_us);
    expect_twenty(b);
    EXPECT_EQ(b.port.errors, errors{link_error::bad_dllp});
    EXPECT_EQ(b.wire.downward_retry().replays(), 0u);
}

TEST(Link, P_211_four_replay_timeouts_roll_REPLAY_NUM_over) {
    bench b;
    b.wire.inject(link_error::replay_timeout, true, 4);
    b.port.send(b.write(0x1000));
    b.run(200_us);
    EXPECT_EQ(b.device.arrived.size(), 1u);
    const errors four{link_error::replay_timeout, link_error::replay_timeout,
                      link_error::replay_timeout, link_error::replay_timeout,
                      link_error::replay_rollover};
    EXPECT_EQ(b.port.errors, four);
    b.port.send(b.write(0x2000));
    b.run(300_us);
    EXPECT_EQ(b.device.arrived.size(), 2u);
    EXPECT_EQ(b.port.errors, four) << "the link is well again";
}

TEST(Link, P_215_one_TLP_alone_and_a_burst_are_acknowledged_within_the_limit) {
    link_config c;
    c.tlps_per_ack = 8;
    bench b(c);
    b.wire.inject(link_error::bad_tlp, true, 0);  // numbered TLPs from here on, none of them bad
    const base::ps limit = ack_limit(c.gen, c.width, c.max_payload);
    b.port.send(b.write(0x1000));
    b.run(limit);
    EXPECT_EQ(b.wire.upward().dllps, 0u);
    b.run(limit + 10_ns);
    EXPECT_EQ(b.wire.upward().dllps, 1u);
    send_twenty(b);
    b.run(b.ctx.now() + 5_us);
    EXPECT_EQ(b.wire.upward().dllps, 1u + 3u + 5u) << "8, 8 and 4 TLPs; an UpdateFC for four of 21";
    EXPECT_TRUE(b.port.errors.empty());
}

TEST(Link, P_213_at_DL_Down_in_the_middle_of_a_replay_nothing_is_delivered_twice) {
    bench b;
    base::rng r(9, "flaps");
    unsigned sent = 0;
    for (unsigned round = 0; round < 200; ++round) {
        b.wire.inject(link_error::bad_tlp, true, 1 + round % 3);
        for (unsigned i = 0; i < 8; ++i) b.port.send(b.write(std::uint64_t{++sent} * 4096));
        b.run(b.ctx.now() + base::ps{static_cast<std::int64_t>(r.below(90'000))});
        b.wire.set_up(false);
        b.run(b.ctx.now() + base::ps{static_cast<std::int64_t>(r.below(20'000))});
        b.wire.set_up(true);
    }
    b.run(b.ctx.now() + 100_us);
    std::uint64_t last = 0;
    for (const tlp_ptr& t : b.device.arrived) {
        EXPECT_GT(t->address, last) << "in order, once";
        last = t->address;
    }
    EXPECT_GT(b.device.arrived.size(), 300u);
    EXPECT_EQ(b.device.arrived.size() + b.wire.downward().dropped, sent);
    b.device.arrived.clear();
    b.pool.check_no_leak();
}

link_config noisy(std::uint64_t bit_errors) {
    link_config c;
    c.bit_errors = bit_errors;
    return c;
}

TEST(Link, P_210_P_212_with_bit_errors_everything_arrives_once_and_in_order_both_ways) {
    bench b(noisy(20'000'000'000));  // 2e-5: one TLP of 70
    constexpr unsigned n = 20'000;   // sequence numbers wrap four times
    for (unsigned i = 0; i < n; ++i) {
        b.port.send(b.write(64ull * (i + 1)));
        tlp_ptr t = b.completion(64);
        t->byte_count = static_cast<std::uint16_t>(i % 4096 + 1);
        b.device.send(std::move(t));
    }
    b.run(100_ms);
    ASSERT_EQ(b.device.arrived.size(), n);
    ASSERT_EQ(b.port.arrived.size(), n);
    for (unsigned i = 0; i < n; ++i) {
        ASSERT_EQ(b.device.arrived[i]->address, 64ull * (i + 1));
        ASSERT_EQ(b.port.arrived[i]->byte_count, i % 4096 + 1);
    }
    std::map<link_error, unsigned> at_device;
    for (const link_error e : b.device.errors) ++at_device[e];
    // 88 B and 84 B with 2e-5 a bit: 1.4 % of the TLPs, and of what is sent again
    EXPECT_NEAR(at_device[link_error::bad_tlp], n * 0.014, n * 0.003);
    EXPECT_GT(at_device[link_error::bad_dllp], 0u);
    EXPECT_EQ(b.wire.downward().fc_protocol_errors + b.wire.upward().fc_protocol_errors, 0u);
    b.device.arrived.clear();
    b.port.arrived.clear();
    b.pool.check_no_leak();
}

TEST(Link, P_033_credits_survive_UpdateFCs_that_arrive_wrong) {
    link_config c = small_credits({2, 16});
    c.bit_errors = 1'000'000'000'000;  // 1e-3: one DLLP of 16
    bench b(c);
    for (unsigned i = 0; i < 500; ++i) b.port.send(b.write(0x1000 * (i + 1), 16));
    b.run(1000_ms);
    EXPECT_EQ(b.device.arrived.size(), 500u);
}

TEST(Link, P_033_an_UpdateFC_says_what_a_lost_one_said) {
    bench b(small_credits({4, 64}), keeps);
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000));
    b.run(1_us);
    ASSERT_EQ(b.device.arrived.size(), 4u);
    b.wire.inject(link_error::bad_dllp, true);
    b.device.socket.credit_return(fc_class::posted, 1, 4);
    b.run(2_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);
    b.device.socket.credit_return(fc_class::posted, 1, 4);
    b.run(3_us);
    EXPECT_EQ(b.device.arrived.size(), 6u);
    EXPECT_EQ(b.port.errors, errors{link_error::bad_dllp});
}

TEST(Link, P_033_the_periodic_UpdateFC_makes_a_lost_one_good) {
    bench b(small_credits({4, 64}), keeps);
    for (unsigned i = 0; i < 10; ++i) b.port.send(b.write(0x1000));
    b.run(1_us);
    b.wire.inject(link_error::bad_dllp, true);
    b.device.socket.credit_return(fc_class::posted, 1, 4);
    b.run(29_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);
    b.run(31_us);
    EXPECT_EQ(b.device.arrived.size(), 5u);
}

TEST(Link, without_bit_errors_a_TLP_needs_no_record_more) {
    bench b;
    send_twenty(b);
    b.run(50_us);
    EXPECT_LE(b.ctx.timeline.records_run(), 40u);
    EXPECT_EQ(b.wire.downward_retry().replays(), 0u);
}

TEST(Link, P_091_bit_4_an_ACK_of_what_was_not_sent_is_a_protocol_error_at_the_sender) {
    bench b;
    send_twenty(b);
    b.run(10_us);
    b.wire.inject(link_error::data_link_protocol, true);
    EXPECT_EQ(b.port.errors, errors{link_error::data_link_protocol});
    EXPECT_TRUE(b.device.errors.empty());
}

TEST(Link, P_037_P_091_bit_13_too_many_credits_are_told_to_the_sender) {
    bench b({}, keeps);
    b.port.send(b.write(0x1000));
    b.run(10_us);
    b.device.socket.credit_return(fc_class::posted, 128, 0);
    EXPECT_EQ(b.port.errors, errors{link_error::fc_protocol});
    EXPECT_TRUE(b.device.errors.empty());
}

TEST(Link, P_091_bit_17_a_TLP_without_a_buffer_is_dropped_and_told_to_the_receiver) {
    bench b;
    b.wire.inject(link_error::receiver_overflow, true);
    send_twenty(b);
    b.run(10_us);
    EXPECT_EQ(b.device.arrived.size(), 19u);
    EXPECT_EQ(b.device.errors, errors{link_error::receiver_overflow});
    EXPECT_EQ(b.wire.downward().overflows, 1u);
    for (unsigned i = 0; i < 200; ++i) b.port.send(b.write(0x1000));
    b.run(1_ms);
    EXPECT_EQ(b.device.arrived.size(), 219u) << "its credits are not lost";
}

TEST(Link, P_033_a_stall_of_each_class_is_told_with_its_end) {
    link_config c = small_credits({1, 64}, {1, 64});
    c.device_buffers[2] = {1, 64};
    bench b(c, keeps);
    struct watch final : base::observer {
        void on_event(const base::event& e) override { told.push_back({e.a, e.b}); }
        std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
    } watching;
    b.ctx.probe.subscribe(watching, base::kind::credit_stall);
    for (unsigned i = 0; i < 2; ++i) {
        b.port.send(b.completion(64));
        b.port.send(b.read(0x1000));
        b.port.send(b.write(0x1000));
    }
    b.run(10_us);
    using told = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
    EXPECT_EQ(watching.told, (told{{0, 1}, {1, 1}, {2, 1}}));
    for (const fc_class k : {fc_class::posted, fc_class::non_posted, fc_class::completion})
        b.device.socket.credit_return(k, 1, 4);
    b.run(20_us);
    EXPECT_EQ(b.device.arrived.size(), 6u);
    ASSERT_EQ(watching.told.size(), 6u);
    for (std::size_t i = 3; i < 6; ++i) EXPECT_EQ(watching.told[i].second, 0u);
    b.ctx.probe.unsubscribe(watching);
}

// -- flits ---------------------------------------------------------------------------------------

TEST(Link, P_151_a_TLP_in_flits_is_there_when_its_flit_ends) {
    link_config c;
    c.gen = 6;
    c.width = 4;
    c.dllp = dllp_accounting::none;
    bench b(c);
    b.port.send(b.write(0x8'0000'0000, 64));   // 80 bytes of the first 236
    b.port.send(b.write(0x8'0000'0000, 256));  // ends in the second flit: 352 of 472
    b.run(1_us);
    ASSERT_EQ(b.device.times.size(), 2u);
    const base::ps flit{8'000};  // 256 B at 4 x 8 B/ns
    EXPECT_EQ(b.device.times[0], flit + 1_ns);
    EXPECT_EQ(b.device.times[1], flit * 2 + 1_ns);
}

TEST(Link, P_151_flits_carry_7_375_bytes_per_ns_and_lane_and_their_DLLPs_cost_nothing) {
    link_config c;
    c.gen = 6;
    c.width = 1;
    bench b(c);
    constexpr unsigned n = 2000;
    for (unsigned i = 0; i < n; ++i) b.port.send(b.write(0x8'0000'0000, 256));
    b.run(1_ms);
    const base::ps span = b.device.times.back() - b.device.times.front();
    const double rate = 272.0 * (n - 1) * 1000.0 / static_cast<double>(span.count);
    EXPECT_NEAR(rate, 7.375, 7.375 * 0.003);
    EXPECT_EQ(b.wire.upward().dllps, 0u);
}

TEST(Link, P_210_a_flit_that_fails_is_sent_again) {
    link_config c;
    c.gen = 6;
    bench b(c);
    b.wire.inject(link_error::bad_tlp, true, 2);
    send_twenty(b);
    b.run(50_us);
    expect_twenty(b);
    EXPECT_EQ(b.wire.upward().dllps, 0u);
}

TEST(Link, P_012_tags_of_10_bits_cross_the_link) {
    bench b;
    for (unsigned tag = 256; tag < 1024; ++tag) {
        tlp_ptr t = b.read(0x1000);
        t->tag = static_cast<std::uint16_t>(tag);
        b.port.send(std::move(t));
    }
    b.run(100_us);
    ASSERT_EQ(b.device.arrived.size(), 768u);
    for (unsigned i = 0; i < 768; ++i) EXPECT_EQ(b.device.arrived[i]->tag, 256 + i);
}

}  // namespace
}  // namespace drydock::pcie
