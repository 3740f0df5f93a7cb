// SPDX-License-Identifier: Apache-2.0
// From end to end: what holds over CPU, root complex, link, endpoint and memory together.
#include "tests/tlm/system/pcie_path.h"
#include "tlm/base/rng.h"

namespace drydock::system {
namespace {

using endpoint::dma::op;
constexpr std::uint64_t pattern = 0x0102'0304'0506'0708;

/// A slow link with few buffers: writes queue up at every place that has one.
pcie::link_config narrow() {
    pcie::link_config c;
    c.gen = 1;
    c.width = 1;
    c.port_buffers[0] = {2, 32};
    return c;
}

TEST(PciePath, P_162_an_interrupt_arrives_when_the_data_before_it_is_in_memory) {
    pcie_path p(narrow());
    p.bring_up();
    const auto whole = [&] {  // descriptors whose last bytes are in memory
        unsigned n = 0;
        while (n < 8 &&
               p.mem.load<std::uint64_t>(base::phys_addr{pcie_path::buffer + n * 4096 + 4088}) != 0)
            ++n;
        return n;
    };
    std::vector<unsigned> at_interrupt;
    p.on_interrupt = [&] { at_interrupt.push_back(whole()); };
    for (unsigned i = 0; i < 8; ++i)
        p.describe(op::write, pcie_path::buffer + i * 4096, 4096, true, pattern);
    p.doorbell();
    p.run(1_ms);
    // A vector that fires again before its write found room in the queue is written once.
    ASSERT_GE(at_interrupt.size(), 2u);
    for (std::size_t i = 0; i < at_interrupt.size(); ++i) EXPECT_GT(at_interrupt[i], i);
    EXPECT_LT(at_interrupt.front(), 8u) << "not all data was there from the start";
    EXPECT_EQ(at_interrupt.back(), 8u);
    EXPECT_EQ(p.interrupt_data, std::vector<std::uint32_t>(at_interrupt.size(), 77));
}

TEST(PciePath, P_031_a_register_read_returns_behind_the_writes_that_it_tells_of) {
    pcie_path p(narrow());
    p.bring_up();
    p.describe(op::write, pcie_path::buffer, 4096, false, pattern);
    p.doorbell();
    std::uint32_t v = 0;
    while (v == 0) {  // polls as a driver does: the head moves when the writes are on their way
        p.cpu.responses.clear();
        p.cpu.access(p.gp, false, pcie_path::bar + pcie_path::queue(endpoint::dma::head), &v, 4);
        while (p.cpu.responses.empty()) p.run(1_ns);
    }
    EXPECT_NE(p.mem.load<std::uint64_t>(base::phys_addr{pcie_path::buffer + 4088}), 0u);
}

TEST(PciePath, P_138_P_139_a_link_that_drops_in_the_middle_of_dma_comes_back_to_work) {
    pcie_path p;
    base::rng r(3, "flaps");
    for (unsigned round = 0; round < 30; ++round) {
        p.bring_up();
        for (unsigned i = 0; i < 32; ++i)
            p.describe(i % 2 != 0 ? op::read : op::write, pcie_path::buffer + i * 4096, 4096);
        p.cpu.access(p.gp, true, pcie_path::bar + pcie_path::queue(endpoint::dma::tail), &p.tail,
                     4);
        p.run(base::ps{static_cast<std::int64_t>(500'000 + r.below(15'000'000))});
        std::uint32_t v = 0;
        p.cpu.responses.clear();
        p.cpu.access(p.gp, false, pcie_path::bar, &v, 4);
        p.run(base::ps{static_cast<std::int64_t>(r.below(400'000))});
        p.wire.set_up(false);
        p.run();
        ASSERT_EQ(p.cpu.responses.size(), 1u) << "never hangs";
        EXPECT_TRUE(v == UINT32_MAX || v == endpoint::dma::id_value) << v;
        EXPECT_EQ(p.config_read(1, 0, 0), UINT32_MAX);
        EXPECT_EQ(p.device.transactions_pending(), 0u);
        p.wire.set_up(true);
        p.run(base::ps{static_cast<std::int64_t>(r.below(3'000'000))});
    }
    p.run(100_ms);
    p.bring_up();
    for (unsigned i = 0; i < 64; ++i)
        p.describe(op::write, pcie_path::buffer + i * 4096, 4096, i == 63, pattern + i);
    p.doorbell();
    p.run(1_ms);
    EXPECT_EQ(p.head(), 64u);
    EXPECT_EQ(p.interrupt_data.size(), 1u);
    EXPECT_EQ(p.wire.upward().fc_protocol_errors, 0u);
    EXPECT_EQ(p.wire.downward().fc_protocol_errors, 0u);
    EXPECT_GT(p.wire.upward().dropped + p.wire.downward().dropped, 20u) << "in the middle of it";
    EXPECT_NO_THROW(p.pool.check_no_leak());
}

TEST(PciePath, nothing_reaches_memory_that_was_on_the_link_when_it_fell) {
    pcie_path p(narrow());
    p.bring_up();
    for (unsigned i = 0; i < 8; ++i)
        p.describe(op::write, pcie_path::buffer + i * 4096, 4096, true, pattern);
    p.doorbell();
    p.run(20_us);
    p.wire.set_up(false);
    p.run();  // what the port had taken before
    std::vector<std::uint64_t> then;
    const auto look = [&] {
        std::vector<std::uint64_t> v(8 * 512);
        p.mem.read(base::phys_addr{pcie_path::buffer}, v.data(), v.size() * 8);
        return v;
    };
    then = look();
    EXPECT_NE(then[0], 0u);
    EXPECT_EQ(then.back(), 0u);
    p.run(10_ms);
    p.wire.set_up(true);
    p.run(10_ms);
    EXPECT_EQ(look(), then);
    EXPECT_LT(p.interrupt_data.size(), 8u);
}

}  // namespace
}  // namespace drydock::system
