// SPDX-License-Identifier: Apache-2.0
// Whatever a device sends, a root port answers as the specification says and goes on.
#include <gtest/gtest.h>

#include "tests/tlm/pcie/random_tlp.h"
#include "tests/tlm/root_complex/bench.h"
#include "tlm/root_complex/read_completions.h"

namespace drydock::root_complex {
namespace {

using pcie::tlp_type;

TEST(RootPortInput, random_tlps_from_below_never_crash_and_the_port_still_works) {
    bench b;
    base::rng r(11, "root_port_input");
    for (unsigned i = 0; i < 20'000; ++i) {
        b.device.socket.send(pcie::random_tlp(r, b.pool));
        if (i % 16 == 0) {
            b.run();
            b.device.arrived.clear();
            b.smmu.arrived.clear();
            b.other.arrived.clear();
        }
    }
    b.run();
    EXPECT_NE(b.aer(0, 4) & (1u << 18), 0u) << "Malformed TLP";
    EXPECT_NE(b.aer(0, 4) & (1u << 20), 0u) << "Unsupported Request";
    EXPECT_NE(b.aer(0, 4) & (1u << 16), 0u) << "Unexpected Completion";
    EXPECT_NE(b.aer(0, 4) & (1u << 12), 0u) << "Poisoned TLP";
    b.device.arrived.clear();
    b.smmu.arrived.clear();
    b.other.arrived.clear();
    b.pool.check_no_leak();
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram + 0x5000, 4));
    b.device.socket.send(b.request(tlp_type::mrd, bench::ram + 0x5000, 4));
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ((*b.device.arrived[0]->payload)[0], 1);
}

TEST(RootPortInput, random_completions_while_a_read_waits_never_leave_it_hanging) {
    bench b;
    base::rng r(12, "root_port_completions");
    for (unsigned round = 0; round < 300; ++round) {
        std::uint64_t v = 0;
        b.cpu.responses.clear();
        b.cpu.access(b.gp, false, bench::mmio + r.below(64), &v, 1 + unsigned(r.below(8)));
        b.run();
        for (unsigned i = 0; i < 20; ++i) {
            auto c = pcie::random_tlp(r, b.pool);
            c->type = r.chance(1, 2) ? tlp_type::cpl_d : tlp_type::cpl;
            c->requester = root_complex_id;
            c->tag = static_cast<std::uint16_t>(r.chance(1, 2) ? b.device.arrived.back()->tag
                                                               : r.below(256));
            b.device.socket.send(std::move(c));
        }
        b.ctx.timeline.run(b.ctx.now() + 11_ms);
        EXPECT_EQ(b.cpu.responses.size(), 1u);
    }
    b.device.arrived.clear();
    b.pool.check_no_leak();
}

TEST(RootPortInput, reserved_AT_and_half_enabled_translation_requests_are_malformed) {
    bench b;
    auto reserved = b.request(tlp_type::mrd, bench::ram, 4);
    reserved->at = static_cast<base::address_type>(3);
    b.device.socket.send(std::move(reserved));
    auto tr = b.request(tlp_type::mrd, 0x7000, 8);
    tr->at = base::address_type::translation_request;
    tr->first_be = 1;
    b.device.socket.send(std::move(tr));
    b.run();
    EXPECT_TRUE(b.smmu.arrived.empty());
    EXPECT_TRUE(b.device.arrived.empty());
    EXPECT_EQ(b.rc.root(0).errors().count(), 2u);
    EXPECT_EQ(b.aer(0, 4), 1u << 18);
}

TEST(RootPortInput, a_pasid_prefix_at_a_port_that_takes_none_is_malformed) {
    auto c = bench::two_ports();
    c.ports[0].prefixes = false;
    bench b(c);
    for (auto* end : {&b.device, &b.other}) {
        auto t = b.request(tlp_type::mwr, bench::ram + (end == &b.other ? 64 : 0), 4);
        t->pasid = pcie::pasid_prefix{base::substream_id{1}, false, false};
        end->socket.send(std::move(t));
    }
    b.run();
    EXPECT_EQ(b.aer(0, 4), 1u << 18);
    EXPECT_EQ(b.aer(1, 4), 0u);
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram}), 0u);
    EXPECT_NE(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram + 64}), 0u);
}

TEST(RootPortInput, interrupt_pins_and_old_hot_plug_messages_are_taken_without_error) {
    bench b;
    for (unsigned code = 0; code < 256; ++code) {
        const auto c = static_cast<pcie::msg_code>(code);
        if (pcie::is_intx(c) || pcie::is_old_hot_plug(c)) b.device.socket.send(b.message(c));
    }
    b.run();
    EXPECT_EQ(b.rc.root(0).count().messages, 15u);
    EXPECT_EQ(b.aer(0, 4), 0u);
}

}  // namespace
}  // namespace drydock::root_complex
