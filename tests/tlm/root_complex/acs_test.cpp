// SPDX-License-Identifier: Apache-2.0
// Access Control Services at a root port; what was redirected and comes down again.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"
#include "tlm/pcie/caps/acs.h"

namespace drydock::root_complex {
namespace {

using acs = pcie::acs_view;
using pcie::tlp_type;

root_complex_config with_acs() {
    root_complex_config c = bench::two_ports();
    c.ports[0].acs = acs::source_validation | acs::translation_blocking | acs::request_redirect |
                     acs::completion_redirect | acs::upstream_forwarding;
    return c;
}

struct acs_bench : bench {
    acs_bench() : bench(with_acs()) {}
    void enable(unsigned services) {
        config_write(0, 1, rc.root(0).config().acs().at + 6, 2, services);
    }
    void send(tlp_type type, base::address_type at, unsigned requester = 0x0100) {
        auto t = request(type, ram + 0x100, 64);
        t->at = at;
        t->requester = base::routing_id{static_cast<std::uint16_t>(requester)};
        device.socket.send(std::move(t));
        run();
    }
    bool violated() {
        return (rc.root(0).config().aer().uncorrectable_status() >>
                    static_cast<unsigned>(pcie::error::acs_violation) &
                1) != 0;
    }
    std::uint32_t in_memory() { return mem.load<std::uint32_t>(base::phys_addr{ram + 0x100}); }
};

TEST(RootPortAcs, P_057_translation_blocking_keeps_a_translated_write_from_memory) {
    acs_bench b;
    b.enable(acs::translation_blocking);
    b.send(tlp_type::mwr, base::address_type::translated);
    EXPECT_EQ(b.in_memory(), 0u);
    EXPECT_TRUE(b.violated());
    b.send(tlp_type::mwr, base::address_type::untranslated);
    EXPECT_NE(b.in_memory(), 0u);
}

TEST(RootPortAcs, P_060_translation_blocking_answers_a_Translation_Request_with_CA) {
    acs_bench b;
    b.enable(acs::translation_blocking);
    b.send(tlp_type::mrd, base::address_type::translation_request);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->status, pcie::cpl_status::completer_abort);
    EXPECT_TRUE(b.smmu.arrived.empty());
}

TEST(RootPortAcs, source_validation_keeps_a_foreign_requester_out) {
    acs_bench b;
    b.enable(acs::source_validation);
    b.send(tlp_type::mwr, base::address_type::untranslated, 0x0400);
    EXPECT_EQ(b.in_memory(), 0u);
    EXPECT_TRUE(b.violated());
    b.send(tlp_type::mwr, base::address_type::untranslated);
    EXPECT_NE(b.in_memory(), 0u);
}

TEST(RootPortAcs, services_that_are_off_change_nothing) {
    acs_bench b;
    b.send(tlp_type::mwr, base::address_type::translated, 0x0400);
    EXPECT_NE(b.in_memory(), 0u);
    EXPECT_FALSE(b.violated());
}

TEST(RootPortAcs, a_completion_between_functions_goes_down_to_the_one_that_asked) {
    acs_bench b;
    const auto answer = [&](unsigned requester) {
        auto c = b.pool.make();
        c->type = tlp_type::cpl;
        c->byte_count = 4;
        c->requester = base::routing_id{static_cast<std::uint16_t>(requester)};
        c->completer = base::routing_id{0x0100};
        b.device.arrived.clear();
        b.device.socket.send(std::move(c));
        b.run();
    };
    answer(0x0200);  // of a bus further down at the same port
    EXPECT_EQ(b.device.arrived.size(), 1u);
    answer(0x0400);
    EXPECT_EQ(b.other.arrived.size(), 1u) << "at the other port";
    answer(0x0500);
    EXPECT_EQ(b.rc.count().unexpected, 1u) << "nobody has that bus";
}

/// A request whose address, as the SMMU lets it pass, lies in a BAR's window.
struct peer_bench : bench {
    peer_bench() : bench(bound{}, two_ports(), true) {
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        program(0, 1, 3);
        program(1, 4, 4);
    }
};

TEST(RootPortAcs, a_redirected_write_reaches_the_BAR_as_one_of_the_root_complex) {
    peer_bench b;
    b.device.socket.send(b.request(tlp_type::mwr, bench::mmio + 0x100'0000, 16));
    b.run();
    ASSERT_EQ(b.other.arrived.size(), 1u);
    EXPECT_EQ(b.other.arrived[0]->type, tlp_type::mwr);
    EXPECT_EQ(b.other.arrived[0]->address, bench::mmio + 0x100'0000);
    EXPECT_EQ(b.other.arrived[0]->requester.value, 0) << "not the function's";
    EXPECT_EQ((*b.other.arrived[0]->payload)[15], 16);
}

TEST(RootPortAcs, a_redirected_read_comes_back_to_the_function_that_asked) {
    peer_bench b;
    b.other.on_arrival = [&](const pcie::tlp& t) {
        auto c = b.pool.make();
        c->type = tlp_type::cpl_d;
        c->requester = t.requester;
        c->tag = t.tag;
        c->length = 1;
        c->byte_count = 4;
        b.pool.add_payload(*c);
        (*c->payload)[0] = 0x5a;
        b.other.socket.send(std::move(c));
    };
    auto t = b.request(tlp_type::mrd, bench::mmio + 0x100'0040, 4);
    t->tag = 33;
    b.device.socket.send(std::move(t));
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->type, tlp_type::cpl_d);
    EXPECT_EQ(b.device.arrived[0]->tag, 33);
    EXPECT_EQ((*b.device.arrived[0]->payload)[0], 0x5a);
}

TEST(RootPortAcs, a_redirected_request_into_no_window_harms_nobody) {
    peer_bench b;
    b.device.socket.send(b.request(tlp_type::mrd, bench::mmio + 0x800'0000, 4));
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u) << "answered";
    EXPECT_TRUE(b.other.arrived.empty());
    EXPECT_EQ(b.rc.count().unrouted, 1u);
}

}  // namespace
}  // namespace drydock::root_complex
