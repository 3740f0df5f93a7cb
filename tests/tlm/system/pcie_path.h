// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <vector>

#include "tests/tlm/system/initiator.h"
#include "tlm/base/context.h"
#include "tlm/endpoint/device.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/link.h"
#include "tlm/root_complex/root_complex.h"
#include "tlm/system/bus.h"
#include "tlm/system/interrupt_controller.h"
#include "tlm/system/memory.h"

namespace drydock::system {

using namespace base::literals;

inline pcie::config_image dma_device() {
    pcie::function_ids ids;
    ids.vendor = 0x8086;
    ids.device = 0x0b25;
    return pcie::config_image_builder(ids).bar(0, 64 * 1024).express({}).msix({}).aer({}).build();
}

/// The whole way from a CPU to memory: CPU -> root complex -> link -> endpoint with its DMA engine
/// -> link -> root complex -> memory and interrupts. No SMMU stands between: addresses are
/// physical.
struct pcie_path : msi_sink {
    static constexpr std::uint64_t ecam = 0x40'1000'0000, bar = 0x1000'0000, ram = 0x4000'0000;
    static constexpr std::uint64_t ring = ram, buffer = ram + 0x10'0000;
    static constexpr std::uint64_t gic = 0x0808'0000;
    static constexpr unsigned vector = 2;

    explicit pcie_path(const pcie::link_config& link = {})
        : wire("link", ctx, pool, link), below("ep0", ctx, pool, config()) {
        cpu.socket.bind(rc.cpu);
        rc.posted(0).bind(bus.add_initiator("posted"));
        rc.non_posted(0).bind(bus.add_initiator("non_posted"));
        bus.add_target("ram", base::phys_addr{ram}, std::uint64_t{1} << 30).bind(mem.socket);
        bus.add_target("gic", base::phys_addr{gic}, 64 * 1024).bind(interrupts.socket);
        rc.port(0).bind(wire.up);
        wire.down.bind(below.port);
        no_smmu.socket.bind(rc.ats(0));
        interrupts.connect(*this);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }
    static endpoint::endpoint_config config() {
        endpoint::endpoint_config c;
        c.image = dma_device();
        return c;
    }
    void msi(std::uint32_t data) override {
        interrupt_data.push_back(data);
        if (on_interrupt) on_interrupt();
    }
    void run(base::ps t = 2_us) { ctx.timeline.run(ctx.now() + t); }

    // -- what a CPU does
    std::uint32_t access(bool write, std::uint64_t at, std::uint32_t value, unsigned n) {
        cpu.access(gp, write, at, &value, n);
        run();
        return value;
    }
    std::uint64_t config_at(unsigned bus_number, unsigned dev, unsigned reg) const {
        return ecam + (std::uint64_t{bus_number} << 20) + (dev << 15) + reg;
    }
    void config_write(unsigned b, unsigned dev, unsigned reg, unsigned n, std::uint32_t v) {
        access(true, config_at(b, dev, reg), v, n);
    }
    std::uint32_t config_read(unsigned b, unsigned dev, unsigned reg) {
        return access(false, config_at(b, dev, reg), 0, 4);
    }
    void write32(std::uint32_t offset, std::uint32_t v) { access(true, bar + offset, v, 4); }
    std::uint32_t read32(std::uint32_t offset) { return access(false, bar + offset, 0, 4); }
    /// What enumeration and a driver do, from nothing; also after the link came back.
    void bring_up() {
        config_write(0, 1, 0x18, 4, 0x00010100);
        config_write(0, 1, 0x20, 4, 0x10f01000);
        config_write(0, 1, 0x04, 2, 6);
        config_write(1, 0, 0x10, 4, bar);
        config_write(1, 0, 0x14, 4, 0);
        config_write(1, 0, 0x04, 2, 6);
        config_write(1, 0, device.config_space().msix().at + 2u, 2, 0x8000);
        constexpr std::uint32_t entry = 0x2000 + vector * 16;
        write32(entry, gic + interrupt_controller::doorbell);
        write32(entry + 4, 0);
        write32(entry + 8, 77);
        write32(entry + 12, 0);
        namespace dma = endpoint::dma;
        write32(queue(dma::ring_low), ring);
        write32(queue(dma::ring_high), 0);
        write32(queue(dma::ring_log2), 6);
        write32(queue(dma::write_back_low), 0);
        write32(queue(dma::vector), vector);
        write32(queue(dma::control), dma::control_enable | dma::control_irq_enable);
        tail = 0;
    }
    static std::uint32_t queue(std::uint32_t offset) { return endpoint::dma::queue_base + offset; }
    /// One descriptor more in the ring; doorbell() gives them to the device.
    void describe(endpoint::dma::op op, std::uint64_t at, std::uint32_t bytes, bool irq = false,
                  std::uint64_t pattern = 0) {
        const std::uint64_t words[4] = {
            static_cast<std::uint64_t>(op) | (irq ? 0x100u : 0u) | std::uint64_t{bytes} << 32, at,
            pattern, tail};
        mem.write(base::phys_addr{ring + (tail++ % 64) * endpoint::dma::descriptor_bytes}, words,
                  sizeof words);
    }
    void doorbell() { write32(queue(endpoint::dma::tail), tail); }
    std::uint32_t head() { return read32(queue(endpoint::dma::head)); }

    /// Nobody asks for translations here.
    struct silent_smmu final : sc_core::sc_module, pcie::tlp_receiver {
        silent_smmu(sc_core::sc_module_name n, pcie::tlp_pool& p)
            : sc_module(n), socket("socket", *this, p) {}
        void receive(pcie::tlp_ptr t) override { ADD_FAILURE() << static_cast<int>(t->type); }
        void credits(pcie::fc_class, std::uint32_t, std::uint32_t) override {}
        void link_changed(bool) override {}
        pcie::downstream_socket socket;
    };

    base::context ctx;
    pcie::tlp_pool pool;
    root_complex::root_complex rc{"rc", ctx, pool, {}};
    pcie::link wire;
    endpoint::device below;
    endpoint::endpoint& device{below.function()};
    system::bus bus{"bus"};
    memory mem{"mem", ctx};
    interrupt_controller interrupts{"gic", ctx};
    silent_smmu no_smmu{"no_smmu", pool};
    initiator cpu{"cpu"};
    tlm::tlm_generic_payload gp;
    std::vector<std::uint32_t> interrupt_data;
    std::function<void()> on_interrupt;
    std::uint32_t tail = 0;
};

}  // namespace drydock::system
