// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tests/tlm/smmu/fake_memory.h"
#include "tests/tlm/smmu/translation_machine.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/smmu/invalidation_tracker.h"
#include "tlm/smmu/smmu.h"

namespace drydock::smmu::test {

// Register offsets, written down again apart from the model's (SMMUv3 6.3).
namespace reg {
inline constexpr std::uint64_t idr0 = 0x0, idr1 = 0x4, idr3 = 0xc, idr5 = 0x14, cr0 = 0x20,
                               cr0ack = 0x24, cr1 = 0x28, cr2 = 0x2c, gbpa = 0x44, irq_ctrl = 0x50,
                               irq_ctrlack = 0x54, gerror = 0x60, gerrorn = 0x64,
                               gerror_irq0 = 0x68, gerror_irq1 = 0x70, strtab_base = 0x80,
                               strtab_base_cfg = 0x88, cmdq_base = 0x90, cmdq_prod = 0x98,
                               cmdq_cons = 0x9c, eventq_base = 0xa0, eventq_prod = 0x100a8,
                               eventq_cons = 0x100ac, eventq_irq0 = 0xb0, eventq_irq1 = 0xb8,
                               priq_base = 0xc0, priq_prod = 0x100c8, priq_cons = 0x100cc,
                               priq_irq0 = 0xd0, priq_irq1 = 0xd8, priq_irq2 = 0xdc;
}
inline constexpr std::uint32_t smmuen = 1, priqen = 2, eventqen = 4, cmdqen = 8, atschk = 16;

/// One memory request of a device, from BEGIN_REQ to its response.
struct dma {
    tlm::tlm_generic_payload gp;
    base::requester who;
    std::array<std::uint8_t, 64> data{};
    bool accepted = false, answered = false;
    base::ps at{};
    ~dma() { gp.clear_extension(&who); }
};

/// An SMMU with memory, one root port's sockets and a CPU, and nothing else.
class smmu_machine_parts : public sc_core::sc_module,
                           pcie::tlp_receiver,
                           pcie::requester_directory,
                           tlm::tlm_bw_transport_if<> {
public:
    static constexpr std::uint64_t strtab = 0x1000'0000, cds = 0x1800'0000, root = 0x2000'0000;
    static constexpr std::uint64_t cmdq = 0x4000'0000, eventq = 0x4100'0000, priq = 0x4200'0000,
                                   doorbell = 0x0808'0040;
    static constexpr std::uint32_t sid = 0x100;  // 01:00.0

    smmu_machine_parts(sc_core::sc_module_name name, const smmu_config& c)
        : sc_module(name),
          config(c),
          cpu("cpu"),
          posted("posted"),
          non_posted("non_posted"),
          below("below", *this, pool),
          memory("memory", ctx),
          dut("smmu", ctx, pool, c, 1) {
        cpu.bind(ignore_);
        posted.bind(*this);
        non_posted.bind(*this);
        cpu.bind(dut.registers);
        posted.bind(dut.posted(0));
        non_posted.bind(dut.non_posted(0));
        dut.ats(0).bind(below);
        dut.memory.bind(memory.socket);
        dut.set_directory(*this);
    }
    /// Elaborates; after this the timeline may run.
    void start() {
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        below.credit_return(pcie::fc_class::posted, 64, 64);
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

    // -- device side --
    dma& request(bool is_write, std::uint64_t address, std::uint64_t order,
                 base::address_type at = base::address_type::untranslated) {
        dmas.push_back(std::make_unique<dma>());
        dma& d = *dmas.back();
        d.who.stream = base::stream_id{sid};
        d.who.at = at;
        d.who.order = order;
        d.gp.set_command(is_write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        d.gp.set_address(address);
        d.gp.set_data_ptr(d.data.data());
        d.gp.set_data_length(64);
        d.gp.set_streaming_width(64);
        d.gp.set_extension(&d.who);
        d.data.fill(0x5a);
        return d;
    }
    dma& send(dma& d) {
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        sc_core::sc_time none;
        d.accepted = (d.gp.is_write() ? posted : non_posted)->nb_transport_fw(d.gp, phase, none) ==
                     tlm::TLM_UPDATED;
        return d;
    }
    dma& dma_write(std::uint64_t address, std::uint64_t order = 0) {
        return send(request(true, address, order));
    }
    dma& dma_read(std::uint64_t address, std::uint64_t order = 0) {
        return send(request(false, address, order));
    }
    void translation_request(std::uint64_t va, std::uint16_t tag = 1, bool no_write = false) {
        auto t = pool.make();
        t->type = pcie::tlp_type::mrd;
        t->at = base::address_type::translation_request;
        t->requester = base::routing_id{sid};
        t->tag = tag;
        t->length = 2;
        t->address = va | (no_write ? 1 : 0);
        below.send(std::move(t));
    }
    void invalidate_completion(std::uint32_t vector, unsigned cc = 1, std::uint64_t order = 0,
                               std::uint16_t from = sid) {
        auto t = pool.make();
        t->type = pcie::tlp_type::msg;
        t->code = pcie::msg_code::invalidate_completion;
        t->requester = base::routing_id{from};
        t->address = pcie::encode_invalidate_completion(cc, vector);
        t->order = order;
        below.send(std::move(t));
    }
    void page_request(bool last, std::uint16_t group = 1, std::optional<std::uint32_t> pasid = {},
                      bool read_wanted = true) {
        auto t = pool.make();
        t->type = pcie::tlp_type::msg;
        t->code = pcie::msg_code::page_request;
        t->requester = base::routing_id{sid};
        t->address =
            pcie::page_request_fields{0x1234'5000, group, last, false, read_wanted}.encode();
        if (pasid) t->pasid = pcie::pasid_prefix{base::substream_id{*pasid}, false, false};
        below.send(std::move(t));
    }
    /// Messages of one code that the SMMU has sent down.
    std::vector<const pcie::tlp*> sent(pcie::msg_code code) const {
        std::vector<const pcie::tlp*> out;
        for (const auto& t : received)
            if (t->is_message() && t->code == code) out.push_back(t.get());
        return out;
    }
    std::size_t invalidate_requests() const {
        return sent(pcie::msg_code::invalidate_request).size();
    }
    std::size_t msi_count() const { return memory.writes_to(doorbell); }
    std::uint32_t last_msi() { return memory.word32(doorbell); }
    std::uint32_t events() { return static_cast<std::uint32_t>(read(reg::eventq_prod)) & 0xfffff; }
    std::uint64_t event_word(unsigned n, unsigned w) {
        return memory.word(eventq + 32u * n + 8u * w);
    }

    base::context ctx;
    pcie::tlp_pool pool;
    smmu_config config;
    tlm::tlm_initiator_socket<64> cpu, posted, non_posted;
    pcie::upstream_socket below;
    fake_memory memory;
    smmu dut;
    std::vector<std::unique_ptr<dma>> dmas;
    std::vector<pcie::tlp_ptr> received;
    std::optional<std::uint16_t> route = 0;
    bool link_is_up = true, fails_fast = false;
    bool answer_invalidates = false;  ///< at once, order 0
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
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override {
        for (auto& d : dmas) {
            if (&d->gp != &gp) continue;
            d->accepted = true;
            if (phase == tlm::BEGIN_RESP) {
                d->answered = true;
                d->at = ctx.now();
            }
        }
        return phase == tlm::BEGIN_RESP ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    void receive(pcie::tlp_ptr t) override {
        below.credit_return(t->flow_class(), 1, t->data_credits());
        const bool answer =
            answer_invalidates && t->is_message() && t->code == pcie::msg_code::invalidate_request;
        const std::uint16_t tag = t->tag;
        received.push_back(std::move(t));
        if (answer) invalidate_completion(1u << tag);
    }
    void credits(pcie::fc_class, std::uint32_t, std::uint32_t) override {}
    void link_changed(bool) override {}
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
