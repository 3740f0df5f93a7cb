// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/tlm/root_complex/bench.h"

namespace drydock::root_complex {

/// A bench whose port 0 reports and contains: MSI at `doorbell`, every reporting enable on.
struct events_bench : bench {
    static constexpr std::uint64_t doorbell = ram + 0x10'0000;
    static constexpr std::uint32_t msi_data = 0x40;

    explicit events_bench(dpc_config d = {}, bool surprise_down = false)
        : bench(config(d, surprise_down)) {
        report();
        enable_msi();
    }
    static root_complex_config config(dpc_config d, bool surprise_down) {
        root_complex_config c = two_ports();
        c.ports[0].surprise_down = surprise_down;
        c.ports[0].msi_vectors_log2 = 2;
        c.ports[0].dpc = d;
        c.ports[0].gen = 2;  // trains in 20 ms
        return c;
    }
    pcie::config_space& space() { return rc.root(0).config(); }
    unsigned express() { return space().express().at; }
    unsigned aer_at() { return space().aer().at; }
    unsigned dpc_at() { return space().dpc().at; }
    /// As Linux does it: through ECAM.
    std::uint32_t get(unsigned reg, unsigned n = 4) { return config_read(0, 1, reg, n); }
    void put(unsigned reg, unsigned n, std::uint32_t v) { config_write(0, 1, reg, n, v); }

    void report() {
        put(express() + 8, 2, get(express() + 8, 2) | 0xf);  // CERE NFERE FERE URRE
        put(0x3e, 2, 2);                                     // Bridge Control SERR
        put(aer_at() + 0x2c, 4, 7);                          // Root Error Command
    }
    void enable_msi(unsigned log2 = 0) {
        const unsigned at = space().msi().at;
        put(at + 4, 4, static_cast<std::uint32_t>(doorbell));
        put(at + 8, 4, 0);
        put(at + 0xc, 2, msi_data);
        put(at + 2, 2, 1 | (log2 << 4));
    }
    /// Data of the last interrupt, and forgets it.
    std::uint32_t interrupt() {
        run();
        const auto v = mem.load<std::uint32_t>(base::phys_addr{doorbell});
        mem.store<std::uint32_t>(base::phys_addr{doorbell}, 0);
        return v;
    }
    std::uint64_t interrupts() { return rc.root(0).count().interrupts_sent; }

    void dpc_control(std::uint16_t v) { put(dpc_at() + 6, 2, v); }
    /// As Linux: Trigger Enable = fatal, interrupt on, everything else kept.
    void dpc_on() { dpc_control(static_cast<std::uint16_t>((get(dpc_at() + 6, 2) & 0xfff4) | 9)); }
    std::uint16_t dpc_status() { return static_cast<std::uint16_t>(get(dpc_at() + 8, 2)); }
    std::uint32_t root_status() { return get(aer_at() + 0x30) & 0x7f; }
    std::uint32_t aer_status() { return get(aer_at() + 4); }
    bool dllla() { return (get(express() + 0x12, 2) & 0x2000) != 0; }
    void send(pcie::msg_code c) {
        device.socket.send(message(c));
        run();
    }
    /// Linux 6.1's dpc_reset_link. @return false: it gave up
    bool linux_release() {
        for (unsigned ms = 0; dllla() && ms < 1'000; ms += 10) sleep(10_ms);
        for (unsigned ms = 0; (dpc_status() & 0x10) != 0; ms += 10) {
            if (ms >= 1'000) return false;
            sleep(10_ms);
        }
        put(dpc_at() + 8, 2, 1);
        for (unsigned ms = 0; !dllla(); ms += 20) {
            if (ms >= 1'000) return false;
            sleep(20_ms);
        }
        return true;
    }
    void sleep(base::ps t) { ctx.timeline.run(ctx.now() + t); }
    std::uint32_t load(std::uint64_t at) { return mem.load<std::uint32_t>(base::phys_addr{at}); }
};

}  // namespace drydock::root_complex
