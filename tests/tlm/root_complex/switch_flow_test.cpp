// SPDX-License-Identifier: Apache-2.0
// Order, credits, arbitration, time, and links that go down, in a switch.
#include "tests/bench/measure.h"
#include "tests/tlm/root_complex/switch_bench.h"
#include "tlm/pcie/link.h"

namespace drydock::root_complex {
namespace {

using pcie::cpl_status;
using pcie::error;
using pcie::msg_code;
using pcie::msg_routing;

constexpr base::routing_id endpoint{0x0300}, root_id{0x0000};
constexpr std::uint64_t memory = 0x4000'0000;
constexpr auto posted = static_cast<std::size_t>(fc_class::posted);

/// Nobody gives room but the test.
struct SwitchStore : ::testing::Test, switch_bench {
    SwitchStore() : switch_bench(nullptr, 40) {
        root.frees = false;
        for (auto& d : below) d->frees = false;
        drain();
    }
    /// Uses up the room that is left above the switch.
    void drain() {
        below[0]->frees = true;
        for (const auto c : {fc_class::posted, fc_class::non_posted, fc_class::completion}) {
            for (bool left = true; left;) {
                const std::size_t before = root.arrived.size();
                below[0]->socket.send(of(c, 3));
                run();
                left = root.arrived.size() != before;
            }
            root.give(c, 1);  // for the one that waits now
            run();
        }
        clear();
    }
    tlp_ptr of(fc_class c, unsigned bus) {
        if (c == fc_class::posted) return make(tlp_type::mwr, memory, 64, bus);
        if (c == fc_class::non_posted) return make(tlp_type::mrd, memory, 64, bus);
        return completion(root_id, pcie::make_routing_id(bus, 0, 0));
    }
};

TEST_F(SwitchStore, P_030_a_read_never_overtakes_a_write_that_waits) {
    below[0]->socket.send(of(fc_class::posted, 3));
    below[0]->socket.send(of(fc_class::non_posted, 3));
    root.give(fc_class::non_posted, 4);
    run();
    EXPECT_TRUE(root.arrived.empty());
    root.give(fc_class::posted, 1);
    run();
    ASSERT_EQ(root.arrived.size(), 2u);
    EXPECT_EQ(root.arrived[0]->type, tlp_type::mwr);
    EXPECT_EQ(root.arrived[1]->type, tlp_type::mrd);
}

TEST_F(SwitchStore, P_031_a_completion_waits_for_the_write_before_it) {
    below[0]->socket.send(of(fc_class::posted, 3));
    below[0]->socket.send(of(fc_class::completion, 3));
    root.give(fc_class::completion, 4);
    run();
    EXPECT_TRUE(root.arrived.empty());
    root.give(fc_class::posted, 1);
    run();
    ASSERT_EQ(root.arrived.size(), 2u);
    EXPECT_EQ(root.arrived[0]->type, tlp_type::mwr);
}

TEST_F(SwitchStore, P_036_with_non_posted_blocked_the_others_flow) {
    for (unsigned i = 0; i < 8; ++i) below[0]->socket.send(of(fc_class::non_posted, 3));
    for (unsigned i = 0; i < 8; ++i) {
        below[0]->socket.send(of(fc_class::posted, 3));
        below[0]->socket.send(of(fc_class::completion, 3));
    }
    root.give(fc_class::posted, 8);
    root.give(fc_class::completion, 8);
    run();
    EXPECT_EQ(root.arrived.size(), 16u);
    for (const auto& t : root.arrived) EXPECT_NE(t->flow_class(), fc_class::non_posted);
}

TEST_F(SwitchStore, P_033_a_buffer_comes_back_when_its_TLP_has_left_not_before) {
    below[1]->socket.send(of(fc_class::posted, 4));
    run();
    EXPECT_EQ(below[1]->freed[posted], 0u);
    root.give(fc_class::posted, 1);
    run();
    EXPECT_EQ(below[1]->freed[posted], 1u);
    EXPECT_EQ(below[1]->freed_data[posted], 4u) << "64 B";
    EXPECT_EQ(below[0]->freed[posted], 0u);
}

TEST_F(SwitchStore, a_port_that_has_no_room_holds_no_other_up) {
    below[0]->socket.send(of(fc_class::posted, 3));  // waits for the root
    below[0]->socket.send(make(tlp_type::mwr, mmio + window, 64, 3));
    run();
    EXPECT_EQ(below[1]->arrived.size(), 1u);
}

TEST_F(SwitchStore, ingresses_take_turns) {
    for (unsigned i = 0; i < 4; ++i)
        for (unsigned n = 0; n < ports; ++n) below[n]->socket.send(of(fc_class::posted, 3 + n));
    run();
    root.give(fc_class::posted, 12);
    run();
    ASSERT_EQ(root.arrived.size(), 12u);
    for (unsigned i = 3; i < 12; ++i)
        EXPECT_EQ(root.arrived[i]->requester, root.arrived[i - 3]->requester) << i;
    EXPECT_NE(root.arrived[0]->requester, root.arrived[1]->requester);
}

/// Always the last.
struct last_choice final : base::choice {
    std::size_t choose(std::string_view point, std::span<const base::candidate> among) override {
        if (point != "switch_egress") return 0;
        ++asked;
        for (const auto& c : among) names.emplace_back(c.name);
        return among.size() - 1;
    }
    unsigned asked = 0;
    std::vector<std::string> names;
};

TEST(SwitchChoice, the_chooser_decides_where_several_are_ready_and_is_not_asked_otherwise) {
    last_choice chooser;
    switch_bench b(&chooser);
    b.below[0]->socket.send(b.make(tlp_type::mwr, memory, 64, 3));
    b.run();
    EXPECT_EQ(chooser.asked, 0u);
    for (unsigned n = 0; n < switch_bench::ports; ++n)
        b.below[n]->socket.send(b.make(tlp_type::mwr, memory, 64, 3 + n));
    b.run();
    EXPECT_EQ(chooser.asked, 2u);
    EXPECT_EQ(chooser.names.front(), "dsp1") << "whose turn it is comes first";
    ASSERT_EQ(b.root.arrived.size(), 4u);
}

/// Real links above and below.
struct linked {
    linked()
        : sw("sw", ctx, pool, one_port()),
          above("above", ctx, pool, {}),
          below("below", ctx, pool, {}) {
        root.socket.bind(above.up);
        above.down.bind(sw.upstream());
        sw.downstream(0).bind(below.up);
        below.down.bind(device.socket);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        for (unsigned number : {0u, 1u}) {
            auto& c = sw.port(number).config();
            c.write(0x18, 4, number == 0 ? 0x0003'0201 : 0x0003'0302);
            c.write(0x20, 4, 0x1ff0'1000);
            c.write(0x04, 2, 6);
        }
    }
    static switch_config one_port() { return {}; }
    base::context ctx;
    pcie::tlp_pool pool;
    pcie_switch sw;
    pcie::link above, below;
    switch_neighbour<pcie::downstream_socket> root{"root", ctx, pool};
    switch_neighbour<pcie::upstream_socket> device{"device", ctx, pool};
};

struct sent_times final : base::observer {
    void on_event(const base::event& e) override { at.push_back(e.time); }
    std::vector<base::ps> at;
};

TEST(SwitchTime, first_byte_in_to_first_byte_out_is_the_cut_through_latency) {
    linked l;
    sent_times sent;
    l.ctx.probe.subscribe(sent, base::kind::tlp_sent);
    tlp_ptr t = l.pool.make();
    t->type = tlp_type::mwr;
    t->address = memory;
    t->length = 32;
    t->first_be = t->last_be = 0xf;
    t->requester = endpoint;
    l.pool.add_payload(*t);
    l.device.socket.send(std::move(t));
    l.ctx.timeline.run(2_us);
    l.ctx.probe.unsubscribe(sent);
    ASSERT_EQ(l.root.arrived.size(), 1u);
    ASSERT_EQ(sent.at.size(), 2u);
    const base::ps flight = l.below.config().propagation;
    EXPECT_EQ(sent.at[1] - sent.at[0] - flight, switch_config{}.cut_through);
}

TEST(SwitchTime, P_036_completions_have_credits_at_a_switch_and_get_them_back) {
    linked l;
    for (unsigned i = 0; i < 8; ++i) {
        tlp_ptr t = l.pool.make();
        t->type = tlp_type::cpl;
        t->byte_count = 4;
        t->requester = root_id;
        t->completer = endpoint;
        l.device.socket.send(std::move(t));
    }
    l.ctx.timeline.run(2_us);
    EXPECT_EQ(l.root.arrived.size(), 8u);
    EXPECT_EQ(l.below.upward().fc_protocol_errors, 0u);
    EXPECT_EQ(l.above.upward().fc_protocol_errors, 0u);
}

TEST(SwitchTime, P_210_what_the_link_below_finds_is_logged_by_its_port_and_told_upwards) {
    linked l;
    auto& port = l.sw.port(1).config();
    for (unsigned number : {0u, 1u}) {
        auto& c = l.sw.port(number).config();
        c.write(static_cast<std::uint16_t>(c.express().at + 8u), 2, 0xf);  // report all errors
        c.write(0x3e, 2, 2);                                               // Bridge Control SERR
    }
    l.below.inject(pcie::link_error::bad_tlp, false);
    tlp_ptr t = l.pool.make();
    t->type = tlp_type::mwr;
    t->address = memory;
    t->length = 1;
    t->first_be = 0xf;
    t->requester = endpoint;
    l.pool.add_payload(*t);
    l.device.socket.send(std::move(t));
    l.ctx.timeline.run(5_us);
    const auto status = [](pcie::config_space& c) {
        return c.registers().get32(c.aer().at + 0x10u);
    };
    EXPECT_EQ(status(port), 1u << 6);
    EXPECT_EQ(status(l.sw.port(0).config()), 0u);
    ASSERT_EQ(l.root.arrived.size(), 2u) << "the write, once, and ERR_COR";
    unsigned messages = 0;
    for (const auto& a : l.root.arrived)
        if (a->is_message()) {
            ++messages;
            EXPECT_EQ(a->code, msg_code::err_cor);
            EXPECT_EQ(a->requester, l.sw.port(1).id());
        }
    EXPECT_EQ(messages, 1u);
}

struct SwitchLink : ::testing::Test, switch_bench {};

TEST_F(SwitchLink, P_137_towards_a_link_that_is_down_non_posted_is_UR_posted_is_dropped) {
    below[1]->socket.set_link(false);
    root.socket.send(make(tlp_type::mrd, mmio + window, 4, 0));
    root.socket.send(make(tlp_type::mwr, mmio + window, 4, 0));
    root.socket.send(message(msg_code::invalidate_request, msg_routing::by_id, root_id,
                             base::routing_id{0x0400}));
    root.socket.send(config_request(false, 4, 0, 0));
    run();
    ASSERT_EQ(root.arrived.size(), 2u);
    for (const auto& c : root.arrived) EXPECT_EQ(c->status, cpl_status::unsupported_request);
    EXPECT_TRUE(below[1]->arrived.empty());
    EXPECT_EQ(root.freed[0], 2u);
    EXPECT_EQ(root.freed[1], 2u);
    EXPECT_FALSE(sw.port(2).config().express().link_active());
    below[1]->socket.set_link(true);
    clear();
    root.socket.send(make(tlp_type::mrd, mmio + window, 4, 0));
    run();
    EXPECT_EQ(below[1]->arrived.size(), 1u);
}

TEST_F(SwitchStore, what_waits_for_a_link_that_goes_down_is_answered_or_dropped) {
    // The room below port 2 is used up: reads and writes wait there.
    for (unsigned i = 0; i < 50; ++i) {
        root.socket.send(make(tlp_type::mrd, mmio + 2 * window, 4, 0));
        root.socket.send(make(tlp_type::mwr, mmio + 2 * window, 4, 0));
    }
    run();
    const auto reached = below[2]->arrived.size();
    ASSERT_LT(reached, 100u);
    const auto freed = root.freed[0] + root.freed[1];
    below[2]->socket.set_link(false);
    root.give(fc_class::completion, 100);
    run();
    EXPECT_EQ(root.freed[0] + root.freed[1], 100u);
    EXPECT_LT(freed, 100u);
    unsigned refused = 0;
    for (const auto& c : root.arrived) refused += c->status == cpl_status::unsupported_request;
    EXPECT_GT(refused, 0u);
}

TEST_F(SwitchLink, P_130_link_down_above_resets_the_switch_and_takes_the_links_below_down) {
    root.socket.set_link(false);
    run();
    for (auto& d : below) EXPECT_EQ(d->states, std::vector<bool>{false});
    EXPECT_EQ(sw.port(1).forwards().secondary(), 0);
    EXPECT_EQ(sw.port(0).forwards().secondary(), 0);
    run(49_ms);
    root.socket.set_link(true);
    for (auto& d : below) EXPECT_EQ(d->states, std::vector<bool>{false}) << "still training";
    run(2_ms);  // 50 ms from the reset on, not from the link above
    for (auto& d : below) EXPECT_EQ(d->states, (std::vector<bool>{false, true}));
    clear();
    below[0]->socket.send(make(tlp_type::mrd, memory, 4, 3));  // BME=0 until enumerated again
    run();
    EXPECT_TRUE(root.arrived.empty());
    program();
    below[0]->socket.send(make(tlp_type::mrd, memory, 4, 3));
    run();
    EXPECT_EQ(root.arrived.size(), 1u);
}

TEST_F(SwitchLink, P_130_secondary_bus_reset_of_the_upstream_port_resets_the_ports_below_alone) {
    config_write(1, 0, 0x3e, 2, 0x40);
    for (auto& d : below) EXPECT_EQ(d->states, std::vector<bool>{false});
    EXPECT_EQ(sw.port(2).forwards().secondary(), 0);
    EXPECT_EQ(sw.port(0).forwards().secondary(), 2);
    run(100_ms);
    for (auto& d : below) EXPECT_EQ(d->states, std::vector<bool>{false}) << "while the bit is set";
    config_write(1, 0, 0x3e, 2, 0);
    run(49_ms);
    for (auto& d : below) EXPECT_EQ(d->states, std::vector<bool>{false});
    run(1_ms);
    for (auto& d : below) EXPECT_EQ(d->states, (std::vector<bool>{false, true}));
}

TEST_F(SwitchLink, P_130_secondary_bus_reset_and_link_disable_of_a_downstream_port_are_its_own) {
    config_write(2, 1, 0x3e, 2, 0x40);
    EXPECT_EQ(below[1]->states, std::vector<bool>{false});
    config_write(2, 1, 0x3e, 2, 0);
    run(51_ms);
    const unsigned express = sw.port(2).config().registers().image.bytes[0x34];
    config_write(2, 1, express + 0x10, 2, 0x10);
    EXPECT_EQ(below[1]->states, (std::vector<bool>{false, true, false}));
    EXPECT_TRUE(below[0]->states.empty());
    EXPECT_EQ(sw.port(2).forwards().secondary(), 4) << "the port itself keeps its registers";
}

TEST_F(SwitchLink, a_TLP_on_its_way_costs_no_allocation) {
    for (auto& d : below) d->keeps = false;
    root.keeps = false;
    const auto traffic = [&] {
        for (unsigned i = 0; i < 16; ++i) {
            for (unsigned n = 0; n < ports; ++n) {
                below[n]->socket.send(make(tlp_type::mwr, memory, 64, 3 + n));
                below[n]->socket.send(make(tlp_type::mrd, memory, 64, 3 + n));
            }
            root.socket.send(make(tlp_type::mwr, mmio, 64, 0));
        }
        run();
        root.times.clear();
        for (auto& d : below) d->times.clear();
    };
    for (unsigned i = 0; i < 4; ++i) traffic();
    const auto before = bench::allocations();
    traffic();
    EXPECT_EQ(bench::allocations(), before);
    EXPECT_GT(sw.port(0).count().sent, 400u);
}

TEST(SwitchConfig, no_or_too_many_ports_are_refused) {
    base::context ctx;
    pcie::tlp_pool pool;
    switch_config c;
    c.ports.clear();
    EXPECT_THROW(pcie_switch("a", ctx, pool, c), std::invalid_argument);
    c.ports.resize(33);
    EXPECT_THROW(pcie_switch("b", ctx, pool, c), std::invalid_argument);
}

}  // namespace
}  // namespace drydock::root_complex
