// SPDX-License-Identifier: Apache-2.0
// Access Control Services at the downstream ports of a switch (PCIe 6.12).
#include "tests/tlm/root_complex/switch_bench.h"

namespace drydock::root_complex {
namespace {

using acs = pcie::acs_view;
using pcie::cpl_status;
using pcie::error;
using pcie::msg_code;
using pcie::msg_routing;

constexpr base::routing_id endpoint{0x0300}, peer{0x0400};

struct SwitchAcs : ::testing::Test, switch_bench {
    SwitchAcs() : switch_bench(nullptr, 64, acs::all) {}

    /// Services of downstream port n, and its egress control vector.
    void enable(unsigned n, unsigned services, unsigned vector = 0) {
        const unsigned at = sw.port(n + 1).config().acs().at;
        config_write(2, n, at + 8, 4, vector);
        config_write(2, n, at + 6, 2, services);
        clear();
    }
    tlp_ptr to_peer(tlp_type type, base::address_type at = base::address_type::untranslated) {
        tlp_ptr t = make(type, mmio + window + 0x40, 4, 3);
        t->at = at;
        return t;
    }
    tlp_ptr to_memory(tlp_type type, base::address_type at) {
        tlp_ptr t = make(type, 0x8000'0000, 8, 3);
        t->at = at;
        return t;
    }
    void send(unsigned n, tlp_ptr t) {
        below[n]->socket.send(std::move(t));
        run();
    }
    bool violated(unsigned n) { return (errors(n + 1) & bit(error::acs_violation)) != 0; }
};

TEST_F(SwitchAcs, P_057_translation_blocking_drops_a_translated_write_and_logs_the_violation) {
    enable(0, acs::translation_blocking);
    send(0, to_memory(tlp_type::mwr, base::address_type::translated));
    EXPECT_TRUE(root.arrived.empty());
    EXPECT_TRUE(violated(0));
    EXPECT_EQ(below[0]->freed[0], 1u) << "its buffer is free again";
    EXPECT_EQ(errors(1) & bit(error::unsupported_request), 0u) << "one TLP, one error";
    send(0, to_memory(tlp_type::mwr, base::address_type::untranslated));
    EXPECT_EQ(root.arrived.size(), 1u) << "what is untranslated passes";
}

TEST_F(SwitchAcs, P_060_translation_blocking_answers_a_Translation_Request_with_CA) {
    enable(0, acs::translation_blocking);
    for (const auto at : {base::address_type::translation_request, base::address_type::translated})
        send(0, to_memory(tlp_type::mrd, at));
    ASSERT_EQ(below[0]->arrived.size(), 2u);
    for (const auto& c : below[0]->arrived) {
        EXPECT_EQ(c->status, cpl_status::completer_abort);
        EXPECT_FALSE(c->has_data());
        EXPECT_EQ(c->byte_count, 8);
    }
    EXPECT_TRUE(root.arrived.empty());
    EXPECT_NE(sw.port(1).config().registers().get16(0x1e) & 0x0800, 0) << "Signaled Target Abort";
}

TEST_F(SwitchAcs, source_validation_checks_the_bus_of_requests_and_lets_completions_pass) {
    enable(0, acs::source_validation);
    send(0, make(tlp_type::mwr, 0x8000'0000, 4, 4));  // says that it is the peer
    EXPECT_TRUE(root.arrived.empty());
    EXPECT_TRUE(violated(0));
    send(0, message(msg_code::pm_pme, msg_routing::to_root, peer));
    EXPECT_TRUE(root.arrived.empty());
    send(0, make(tlp_type::mwr, 0x8000'0000, 4, 3));
    EXPECT_EQ(root.arrived.size(), 1u);
    send(0, completion({}, peer));
    EXPECT_EQ(root.arrived.size(), 2u);
}

TEST_F(SwitchAcs, request_redirect_sends_requests_to_peers_up) {
    enable(0, acs::request_redirect);
    send(0, to_peer(tlp_type::mwr));
    send(0, to_peer(tlp_type::mrd));
    EXPECT_TRUE(below[1]->arrived.empty());
    EXPECT_EQ(root.arrived.size(), 2u);
    EXPECT_EQ(root.arrived[0]->address, mmio + window + 0x40);
    EXPECT_FALSE(violated(0)) << "redirected is no error";
    send(1, make(tlp_type::mwr, mmio + 0x40, 4, 4));
    EXPECT_EQ(below[0]->arrived.size(), 1u) << "the service is of one port";
    root.socket.send(make(tlp_type::mwr, mmio + window + 0x40, 4, 0));
    run();
    EXPECT_EQ(below[1]->arrived.size(), 1u) << "from above it goes down as ever";
}

TEST_F(SwitchAcs, direct_translated_lets_translated_requests_go_past_the_redirect) {
    enable(0, acs::request_redirect | acs::direct_translated);
    send(0, to_peer(tlp_type::mrd, base::address_type::translated));
    EXPECT_EQ(below[1]->arrived.size(), 1u);
    send(0, to_peer(tlp_type::mrd));
    EXPECT_EQ(root.arrived.size(), 1u);
    enable(0, acs::request_redirect);
    send(0, to_peer(tlp_type::mrd, base::address_type::translated));
    EXPECT_EQ(root.arrived.size(), 1u) << "without it translated ones are redirected as well";
}

TEST_F(SwitchAcs, completion_redirect_sends_completions_without_relaxed_ordering_up) {
    enable(1, acs::completion_redirect);
    send(1, completion(endpoint, peer));
    EXPECT_TRUE(below[0]->arrived.empty());
    EXPECT_EQ(root.arrived.size(), 1u);
    send(1, completion(endpoint, peer, true));
    EXPECT_EQ(below[0]->arrived.size(), 1u);
}

TEST_F(SwitchAcs, upstream_forwarding_passes_on_what_was_redirected_further_down) {
    const auto own_side = [&](tlp_type type) { return make(type, mmio + 2 * window, 4, 5); };
    send(2, own_side(tlp_type::mrd));
    ASSERT_EQ(below[2]->arrived.size(), 1u) << "without it nothing goes back where it came from";
    EXPECT_EQ(below[2]->arrived[0]->status, cpl_status::unsupported_request);
    enable(2, acs::upstream_forwarding);
    send(2, own_side(tlp_type::mrd));
    send(2, completion(base::routing_id{0x0600}, base::routing_id{0x0500}));
    EXPECT_EQ(root.arrived.size(), 2u);
    EXPECT_TRUE(below[2]->arrived.empty());
}

TEST_F(SwitchAcs, egress_control_blocks_the_ports_of_its_vector) {
    enable(0, acs::egress_control, 1u << 2);  // Port Number 2 is the peer's
    send(0, to_peer(tlp_type::mwr));
    EXPECT_TRUE(below[1]->arrived.empty());
    EXPECT_TRUE(root.arrived.empty());
    EXPECT_TRUE(violated(0));
    send(0, make(tlp_type::mwr, mmio + 2 * window, 4, 3));
    EXPECT_EQ(below[2]->arrived.size(), 1u) << "not in the vector";
    enable(0, acs::egress_control | acs::request_redirect, 1u << 2);
    send(0, to_peer(tlp_type::mwr));
    send(0, make(tlp_type::mwr, mmio + 2 * window, 4, 3));
    EXPECT_EQ(root.arrived.size(), 1u) << "with Request Redirect the vector redirects";
    EXPECT_EQ(below[2]->arrived.size(), 1u);
}

TEST_F(SwitchAcs, P_091_a_violation_is_told_to_the_root_as_its_severity_says) {
    let_errors_pass(1, 0);
    let_errors_pass(2, 0);
    enable(0, acs::translation_blocking);
    send(0, to_memory(tlp_type::mwr, base::address_type::translated));
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->code, msg_code::err_nonfatal);
    EXPECT_EQ(root.arrived[0]->requester, pcie::make_routing_id(2, 0, 0)) << "the port's own ID";
}

TEST_F(SwitchAcs, a_hot_reset_takes_the_services_away) {
    enable(0, acs::request_redirect);
    root.socket.set_link(false);
    run();
    root.socket.set_link(true);
    run(100_ms);
    program();
    send(0, to_peer(tlp_type::mwr));
    EXPECT_EQ(below[1]->arrived.size(), 1u);
}

}  // namespace
}  // namespace drydock::root_complex
