// SPDX-License-Identifier: Apache-2.0
// Containment with a real function behind a real link.
#include <gtest/gtest.h>

#include <array>

#include "tests/tlm/system/initiator.h"
#include "tlm/endpoint/device.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/link.h"
#include "tlm/root_complex/root_complex.h"
#include "tlm/system/bus.h"
#include "tlm/system/memory.h"

namespace drydock::root_complex {
namespace {

using namespace base::literals;

/// Below the only root port: an endpoint with a BAR and ATS.
struct device_bench {
    static constexpr std::uint64_t ecam = 0x40'1000'0000;
    struct no_smmu final : sc_core::sc_module, pcie::tlp_receiver {
        no_smmu(sc_core::sc_module_name n, pcie::tlp_pool& pool)
            : sc_module(n), socket("socket", *this, pool) {}
        void receive(pcie::tlp_ptr) override {}
        void credits(pcie::fc_class, std::uint32_t, std::uint32_t) override {}
        void link_changed(bool up) override { states.push_back(up); }
        pcie::downstream_socket socket;
        std::vector<bool> states;
    };

    explicit device_bench(bool fail_fast = false) : rc("rc", ctx, pool, config(fail_fast)) {
        cpu.socket.bind(rc.cpu);
        rc.posted(0).bind(bus.add_initiator("p"));
        rc.non_posted(0).bind(bus.add_initiator("np"));
        smmu.socket.bind(rc.ats(0));
        rc.port(0).bind(link.up);
        link.down.bind(below.port);
        bus.add_target("ram", base::phys_addr{0x4000'0000}, 1u << 20).bind(mem.socket);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        write(0, 1, 0x18, 0x00010100);
        write(0, 1, 0x04, 6);
    }
    static root_complex_config config(bool fail_fast) {
        root_complex_config c;
        c.fail_fast = fail_fast;
        c.ports[0].dpc = dpc_config{};
        return c;
    }
    static endpoint::endpoint_config device_config() {
        endpoint::endpoint_config c;
        c.image = pcie::config_image_builder({0x1234, 0x5678, 0, 0, 0, 0, 0})
                      .bar(0, 64 << 10)
                      .express({})
                      .aer({})
                      .ats({})
                      .build();
        return c;
    }
    std::uint64_t at(unsigned bus_number, unsigned dev, unsigned reg) {
        return ecam + (std::uint64_t{bus_number} << 20) + (dev << 15) + reg;
    }
    void sleep(base::ps t) { ctx.timeline.run(ctx.now() + t); }
    void write(unsigned bus_number, unsigned dev, unsigned reg, std::uint32_t v) {
        cpu.access(gp, true, at(bus_number, dev, reg), &v, 4);
        sleep(5_us);
    }
    std::uint32_t read(unsigned bus_number, unsigned dev, unsigned reg) {
        std::uint32_t v = 0;
        cpu.access(gp, false, at(bus_number, dev, reg), &v, 4);
        sleep(5_us);
        return v;
    }

    base::context ctx;
    pcie::tlp_pool pool;
    root_complex rc;
    pcie::link link{"link", ctx, pool, {}};
    endpoint::device below{"device", ctx, pool, device_config()};
    endpoint::endpoint& device{below.function()};
    system::bus bus{"bus"};
    system::memory mem{"mem", ctx};
    system::initiator cpu{"cpu"};
    no_smmu smmu{"smmu", pool};
    tlm::tlm_generic_payload gp;
};

TEST(DpcDevice, P_117_release_gives_a_device_whose_state_is_reset) {
    device_bench b;
    const unsigned dpc = b.rc.root(0).config().dpc().at;
    const unsigned ats = b.device.config_space().ats().at;
    b.write(1, 0, 0x10, 0x1000'0000);
    b.write(1, 0, 0x04, 6);
    b.write(1, 0, ats + 4, 0x8000'0000);
    ASSERT_EQ(b.read(1, 0, 0x10) & ~15u, 0x1000'0000u);
    ASSERT_NE(b.read(1, 0, ats + 4) & 0x8000'0000u, 0u);
    b.write(0, 1, dpc + 4, 0x0049'0000);  // enable, interrupt, software trigger
    EXPECT_FALSE(b.link.is_up());
    EXPECT_EQ(b.read(1, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.smmu.states, (std::vector<bool>{false}));
    b.sleep(10_ms);
    b.write(0, 1, dpc + 8, 1);
    b.sleep(50_ms);
    EXPECT_TRUE(b.link.is_up());
    EXPECT_EQ(b.read(1, 0, 0), 0x5678'1234u);
    EXPECT_EQ(b.read(1, 0, 0x10) & ~15u, 0u);
    EXPECT_EQ(b.read(1, 0, 0x04) & 0xffff, 0u);
    EXPECT_EQ(b.read(1, 0, ats + 4) & 0x8000'0000u, 0u);
    b.write(1, 0, 0x10, 0x1000'0000);
    EXPECT_EQ(b.read(1, 0, 0x10) & ~15u, 0x1000'0000u);
}

TEST(DpcDevice, P_110_an_err_fatal_of_the_device_itself_contains) {
    device_bench b;
    const unsigned dpc = b.rc.root(0).config().dpc().at;
    const unsigned express = b.device.config_space().express().at;
    b.write(0, 1, dpc + 4, 0x0009'0000);
    b.write(1, 0, express + 8, 0xf);
    b.write(1, 0, b.device.config_space().aer().at + 0xc, 1u << 20);  // UR is fatal
    auto t = b.pool.make();                                           // a write to no BAR
    t->type = pcie::tlp_type::mwr;
    t->address = 0x5000'0000;
    t->length = 1;
    t->first_be = 0xf;
    b.pool.add_payload(*t);
    b.rc.root(0).count_write();
    b.rc.root(0).send_down(std::move(t));
    b.sleep(5_us);
    EXPECT_FALSE(b.link.is_up());
    EXPECT_EQ(b.read(0, 1, dpc + 8) & 7, 5u);
    EXPECT_EQ(b.read(0, 1, dpc + 8) >> 16, 0x0100u);
}

TEST(DpcDevice, P_118_the_smmu_finds_the_link_down_and_asks_drop_or_fail_fast) {
    device_bench b;
    b.write(0, 1, b.rc.root(0).config().dpc().at + 4, 0x0049'0000);
    EXPECT_EQ(b.rc.port_of(base::routing_id{0x0100}), 0);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_FALSE(b.rc.fail_fast(0));
}

TEST(DpcDevice, P_118_fail_fast_is_a_parameter) {
    device_bench b(true);
    b.write(0, 1, b.rc.root(0).config().dpc().at + 4, 0x0049'0000);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_TRUE(b.rc.fail_fast(0));
}

}  // namespace
}  // namespace drydock::root_complex
