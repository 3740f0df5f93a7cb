// SPDX-License-Identifier: Apache-2.0
// From a CPU to devices and back.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"

namespace drydock::root_complex {
namespace {

using pcie::tlp_type;

TEST(RootComplex, the_root_ports_stand_on_bus_0) {
    bench b;
    EXPECT_EQ(b.config_read(0, 1, 0), 0x000c1b36u);
    EXPECT_EQ(b.config_read(0, 2, 0x0e, 1), 1u);
    EXPECT_EQ(b.config_read(0, 1, 0x18), 0x00030100u);
}

TEST(RootComplex, P_010_absent_functions_read_all_ones) {
    bench b;
    EXPECT_EQ(b.config_read(0, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.config_read(0, 5, 0), UINT32_MAX);
    EXPECT_EQ(b.config_read(9, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.config_read(9, 0, 0, 2), 0xffffu);
}

TEST(RootComplex, P_172_only_device_0_exists_below_a_port) {
    bench b;
    EXPECT_EQ(b.config_read(1, 1, 0), UINT32_MAX);
    EXPECT_TRUE(b.device.arrived.empty());
}

TEST(RootComplex, config_requests_are_type_0_on_the_secondary_bus_and_type_1_beyond) {
    bench b;
    b.config_read(1, 0, 0x102, 2);
    b.config_read(3, 4, 0x10);
    b.config_read(4, 0, 0);
    ASSERT_EQ(b.device.arrived.size(), 2u);
    EXPECT_EQ(b.device.arrived[0]->type, tlp_type::cfg_rd0);
    EXPECT_EQ(b.device.arrived[0]->address, 0x100u);
    EXPECT_EQ(b.device.arrived[0]->first_be, 0b1100);
    EXPECT_EQ(b.device.arrived[0]->target.value, 0x0100);
    EXPECT_EQ(b.device.arrived[1]->type, tlp_type::cfg_rd1);
    EXPECT_EQ(b.other.arrived.size(), 1u);
}

TEST(RootComplex, a_config_read_returns_what_the_function_says) {
    bench b;
    std::uint16_t v = 0;
    b.cpu.responses.clear();
    b.cpu.access(b.gp, false, b.ecam_of(1, 0, 2), &v, 2);
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    b.answer(*b.device.arrived[0], pcie::cpl_status::success, 0x0b258086);
    b.run();
    ASSERT_EQ(b.cpu.responses.size(), 1u);
    EXPECT_EQ(v, 0x0b25);
}

TEST(RootComplex, P_010_ur_and_ca_read_all_ones) {
    bench b;
    for (const auto s :
         {pcie::cpl_status::unsupported_request, pcie::cpl_status::completer_abort}) {
        std::uint32_t v = 0;
        b.device.arrived.clear();
        b.cpu.access(b.gp, false, b.ecam_of(1, 0, 0), &v, 4);
        b.run();
        b.answer(*b.device.arrived.at(0), s);
        b.run();
        EXPECT_EQ(v, UINT32_MAX);
    }
}

TEST(RootComplex, P_131_rrs_is_issued_again_or_visible) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.access(b.gp, false, b.ecam_of(1, 0, 0), &v, 4);
    b.run();
    b.answer(*b.device.arrived.at(0), pcie::cpl_status::request_retry);
    b.ctx.timeline.run(b.ctx.now() + 2 * root_complex_config{}.rrs_retry);
    ASSERT_EQ(b.device.arrived.size(), 2u);  // asked again
    b.answer(*b.device.arrived.at(1), pcie::cpl_status::success, 0x12345678);
    b.run();
    EXPECT_EQ(v, 0x12345678u);
    auto& s = b.rc.root(0).config();
    s.write(static_cast<std::uint16_t>(s.express().at + 0x1c), 2, 0x10);
    b.cpu.access(b.gp, false, b.ecam_of(1, 0, 0), &v, 4);
    b.run();
    b.answer(*b.device.arrived.at(2), pcie::cpl_status::request_retry);
    b.run();
    EXPECT_EQ(v & 0xffff, 0x0001u);
}

TEST(RootComplex, P_009_without_a_completion_the_cpu_reads_all_ones_at_the_timeout) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.responses.clear();
    b.cpu.access(b.gp, false, bench::mmio + 0x40, &v, 4);
    b.ctx.timeline.run(b.ctx.now() + 9_ms);
    EXPECT_TRUE(b.cpu.responses.empty());
    b.ctx.timeline.run(b.ctx.now() + 2_ms);
    ASSERT_EQ(b.cpu.responses.size(), 1u);
    EXPECT_EQ(v, UINT32_MAX);
    EXPECT_EQ(b.aer(0, 4), 1u << 14);
    b.answer(*b.device.arrived.at(0), pcie::cpl_status::success, 1);  // too late
    b.run();
    EXPECT_EQ(b.aer(0, 4), (1u << 14) | (1u << 16));
}

TEST(RootComplex, mmio_goes_to_the_port_whose_window_has_it) {
    bench b;
    std::uint64_t v = 0x1122334455667788;
    EXPECT_EQ(b.cpu.access(b.gp, true, bench::mmio + 0x1006, &v, 4), tlm::TLM_COMPLETED);
    b.cpu.access(b.gp, true, bench::mmio + 0x100'0000 + 8, &v, 8);
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->type, tlp_type::mwr);
    EXPECT_EQ(b.device.arrived[0]->address, bench::mmio + 0x1004);
    EXPECT_EQ(b.device.arrived[0]->length, 2);
    EXPECT_EQ(b.device.arrived[0]->first_be, 0b1100);
    EXPECT_EQ(b.device.arrived[0]->last_be, 0b0011);
    EXPECT_EQ((*b.device.arrived[0]->payload)[2], 0x88);
    EXPECT_EQ((*b.device.arrived[0]->payload)[4], 0x66);
    EXPECT_EQ(b.other.arrived.size(), 1u);
}

TEST(RootComplex, an_mmio_read_returns_its_bytes) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.responses.clear();
    EXPECT_EQ(b.cpu.access(b.gp, false, bench::mmio + 0x12, &v, 2), tlm::TLM_UPDATED);
    b.run();
    b.answer(*b.device.arrived.at(0), pcie::cpl_status::success, 0xaabbccdd);
    b.run();
    ASSERT_EQ(b.cpu.responses.size(), 1u);
    EXPECT_EQ(v, 0xaabbu);
}

TEST(RootComplex, P_173_P_176_closed_windows_and_disabled_memory_read_all_ones) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.access(b.gp, false, 0x3000'0000, &v, 4);
    EXPECT_EQ(v, UINT32_MAX);
    b.config_write(0, 1, 0x04, 2, 4);
    v = 0;
    b.cpu.access(b.gp, false, bench::mmio, &v, 4);
    EXPECT_EQ(v, UINT32_MAX);
    EXPECT_EQ(b.config_read(0, 1, 0, 2), 0x1b36u);
}

TEST(RootComplex, P_031_a_completion_reaches_the_cpu_after_the_writes_before_it) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.responses.clear();
    b.cpu.access(b.gp, false, bench::mmio, &v, 4);
    b.run();
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 64));
    b.answer(*b.device.arrived.at(0), pcie::cpl_status::success, 5);
    while (b.cpu.responses.empty()) b.ctx.timeline.run(b.ctx.now() + 1_ns);
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram}), 0x04030201u);
}

