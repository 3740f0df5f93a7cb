// SPDX-License-Identifier: Apache-2.0
// ECRC, AtomicOps and prefixes at a switch: passed, checked, blocked.
#include "tests/tlm/root_complex/switch_bench.h"

namespace drydock::root_complex {
namespace {

using pcie::cpl_status;
using pcie::error;

constexpr std::uint64_t memory = 0x8000'0000;

struct SwitchBlocking : ::testing::Test, switch_bench {
    explicit SwitchBlocking(const switch_config& c = config()) : switch_bench(c) {}
    void ecrc_control(unsigned bus, unsigned device, std::uint32_t bits) {
        const unsigned number = bus == 1 ? 0 : device + 1;
        config_write(bus, device, sw.port(number).config().aer().at + 0x18u, 4, bits);
    }
    void control2(unsigned bus, unsigned device, std::uint32_t bits) {
        const unsigned number = bus == 1 ? 0 : device + 1;
        config_write(bus, device, sw.port(number).config().express().at + 0x28u, 2, bits);
    }
    tlp_ptr bad(tlp_ptr t) {
        t->digest = t->digest_bad = true;
        return t;
    }
    tlp_ptr atomic(std::uint64_t at) {
        tlp_ptr t = make(tlp_type::swap, at, 8, 3);
        pool.add_payload(*t);
        return t;
    }
    std::uint32_t correctable(unsigned number) {
        return sw.port(number).config().aer().correctable_status();
    }
};
struct SwitchWithoutAtomics : SwitchBlocking {
    SwitchWithoutAtomics() : SwitchBlocking(incapable()) {}
    static switch_config incapable() {
        switch_config c = config();
        c.atomics = false;
        return c;
    }
};

TEST_F(SwitchBlocking, P_091_a_bad_digest_is_passed_on_as_it_is) {
    below[0]->socket.send(bad(make(tlp_type::mwr, memory, 4, 3)));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_TRUE(root.arrived[0]->digest && root.arrived[0]->digest_bad);
    EXPECT_EQ(errors(1), 0u);
    ecrc_control(2, 0, 0x140);
    clear();
    below[0]->socket.send(bad(make(tlp_type::mwr, memory, 4, 3)));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_TRUE(root.arrived[0]->digest_bad) << "also where it is noticed";
    EXPECT_EQ(errors(1), bit(error::ecrc));
    EXPECT_NE(correctable(1) & 1u << 13, 0u) << "advisory: others receive it";
}

TEST_F(SwitchBlocking, P_091_what_ends_at_a_port_with_a_bad_digest_has_no_effect) {
    ecrc_control(1, 0, 0x100);
    clear();
    const auto before = sw.port(0).config().registers().get32(0x1c);
    tlp_ptr t = config_request(true, 1, 0, 0x1c);
    *t->payload = {};
    root.socket.send(bad(std::move(t)));
    run();
    EXPECT_TRUE(root.arrived.empty()) << "no answer";
    EXPECT_EQ(sw.port(0).config().registers().get32(0x1c), before);
    EXPECT_EQ(errors(0), bit(error::ecrc));
    EXPECT_EQ(correctable(0) & 1u << 13, 0u);
    EXPECT_EQ(root.freed[1], 1u) << "its buffer is free";
}

TEST_F(SwitchBlocking, P_091_an_unsupported_request_with_a_bad_digest_is_an_ecrc_error) {
    ecrc_control(2, 1, 0x100);
    clear();
    tlp_ptr t = make(tlp_type::mrd, mmio + window, 4, 4);  // into its own window
    below[1]->socket.send(bad(std::move(t)));
    run();
    EXPECT_EQ(errors(2), bit(error::ecrc));
    EXPECT_TRUE(below[1]->arrived.empty());
}

TEST_F(SwitchBlocking, P_091_a_port_generates_digests_for_what_it_makes) {
    EXPECT_EQ(config_read(2, 0, 0).status, cpl_status::success);
    EXPECT_FALSE(root.arrived[0]->digest);
    ecrc_control(2, 0, 0x40);
    EXPECT_EQ(config_read(2, 0, 0).status, cpl_status::success);
    EXPECT_TRUE(root.arrived[0]->digest && !root.arrived[0]->digest_bad);
}

TEST_F(SwitchBlocking, P_091_atomics_pass_and_egress_blocking_answers_UR) {
    below[0]->socket.send(atomic(memory));
    run();
    ASSERT_EQ(root.arrived.size(), 1u);
    EXPECT_EQ(root.arrived[0]->type, tlp_type::swap);
    control2(1, 0, 0x80);
    clear();
    below[0]->socket.send(atomic(memory));
    run();
    EXPECT_TRUE(root.arrived.empty());
    ASSERT_EQ(below[0]->arrived.size(), 1u);
    EXPECT_EQ(below[0]->arrived[0]->status, cpl_status::unsupported_request);
    EXPECT_EQ(below[0]->arrived[0]->byte_count, 8);
    EXPECT_EQ(errors(0), bit(error::atomic_egress_blocked));
    EXPECT_NE(correctable(0) & 1u << 13, 0u) << "advisory";
    EXPECT_EQ(below[0]->freed[1], 1u);
    clear();
    below[0]->socket.send(make(tlp_type::mrd, memory, 4, 3));
    run();
    EXPECT_EQ(root.arrived.size(), 1u) << "a read is none";
    clear();
    below[0]->socket.send(atomic(mmio + window));
    run();
    EXPECT_EQ(below[1]->arrived.size(), 1u) << "and so is another port";
}

TEST_F(SwitchBlocking, P_091_prefix_blocking_stops_tlps_with_PASID) {
    const auto with_pasid = [this](tlp_ptr t) {
        t->pasid = pcie::pasid_prefix{base::substream_id{1}, false, false};
        return t;
    };
    below[0]->socket.send(with_pasid(make(tlp_type::mwr, memory, 4, 3)));
    run();
    EXPECT_EQ(root.arrived.size(), 1u);
    control2(1, 0, 0x8000);
    clear();
    below[0]->socket.send(with_pasid(make(tlp_type::mwr, memory, 4, 3)));
    below[0]->socket.send(with_pasid(make(tlp_type::mrd, memory, 4, 3)));
    below[0]->socket.send(make(tlp_type::mwr, memory, 4, 3));
    run();
    EXPECT_EQ(root.arrived.size(), 1u) << "the one without";
    ASSERT_EQ(below[0]->arrived.size(), 1u) << "the read is answered";
    EXPECT_EQ(below[0]->arrived[0]->status, cpl_status::unsupported_request);
    EXPECT_EQ(errors(0), bit(error::prefix_blocked));
}

TEST_F(SwitchWithoutAtomics, P_091_a_switch_that_does_not_route_atomics_answers_UR) {
    below[0]->socket.send(atomic(memory));
    run();
    EXPECT_TRUE(root.arrived.empty());
    ASSERT_EQ(below[0]->arrived.size(), 1u);
    EXPECT_EQ(below[0]->arrived[0]->status, cpl_status::unsupported_request);
    EXPECT_EQ(errors(1), bit(error::unsupported_request));
    control2(1, 0, 0x80);
    EXPECT_EQ(sw.port(0).config().express().device_control2() & 0x80, 0) << "not implemented";
}

}  // namespace
}  // namespace drydock::root_complex
