// SPDX-License-Identifier: Apache-2.0
// Ways through a switch, and what becomes of TLPs that have none.
#include "tests/tlm/root_complex/switch_bench.h"

namespace drydock::root_complex {
namespace {

using pcie::cpl_status;
using pcie::error;
using pcie::msg_code;
using pcie::msg_routing;

constexpr base::routing_id endpoint{0x0300}, peer{0x0400}, root_id{0x0000};

struct Switch : ::testing::Test, switch_bench {
    void expect_refused(switch_neighbour<pcie::upstream_socket>& who, unsigned logged_at) {
        ASSERT_EQ(who.arrived.size(), 1u);
        EXPECT_EQ(who.arrived[0]->status, cpl_status::unsupported_request);
        EXPECT_FALSE(who.arrived[0]->has_data()) << "P-007";
        EXPECT_NE(errors(logged_at) & bit(error::unsupported_request), 0u);
    }
};

TEST_F(Switch, P_020_error_message_from_below_arrives_with_the_endpoints_requester_id) {
    let_errors_pass(1, 0);
    let_errors_pass(2, 0);
    clear();
    below[0]->socket.send(message(msg_code::err_nonfatal, msg_routing::to_root, endpoint));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->code, msg_code::err_nonfatal);
    EXPECT_EQ(root.arrived[0]->requester, endpoint);
    EXPECT_NE(sw.port(1).config().registers().get16(0x1e) & 0x4000, 0) << "Secondary Status";
}

TEST_F(Switch, P_103_without_SERR_at_a_port_no_error_message_passes_it) {
    let_errors_pass(1, 0);
    let_errors_pass(2, 0);
    config_write(2, 0, 0x3e, 2, 0);
    clear();
    below[0]->socket.send(message(msg_code::err_cor, msg_routing::to_root, endpoint));
    run();
    EXPECT_TRUE(root.arrived.empty());
    EXPECT_EQ(below[0]->freed[0], 1u) << "its buffer is free again";
    config_write(2, 0, 0x3e, 2, 2);
    config_write(1, 0, 0x3e, 2, 0);  // the upstream port's stops it as well
    clear();
    below[0]->socket.send(message(msg_code::err_cor, msg_routing::to_root, endpoint));
    run();
    EXPECT_TRUE(root.arrived.empty());
}

TEST_F(Switch, P_021_message_by_ID_goes_to_the_port_of_the_bus_and_is_UR_outside_all_ranges) {
    root.socket.send(
        message(msg_code::prg_response, msg_routing::by_id, root_id, base::routing_id{0x0600}));
    run();
    ASSERT_EQ(below[2]->arrived.size(), 1u) << "bus 6 is below port 2";
    root.socket.send(
        message(msg_code::prg_response, msg_routing::by_id, root_id, base::routing_id{0x0700}));
    run();
    EXPECT_NE(errors(0) & bit(error::unsupported_request), 0u);
    EXPECT_EQ(below[0]->arrived.size() + below[1]->arrived.size() + below[2]->arrived.size(), 1u);
    below[0]->socket.send(message(msg_code::invalidate_completion, msg_routing::by_id, endpoint,
                                  base::routing_id{0x0301}));
    run();
    EXPECT_NE(errors(1) & bit(error::unsupported_request), 0u) << "nothing goes back";
    below[0]->socket.send(
        message(msg_code::invalidate_completion, msg_routing::by_id, endpoint, root_id));
    run();
    EXPECT_EQ(root.arrived.size(), 1u) << "a bus that is not below goes up";
}

TEST_F(Switch, P_022_local_vendor_message_of_type_1_is_dropped_without_error_type_0_is_UR) {
    below[1]->socket.send(message(msg_code::vendor_type1, msg_routing::local, peer));
    run();
    EXPECT_EQ(errors(2), 0u);
    EXPECT_EQ(below[1]->freed[0], 1u);
    below[1]->socket.send(message(msg_code::vendor_type0, msg_routing::local, peer));
    run();
    EXPECT_NE(errors(2) & bit(error::unsupported_request), 0u);
    EXPECT_TRUE(root.arrived.empty());
}

TEST_F(Switch, power_off_is_told_to_all_and_acknowledged_once_after_the_last) {
    root.socket.send(message(msg_code::pme_turn_off, msg_routing::broadcast, root_id));
    run();
    for (unsigned n = 0; n < ports; ++n) {
        ASSERT_EQ(below[n]->arrived.size(), 1u);
        EXPECT_EQ(below[n]->arrived[0]->code, msg_code::pme_turn_off);
    }
    for (unsigned n = 0; n < ports; ++n) {
        EXPECT_TRUE(root.arrived.empty());
        below[n]->socket.send(message(msg_code::pme_to_ack, msg_routing::gather, endpoint));
        run();
    }
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->code, msg_code::pme_to_ack);
}