TEST(RootComplex, accesses_of_a_wrong_size_are_refused) {
    bench b;
    std::uint64_t v = 0;
    b.cpu.access(b.gp, false, bench::ecam, &v, 8);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
    b.cpu.access(b.gp, false, bench::ecam + 1, &v, 2);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
    b.cpu.access(b.gp, false, bench::mmio + 0xffc, &v, 8);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
}

TEST(RootComplex, P_138_a_read_outstanding_when_the_link_drops_reads_all_ones_at_once) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.responses.clear();
    b.cpu.access(b.gp, false, bench::mmio, &v, 4);
    b.run();
    b.device.socket.set_link(false);
    ASSERT_EQ(b.cpu.responses.size(), 1u);
    EXPECT_EQ(v, UINT32_MAX);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_EQ(b.smmu.states, (std::vector<bool>{false}));
    EXPECT_EQ(b.config_read(1, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.device.arrived.size(), 1u);
}

TEST(RootComplex, P_130_a_secondary_bus_reset_takes_the_link_down_and_up) {
    bench b;
    b.config_write(0, 1, 0x3e, 2, 0x40);
    EXPECT_EQ(b.device.states, (std::vector<bool>{false}));
    b.config_write(0, 1, 0x3e, 2, 0);
    EXPECT_EQ(b.device.states, (std::vector<bool>{false}));
    b.ctx.timeline.run(b.ctx.now() + pcie::link_training_time(4));
    EXPECT_EQ(b.device.states, (std::vector<bool>{false, true}));
}

