// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tests/tlm/smmu/command_words.h"
#include "tests/tlm/smmu/device_side.h"
#include "tests/tlm/smmu/fake_memory.h"
#include "tests/tlm/smmu/register_offsets.h"
#include "tests/tlm/smmu/translation_machine.h"
#include "tlm/smmu/invalidation_tracker.h"
#include "tlm/smmu/smmu.h"

namespace drydock::smmu::test {

/// An SMMU with memory, one root port's sockets and a CPU, and nothing else.
class smmu_machine_parts : public sc_core::sc_module,
                           public device_side,
                           protected pcie::requester_directory {
public:
    static constexpr std::uint64_t strtab = 0x1000'0000, cds = 0x1800'0000, root = 0x2000'0000;
    static constexpr std::uint64_t cmdq = 0x4000'0000, eventq = 0x4100'0000, priq = 0x4200'0000,
                                   doorbell = 0x0808'0040;

    smmu_machine_parts(sc_core::sc_module_name name, const smmu_config& c)
        : sc_module(name),
          config(c),
          cpu("cpu"),
          memory("memory", ctx),
          dut("smmu", ctx, pool, c, 1) {
        cpu.bind(ignore_);
        cpu.bind(dut.registers);
        posted.bind(dut.posted(0));
        non_posted.bind(dut.non_posted(0));
        dut.ats(0).bind(below);
        dut.memory.bind(memory.socket);
        dut.set_directory(*this);
    }
    /// Elaborates; after this the timeline may run. @param posted_credits  headers and data
    void start(std::uint32_t posted_credits = 64) {
        if (sc_core::sc_get_status() < sc_core::SC_START_OF_SIMULATION)
            sc_core::sc_start(sc_core::SC_ZERO_TIME);
        below.credit_return(pcie::fc_class::posted, posted_credits, posted_credits);
        below.credit_return(pcie::fc_class::completion, UINT32_MAX, UINT32_MAX);
        ctx.timeline.seal();
    }

    // -- CPU --
    std::uint64_t read(std::uint64_t offset, unsigned size = 4) {
        std::array<std::uint8_t, 8> bytes{};
        transfer(tlm::TLM_READ_COMMAND, offset, bytes.data(), size);
        std::uint64_t v = 0;
        for (unsigned i = size; i-- > 0;) v = v << 8 | bytes[i];
        return v;
    }
    void write(std::uint64_t offset, std::uint64_t value, unsigned size = 4) {
        std::array<std::uint8_t, 8> bytes;
        for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
        transfer(tlm::TLM_WRITE_COMMAND, offset, bytes.data(), size);
    }
    void write64(std::uint64_t offset, std::uint64_t value) { write(offset, value, 8); }
    void run(std::int64_t ns = 10'000) { ctx.timeline.run(ctx.now() + base::ps{ns * 1000}); }

    /// Writes CR0 and waits for CR0ACK.
    void set_cr0(std::uint32_t value) {
        write(reg::cr0, value);
        run(1'000);
    }
    void queues(unsigned log2 = 4) {
        write64(reg::strtab_base, strtab);
        write(reg::strtab_base_cfg, 10);
        write64(reg::cmdq_base, cmdq | log2);
        write64(reg::eventq_base, eventq | log2);
        write64(reg::priq_base, priq | log2);
        queue_log2 = log2;
    }
    /// The enable sequence of SMMUv3, MSIs at the doorbell: GERROR 1, event queue 2, PRI
    /// queue 3.
    void enable(std::uint32_t cr0 = smmuen | eventqen | cmdqen | atschk, unsigned log2 = 4) {
        queues(log2);
        write64(reg::gerror_irq0, doorbell);
        write(reg::gerror_irq1, 1);
        write64(reg::eventq_irq0, doorbell);
        write(reg::eventq_irq1, 2);
        write64(reg::priq_irq0, doorbell);
        write(reg::priq_irq1, 3);
        write(reg::irq_ctrl, 7);
        set_cr0(cr0);
    }

    // -- command queue --
    void put(std::uint64_t w0, std::uint64_t w1 = 0) {
        const std::uint32_t slot = prod & ((1u << queue_log2) - 1);
        memory.word(cmdq + 16u * slot) = w0;
        memory.word(cmdq + 16u * slot + 8) = w1;
        prod = (prod + 1) & ((2u << queue_log2) - 1);
    }
    void ring() { write(reg::cmdq_prod, prod); }
    void command(std::uint64_t w0, std::uint64_t w1 = 0) {
        put(w0, w1);
        ring();
    }
    void sync() { command(0x46); }
    void atc_inv(std::uint64_t address = 0, unsigned size = 52, std::uint32_t to = sid) {
        put(0x40 | std::uint64_t{to} << 32, address | size);
    }
    std::uint32_t cons() { return static_cast<std::uint32_t>(read(reg::cmdq_cons)) & 0xfffff; }
    std::uint32_t error() { return static_cast<std::uint32_t>(read(reg::cmdq_cons)) >> 24 & 0x7f; }
    bool cmdq_error_active() { return ((read(reg::gerror) ^ read(reg::gerrorn)) & 1) != 0; }
    void acknowledge() { write(reg::gerrorn, read(reg::gerror)); }
    /// All commands rung so far are consumed.
    bool drained() { return cons() == prod; }

    // -- tables --
    void set_ste(std::uint32_t id, const ste_image& s) {
        const auto w = s.words();
        for (unsigned i = 0; i < 8; ++i) memory.word(strtab + 64u * id + 8u * i) = w[i];
    }
    void stage1(std::uint32_t id = sid, const cd_image& c = {}, ste_image s = {}) {
        s.cd = cds;
        set_ste(id, s);
        const auto w = c.words();
        for (unsigned i = 0; i < 8; ++i) memory.word(cds + 8u * i) = w[i];
    }
    /// enable(), stage1() and one page. @return address of its descriptor
    std::uint64_t enable_mapped(std::uint64_t va, std::uint64_t pa) {
        enable();
        stage1();
        return map(va, pa);
    }
    std::uint64_t map(std::uint64_t va, std::uint64_t pa, std::uint64_t attributes = rw_page) {
        std::uint64_t table = root;
        for (unsigned l = 0; l < 3; ++l) {
            std::uint64_t& d = memory.word(table + (va >> (39 - 9 * l) & 0x1ff) * 8);
            if (d == 0) d = (next_table_ += 0x1000) | 3;
            table = d & 0x0000'ffff'ffff'f000u;
        }
        const std::uint64_t leaf = table + (va >> 12 & 0x1ff) * 8;
        memory.word(leaf) = pa | attributes | 3;
        return leaf;
    }

    // -- interrupts and events --
    std::size_t msi_count() const { return memory.writes_to(doorbell); }
    std::uint32_t last_msi() { return memory.word32(doorbell); }
    std::uint32_t events() { return static_cast<std::uint32_t>(read(reg::eventq_prod)) & 0xfffff; }
    std::uint64_t event_word(unsigned n, unsigned w) {
        return memory.word(eventq + 32u * n + 8u * w);
    }

    smmu_config config;
    tlm::tlm_initiator_socket<64> cpu;
    fake_memory memory;
    smmu dut;
    std::optional<std::uint16_t> route = 0;
    bool link_is_up = true, fails_fast = false;
    unsigned queue_log2 = 4;
    std::uint32_t prod = 0;

private:
    struct silent : tlm::tlm_bw_transport_if<> {
        tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                           sc_core::sc_time&) override {
            return tlm::TLM_COMPLETED;
        }
        void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    };
    void transfer(tlm::tlm_command c, std::uint64_t offset, std::uint8_t* data, unsigned size) {
        tlm::tlm_generic_payload gp;
        gp.set_command(c);
        gp.set_address(offset);
        gp.set_data_ptr(data);
        gp.set_data_length(size);
        gp.set_streaming_width(size);
        sc_core::sc_time none;
        cpu->b_transport(gp, none);
    }
    std::optional<std::uint16_t> port_of(base::routing_id) const override { return route; }
    bool link_up(std::uint16_t) const override { return link_is_up; }
    bool fail_fast(std::uint16_t) const override { return fails_fast; }

    silent ignore_;
    std::uint64_t next_table_ = root;
};

/// The machine, elaborated.
struct smmu_machine : smmu_machine_parts {
    explicit smmu_machine(const smmu_config& c = {}) : smmu_machine_parts("machine", c) { start(); }
};

}  // namespace drydock::smmu::test