TEST_F(Switch, P_013_without_bus_master_requests_from_below_are_UR_messages_and_completions_pass) {
    config_write(2, 0, 0x04, 2, 2);
    clear();
    below[0]->socket.send(make(tlp_type::mrd, 0x4000'0000, 64, 3));
    run();
    expect_refused(*below[0], 1);
    EXPECT_EQ(below[0]->arrived[0]->byte_count, 64u);
    EXPECT_EQ(below[0]->arrived[0]->completer.value, 0x0200) << "port 0 on bus 2";
    below[0]->socket.send(make(tlp_type::mwr, 0x4000'0000, 64, 3));
    run();
    EXPECT_TRUE(root.arrived.empty());
    EXPECT_EQ(below[0]->freed[0], 1u);
    below[0]->socket.send(
        message(msg_code::invalidate_completion, msg_routing::by_id, endpoint, root_id));
    below[0]->socket.send(completion(root_id, endpoint));
    run();
    EXPECT_EQ(root.arrived.size(), 2u);
}

TEST_F(Switch, P_013_bus_master_of_the_upstream_port_counts_for_all_below) {
    config_write(1, 0, 0x04, 2, 2);
    clear();
    below[2]->socket.send(make(tlp_type::mrd, 0x4000'0000, 4, 5));
    run();
    expect_refused(*below[2], 0);
    EXPECT_TRUE(root.arrived.empty());
}

TEST_F(Switch, P_170_every_port_is_a_type_1_function_with_its_port_type_and_capabilities) {
    for (unsigned number = 0; number <= ports; ++number) {
        const unsigned bus = number == 0 ? 1 : 2, device = number == 0 ? 0 : number - 1;
        EXPECT_EQ(config_read(bus, device, 0x0c).value >> 16 & 0x7f, 1u);
        EXPECT_EQ(config_read(bus, device, 0x00).completer, pcie::make_routing_id(bus, device, 0));
        auto& space = sw.port(number).config();
        EXPECT_EQ(space.express().type(), number == 0 ? pcie::port_type::switch_upstream
                                                      : pcie::port_type::switch_downstream);
        EXPECT_TRUE(space.power().present());
        EXPECT_TRUE(space.aer().present());
        std::vector<unsigned> ids;
        for (unsigned at = config_read(bus, device, 0x34).value & 0xff; at != 0;) {
            const std::uint32_t header = config_read(bus, device, at).value;
            ids.push_back(header & 0xff);
            at = header >> 8 & 0xff;
        }
        EXPECT_EQ(ids, (std::vector<unsigned>{0x10, 0x01}));
    }
}

TEST_F(Switch, P_010_absent_functions_of_the_switch_and_buses_that_nobody_has_are_UR) {
    EXPECT_EQ(config_read(1, 1, 0).status, cpl_status::unsupported_request);
    EXPECT_EQ(config_read(2, 3, 0).status, cpl_status::unsupported_request);
    EXPECT_EQ(config_read(7, 0, 0).status, cpl_status::unsupported_request);
    EXPECT_NE(errors(0) & bit(error::unsupported_request), 0u);
}

TEST_F(Switch, P_172_type_1_becomes_type_0_on_the_ports_own_bus_for_device_0_alone) {
    EXPECT_EQ(config_read(3, 1, 0).status, cpl_status::unsupported_request);
    EXPECT_NE(errors(1) & bit(error::unsupported_request), 0u);
    EXPECT_TRUE(below[0]->arrived.empty());
    clear();
    root.socket.send(config_request(false, 3, 0, 0x40));
    root.socket.send(config_request(true, 6, 2, 0x44));
    run();
    ASSERT_EQ(below[0]->arrived.size(), 1u);
    EXPECT_EQ(below[0]->arrived[0]->type, tlp_type::cfg_rd0);
    ASSERT_EQ(below[2]->arrived.size(), 1u);
    EXPECT_EQ(below[2]->arrived[0]->type, tlp_type::cfg_wr1) << "bus 6 is further below";
    EXPECT_EQ(below[2]->arrived[0]->target.value, 0x0610);
}

TEST_F(Switch, configuration_requests_from_below_are_UR) {
    tlp_ptr t = config_request(false, 2, 0, 0);
    t->requester = endpoint;
    below[0]->socket.send(std::move(t));
    run();
    expect_refused(*below[0], 1);
}

TEST_F(Switch, P_173_a_closed_window_makes_requests_UR) {
    const std::uint64_t at = mmio + window + 0x100;
    root.socket.send(make(tlp_type::mrd, at, 4, 0));
    run();
    ASSERT_EQ(below[1]->arrived.size(), 1u);
    clear();
    config_write(2, 1, 0x20, 4, 0x0000'fff0);  // base > limit
    clear();
    root.socket.send(make(tlp_type::mrd, at, 4, 0));
    root.socket.send(make(tlp_type::mwr, at, 4, 0));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->status, cpl_status::unsupported_request);
    EXPECT_EQ(root.freed[0], 1u);
    EXPECT_TRUE(below[1]->arrived.empty());
    config_write(2, 0, 0x04, 2, 4);  // memory space off closes it, too (P-176)
    clear();
    root.socket.send(make(tlp_type::mrd, mmio, 4, 0));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->status, cpl_status::unsupported_request);
    EXPECT_EQ(config_read(2, 0, 0x04).status, cpl_status::success) << "config is fine";
}

TEST_F(Switch, a_port_in_D3hot_forwards_configuration_but_no_memory_requests) {
    config_write(2, 1, sw.port(2).config().power().at + 4, 2, 3);
    clear();
    root.socket.send(make(tlp_type::mrd, mmio + window, 4, 0));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->status, cpl_status::unsupported_request);
    root.socket.send(config_request(false, 4, 0, 0));
    run();
    EXPECT_EQ(below[1]->arrived.size(), 1u);
    below[1]->socket.send(make(tlp_type::mrd, 0x4000'0000, 4, 4));
    run();
    EXPECT_EQ(below[1]->arrived.back()->status, cpl_status::unsupported_request);
}

TEST_F(Switch, P_175_bus_numbers_that_change_under_traffic_misroute_to_UR_only) {
    for (unsigned i = 0; i < 4; ++i) {
        root.socket.send(message(msg_code::prg_response, msg_routing::by_id, root_id, peer));
        tlp_ptr t = config_request(false, 4, 0, 0);
        root.socket.send(std::move(t));
    }
    tlp_ptr change = config_request(true, 2, 1, 0x18);
    const std::uint32_t buses = 0x0009'0902;  // outside 2..6
    std::memcpy(change->payload->data(), &buses, 4);
    root.socket.send(std::move(change));
    for (unsigned i = 0; i < 4; ++i) {
        root.socket.send(message(msg_code::prg_response, msg_routing::by_id, root_id, peer));
        root.socket.send(config_request(false, 4, 0, 0));
    }
    run();
    EXPECT_EQ(below[1]->arrived.size(), 8u) << "all of before, none of after";
    EXPECT_TRUE(below[0]->arrived.empty());
    EXPECT_TRUE(below[2]->arrived.empty());
    unsigned refused = 0;
    for (const auto& c : root.arrived) refused += c->status == cpl_status::unsupported_request;
    EXPECT_EQ(refused, 4u);
    EXPECT_NE(errors(0) & bit(error::unsupported_request), 0u);
    below[1]->socket.send(completion(root_id, peer));  // answers under way still find the root
    run();
    EXPECT_EQ(root.arrived.back()->type, tlp_type::cpl_d);
    EXPECT_EQ(root.freed[0] + root.freed[1], 17u) << "every buffer came back";
}

TEST_F(Switch, P_008_completion_that_nobody_below_waits_for_is_unexpected_and_dropped) {
    root.socket.send(completion(base::routing_id{0x0900}, root_id));
    run();
    EXPECT_NE(errors(0) & bit(error::unexpected_completion), 0u);
    root.socket.send(completion(peer, root_id));
    run();
    EXPECT_EQ(below[1]->arrived.size(), 1u);
}

TEST_F(Switch, peers_reach_each_other_by_address_and_their_completions_by_ID) {
    below[0]->socket.send(make(tlp_type::mrd, mmio + window + 0x40, 4, 3));
    run();
    ASSERT_EQ(below[1]->arrived.size(), 1u);
    below[1]->socket.send(completion(endpoint, peer));
    run();
    ASSERT_EQ(below[0]->arrived.size(), 1u);
    EXPECT_TRUE(root.arrived.empty());
    below[0]->socket.send(make(tlp_type::mrd, mmio + 0x40, 4, 3));  // its own window
    run();
    EXPECT_EQ(below[0]->arrived.back()->status, cpl_status::unsupported_request);
}

TEST_F(Switch, a_TLP_passes_unchanged) {
    tlp_ptr t = make(tlp_type::mwr, 0x7'0000'1000, 256, 3);
    t->at = base::address_type::translated;
    t->pasid = pcie::pasid_prefix{base::substream_id{42}, true, false};
    t->relaxed_ordering = t->no_snoop = true;
    t->tag = 0x155;
    t->span = base::span_id{77};
    for (unsigned i = 0; i < 256; ++i) (*t->payload)[i] = static_cast<std::uint8_t>(i);
    // Device Control: Max Payload 256
    const unsigned express = sw.port(1).config().registers().image.bytes[0x34];
    config_write(2, 0, express + 8, 2, 0x2830);
    clear();
    below[0]->socket.send(std::move(t));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    const pcie::tlp& got = *root.arrived[0];
    EXPECT_EQ(got.at, base::address_type::translated);
    EXPECT_EQ(got.pasid->pasid.value, 42u);
    EXPECT_TRUE(got.pasid->privileged && got.relaxed_ordering && got.no_snoop);
    EXPECT_EQ(got.tag, 0x155);
    EXPECT_EQ(got.span.value, 77u);
    EXPECT_EQ((*got.payload)[200], 200);
    EXPECT_EQ(below[0]->freed_data[0], 16u);
}

TEST_F(Switch, P_006_payload_above_the_ports_Max_Payload_is_malformed) {
    below[0]->socket.send(make(tlp_type::mwr, 0x4000'0000, 256, 3));  // 128 after reset
    run();
    EXPECT_TRUE(root.arrived.empty());
    EXPECT_NE(errors(1) & bit(error::malformed), 0u);
    EXPECT_EQ(below[0]->freed[0], 1u);
}

TEST_F(Switch, poisoned_TLP_passes_and_is_logged_where_it_came_in) {
    tlp_ptr t = make(tlp_type::mwr, 0x4000'0000, 64, 3);
    t->poisoned = true;
    below[0]->socket.send(std::move(t));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_TRUE(root.arrived[0]->poisoned);
    EXPECT_NE(errors(1) & bit(error::poisoned), 0u);
}

TEST_F(Switch, P_094_own_errors_are_told_to_the_root_by_the_port_that_found_them) {
    let_errors_pass(1, 0);
    let_errors_pass(2, 2);
    config_write(2, 2, 0x04, 2, 2);
    clear();
    below[2]->socket.send(make(tlp_type::mwr, 0x4000'0000, 4, 5));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->code, msg_code::err_nonfatal);
    EXPECT_EQ(root.arrived[0]->requester.value, 0x0210) << "port 2 on bus 2";
}

}  // namespace
}  // namespace drydock::root_complex