TEST(RootComplex, P_137_a_link_that_software_disables_is_no_error_of_the_port) {
    bench b;
    const auto link_control = static_cast<unsigned>(b.rc.root(0).config().express().at) + 0x10;
    b.config_write(0, 1, link_control, 2, 0x10);
    EXPECT_EQ(b.device.states, (std::vector<bool>{false}));
    b.ctx.timeline.run(b.ctx.now() + pcie::link_down_visible);
    EXPECT_EQ(b.config_read(0, 1, link_control) >> 16 & (1u << 13), 0u) << "DLLLA";
    EXPECT_EQ(b.config_read(1, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.aer(0, 4), 0u);
    b.config_write(0, 1, link_control, 2, 0);
    b.ctx.timeline.run(b.ctx.now() + pcie::link_training_time(4));
    EXPECT_EQ(b.device.states, (std::vector<bool>{false, true}));
    EXPECT_NE(b.config_read(0, 1, link_control) >> 16 & (1u << 13), 0u);
}

TEST(RootComplex, P_175_requests_go_nowhere_else_while_the_buses_are_renumbered) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.access(b.gp, false, b.ecam_of(1, 0, 0), &v, 4);  // on its way
    tlm::tlm_generic_payload renumber;
    std::uint32_t buses = 0x00050500;
    b.cpu.access(renumber, true, b.ecam_of(0, 1, 0x18), &buses, 4);
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    b.answer(*b.device.arrived[0], pcie::cpl_status::success, 0x1234);
    b.run();
    EXPECT_EQ(v, 0x1234u) << "what was under way ends as it began";
    EXPECT_EQ(b.config_read(1, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.device.arrived.size(), 1u);
    EXPECT_TRUE(b.other.arrived.empty());
    b.config_read(5, 0, 0);
    EXPECT_EQ(b.device.arrived.size(), 2u);
}

TEST(RootComplex, P_175_the_directory_follows_the_bus_numbers) {
    bench b;
    EXPECT_EQ(b.rc.port_of(base::routing_id{0x0100}), 0);
    EXPECT_EQ(b.rc.port_of(base::routing_id{0x03ff}), 0);
    EXPECT_EQ(b.rc.port_of(base::routing_id{0x0400}), 1);
    EXPECT_FALSE(b.rc.port_of(base::routing_id{0x0500}));
    EXPECT_FALSE(b.rc.port_of(base::routing_id{0x0008}));
    b.config_write(0, 1, 0x18, 4, 0);
    EXPECT_FALSE(b.rc.port_of(base::routing_id{0x0100}));
}

TEST(RootComplex, impossible_configurations_are_refused) {
    base::context ctx;
    pcie::tlp_pool pool;
    root_complex_config c;
    c.completion_timeout = 10_us;
    EXPECT_THROW(root_complex("rc", ctx, pool, c), std::invalid_argument);
}

TEST(RootComplex, rrs_to_a_memory_read_is_malformed) {
    bench b;
    std::uint32_t v = 0;
    b.cpu.access(b.gp, false, bench::mmio, &v, 4);
    b.run();
    b.answer(*b.device.arrived.at(0), pcie::cpl_status::request_retry);
    b.run();
    EXPECT_EQ(v, UINT32_MAX);
    EXPECT_EQ(b.aer(0, 4), 1u << 18);
    EXPECT_EQ(b.device.arrived.size(), 1u) << "not issued again";
}

TEST(RootComplex, poisoned_data_reads_all_ones_and_is_logged) {
    bench b;
    std::uint32_t v = 0;
    b.device.on_arrival = [&](const pcie::tlp& request) {
        auto c = b.pool.make();
        c->type = tlp_type::cpl_d;
        c->requester = request.requester;
        c->tag = request.tag;
        c->byte_count = 4;
        c->length = 1;
        c->poisoned = true;
        b.pool.add_payload(*c);
        std::memset(c->payload->data(), 0x11, 4);
        b.device.socket.send(std::move(c));
    };
    b.cpu.access(b.gp, false, bench::mmio, &v, 4);
    b.run();
    EXPECT_EQ(v, UINT32_MAX);
    EXPECT_EQ(b.aer(0, 4), 1u << 12);
}

TEST(RootComplex, a_payload_that_is_neither_read_nor_write_is_refused) {
    bench b;
    std::uint32_t v = 7;
    b.cpu.access(b.gp, false, 0x3000'0000, &v, 4);
    b.gp.set_command(tlm::TLM_IGNORE_COMMAND);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time none;
    v = 7;
    EXPECT_EQ(b.cpu.socket->nb_transport_fw(b.gp, phase, none), tlm::TLM_COMPLETED);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_COMMAND_ERROR_RESPONSE);
    EXPECT_EQ(v, 7u);
}

TEST(RootComplex, debug_access_shows_the_root_ports_and_changes_nothing) {
    bench b;
    std::uint8_t bytes[8] = {};
    b.gp.set_command(tlm::TLM_READ_COMMAND);
    b.gp.set_address(b.ecam_of(0, 1, 0));
    b.gp.set_data_ptr(bytes);
    b.gp.set_data_length(sizeof bytes);
    EXPECT_EQ(b.cpu.socket->transport_dbg(b.gp), 8u);
    EXPECT_EQ(bytes[0], 0x36);
    EXPECT_EQ(bytes[1], 0x1b);
    b.gp.set_address(b.ecam_of(1, 0, 0));
    EXPECT_EQ(b.cpu.socket->transport_dbg(b.gp), 0u) << "below a link";
    EXPECT_TRUE(b.device.arrived.empty());
}

}  // namespace
}  // namespace drydock::root_complex
