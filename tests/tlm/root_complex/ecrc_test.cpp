// SPDX-License-Identifier: Apache-2.0
// End-to-end CRC at a root port.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"

namespace drydock::root_complex {
namespace {

using pcie::error;
using pcie::tlp_type;

constexpr std::uint32_t generate = 0x40, check = 0x100;
constexpr std::uint32_t ecrc_bit = 1u << static_cast<unsigned>(error::ecrc);

struct Ecrc : ::testing::Test, bench {
    explicit Ecrc(root_complex_config c = two_ports()) : bench(c) {}
    void control(std::uint32_t bits) {
        config_write(0, 1, rc.root(0).config().aer().at + 0x18u, 4, bits);
    }
    pcie::tlp_ptr with_digest(pcie::tlp_ptr t, bool bad) {
        t->digest = true;
        t->digest_bad = bad;
        return t;
    }
    void write(std::uint64_t at, bool bad) {
        device.socket.send(with_digest(request(tlp_type::mwr, at, 4), bad));
        run();
    }
    std::uint32_t word(std::uint64_t at) { return mem.load<std::uint32_t>(base::phys_addr{at}); }
    std::uint32_t status() { return aer(0, 4); }
};
struct NoEcrc : Ecrc {
    NoEcrc() : Ecrc(incapable()) {}
    static root_complex_config incapable() {
        root_complex_config c = two_ports();
        c.ports[0].ecrc = false;
        return c;
    }
};

TEST_F(Ecrc, P_091_a_bad_digest_is_found_where_checking_is_on_and_the_tlp_is_gone) {
    write(ram + 0x100, true);
    EXPECT_EQ(word(ram + 0x100), 0x04030201u) << "nobody looks";
    EXPECT_EQ(status() & ecrc_bit, 0u);
    control(check);
    write(ram + 0x200, false);
    EXPECT_EQ(word(ram + 0x200), 0x04030201u) << "a good one passes";
    EXPECT_EQ(status() & ecrc_bit, 0u);
    const std::uint64_t before = device.returned;
    write(ram + 0x300, true);
    EXPECT_EQ(word(ram + 0x300), 0u);
    EXPECT_EQ(status() & ecrc_bit, ecrc_bit);
    EXPECT_EQ(aer(0, 0x18) & 0x1f, 19u) << "First Error Pointer";
    EXPECT_EQ(aer(0, 0x1c), 0x4000'8001u) << "header log, TD=1";
    EXPECT_EQ(device.returned, before + 1) << "its buffer is free";
}

TEST_F(Ecrc, P_092_masked_it_has_status_and_no_message) {
    auto& s = rc.root(0).config();
    config_write(0, 1, s.express().at + 8u, 2, 0xf);
    config_write(0, 1, s.aer().at + 8u, 4, ecrc_bit);
    control(check);
    write(ram, true);
    EXPECT_EQ(status() & ecrc_bit, ecrc_bit);
    EXPECT_EQ(aer(0, 0x30) & 0x7f, 0u) << "Root Error Status";
    config_write(0, 1, s.aer().at + 8u, 4, 0);
    write(ram, true);
    EXPECT_EQ(aer(0, 0x30) & 0x7f, 0x24u) << "non-fatal by default";
    config_write(0, 1, s.aer().at + 0xcu, 4, ecrc_bit);
    write(ram, true);
    EXPECT_NE(aer(0, 0x30) & 0x40, 0u) << "fatal by severity";
}

TEST_F(Ecrc, P_091_a_read_with_a_bad_digest_gets_no_answer) {
    control(check);
    device.socket.send(with_digest(request(tlp_type::mrd, ram, 4), true));
    run();
    EXPECT_TRUE(device.arrived.empty());
    EXPECT_EQ(status() & ecrc_bit, ecrc_bit);
}

TEST_F(Ecrc, P_091_malformed_goes_before_it_and_it_before_poisoned) {
    control(check);
    auto t = with_digest(request(tlp_type::mwr, ram, 8), true);
    t->last_be = 0;
    device.socket.send(std::move(t));
    run();
    EXPECT_EQ(status(), 1u << static_cast<unsigned>(error::malformed));
    config_write(0, 1, rc.root(0).config().aer().at + 4u, 4, 0xffff'ffff);
    t = with_digest(request(tlp_type::mwr, ram, 4), true);
    t->poisoned = true;
    device.socket.send(std::move(t));
    run();
    EXPECT_EQ(status(), ecrc_bit);
}

TEST_F(Ecrc, P_091_what_the_root_complex_sends_has_a_digest_while_generation_is_on) {
    device.socket.send(request(tlp_type::mrd, ram, 4));
    run();
    control(generate);
    device.socket.send(request(tlp_type::mrd, ram, 4));
    run();
    const std::uint32_t v = 1;
    std::uint32_t copy = v;
    cpu.access(gp, true, mmio + 0x10, &copy, 4);
    run();
    ASSERT_EQ(device.arrived.size(), 3u);
    EXPECT_FALSE(device.arrived[0]->digest);
    EXPECT_TRUE(device.arrived[1]->digest && !device.arrived[1]->digest_bad);
    EXPECT_TRUE(device.arrived[2]->is_message() || device.arrived[2]->type == tlp_type::mwr);
    EXPECT_TRUE(device.arrived[2]->digest);
}

TEST_F(NoEcrc, P_091_a_port_that_is_not_capable_can_enable_neither) {
    control(generate | check);
    EXPECT_EQ(aer(0, 0x18) & 0x1e0, 0u);
    write(ram, true);
    EXPECT_EQ(word(ram), 0x04030201u);
    EXPECT_EQ(status(), 0u);
}

}  // namespace
}  // namespace drydock::root_complex
