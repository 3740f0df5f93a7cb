// SPDX-License-Identifier: Apache-2.0
// Root Port Extensions: what becomes of CPU requests that fail.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/events_bench.h"

namespace drydock::root_complex {
namespace {

constexpr std::uint16_t triggered = 1, reason = 0x6, extension = 0x60;

/// RP PIO registers by their offset in the capability.
struct pio_bench : events_bench {
    using events_bench::events_bench;
    std::uint32_t pio(unsigned reg) { return get(dpc_at() + reg); }
    void pio(unsigned reg, std::uint32_t v) { put(dpc_at() + reg, 4, v); }
    unsigned first_error() { return (dpc_status() >> 8) & 0x1f; }
    /// A read of the device's memory that it answers so; nothing: not at all.
    std::uint32_t read(std::optional<pcie::cpl_status> how, std::uint64_t at = mmio + 0x120) {
        std::uint32_t v = 0;
        device.on_arrival = [this, how](const pcie::tlp& t) {
            if (how) answer(t, *how);
        };
        cpu.access(gp, false, at, &v, 4);
        sleep(11_ms);
        device.on_arrival = nullptr;
        return v;
    }
    std::uint32_t read_config(pcie::cpl_status how) {
        device.on_arrival = [this, how](const pcie::tlp& t) { answer(t, how); };
        const std::uint32_t v = config_read(1, 0, 0);
        device.on_arrival = nullptr;
        return v;
    }
};

TEST(RpPio, P_119_an_unmasked_uncorrectable_timeout_contains_and_logs_the_request) {
    pio_bench b;
    b.dpc_on();
    b.pio(0x10, 0x0003'0707);
    b.pio(0x14, 1u << 18);
    EXPECT_EQ(b.read({}), UINT32_MAX);
    EXPECT_EQ(b.pio(0xc), 1u << 18);
    EXPECT_EQ(b.dpc_status() & (triggered | reason | extension), triggered | 6);
    EXPECT_EQ(b.first_error(), 18u);
    EXPECT_EQ(b.pio(0x20), 0x0000'0001u) << "MRd32, one DW";
    EXPECT_EQ(b.pio(0x28), bench::mmio + 0x120);
    EXPECT_EQ(b.aer_status(), 0u) << "RP PIO takes the place of AER's Completion Timeout";
}

TEST(RpPio, P_120_masked_it_is_status_alone) {
    pio_bench b;
    b.dpc_on();
    b.pio(0x14, 1u << 18);
    b.pio(0x18, 1u << 18);
    EXPECT_EQ(b.read({}), UINT32_MAX);
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    EXPECT_EQ(b.pio(0xc), 1u << 18);
    EXPECT_EQ(b.pio(0x20), 0u);
    EXPECT_EQ(b.rc.root(0).errors().system_errors(), 0u);
    EXPECT_TRUE(b.rc.link_up(0));
}

TEST(RpPio, P_119_with_severity_advisory_it_is_logged_and_does_not_contain) {
    pio_bench b;
    b.dpc_on();
    b.pio(0x10, 0);
    EXPECT_EQ(b.read({}), UINT32_MAX);
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    EXPECT_EQ(b.first_error(), 18u);
    EXPECT_EQ(b.pio(0x28), bench::mmio + 0x120);
}

TEST(RpPio, every_failure_has_its_bit) {
    using pcie::cpl_status;
    pio_bench b;
    EXPECT_EQ(b.pio(0x10), 0x0007'0707u) << "masked after reset";
    b.read_config(cpl_status::unsupported_request);
    EXPECT_EQ(b.pio(0xc), 1u << 0);
    b.read_config(cpl_status::completer_abort);
    EXPECT_EQ(b.pio(0xc), 3u);
    b.read(cpl_status::unsupported_request);
    EXPECT_EQ(b.pio(0xc), 0x1'0003u);
    b.read(cpl_status::completer_abort);
    EXPECT_EQ(b.pio(0xc), 0x3'0003u);
    b.pio(0xc, 0x0007'0707);
    EXPECT_EQ(b.pio(0xc), 0u);
}

TEST(RpPio, a_completion_that_succeeds_is_no_error) {
    pio_bench b;
    b.device.on_arrival = [&](const pcie::tlp& t) {
        b.answer(t, pcie::cpl_status::success, 0x1234);
    };
    EXPECT_EQ(b.config_read(1, 0, 0), 0x1234u);
    EXPECT_EQ(b.pio(0xc), 0u);
}

TEST(RpPio, the_first_error_holds_the_log_until_its_bit_is_cleared) {
    pio_bench b;
    b.pio(0x10, 0);
    b.read(pcie::cpl_status::completer_abort, bench::mmio + 0x10);
    b.read(pcie::cpl_status::unsupported_request, bench::mmio + 0x20);
    EXPECT_EQ(b.first_error(), 17u);
    EXPECT_EQ(b.pio(0x28), bench::mmio + 0x10);
    b.pio(0xc, 1u << 17);
    b.read(pcie::cpl_status::completer_abort, bench::mmio + 0x30);
    EXPECT_EQ(b.pio(0x28), bench::mmio + 0x30);
}

TEST(RpPio, sys_error_and_exception) {
    pio_bench b;
    b.pio(0x10, 0);
    b.pio(0x18, 1u << 16);
    EXPECT_EQ(b.read(pcie::cpl_status::unsupported_request), UINT32_MAX);
    EXPECT_EQ(b.rc.root(0).errors().system_errors(), 1u);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_OK_RESPONSE);
    b.pio(0x1c, 1u << 16);
    EXPECT_EQ(b.read(pcie::cpl_status::unsupported_request), UINT32_MAX);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_GENERIC_ERROR_RESPONSE);
}

TEST(RpPio, without_root_port_extensions_a_timeout_is_an_error_of_aer) {
    pio_bench b({.root_port_extensions = false});
    b.dpc_control(0xa);
    EXPECT_EQ(b.read({}), UINT32_MAX);
    EXPECT_EQ(b.aer_status(), 1u << 14);
    EXPECT_EQ(b.dpc_status() & (triggered | reason), triggered) << "non-fatal, enable 2";
    EXPECT_EQ(b.dpc_status() & 0x10, 0) << "no RP Busy";
}

}  // namespace
}  // namespace drydock::root_complex
