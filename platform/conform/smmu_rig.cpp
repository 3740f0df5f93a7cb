// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/smmu_rig.h"

#include <array>
#include <stdexcept>
#include <systemc>
#include <tlm>

#include "tlm/base/context.h"
#include "tlm/base/requester.h"
#include "tlm/pcie/sockets.h"
#include "tlm/smmu/smmu.h"
#include "tlm/system/memory.h"

namespace drydock::conform {
namespace {

constexpr std::uint64_t eventq_base = 0xa0, eventq_prod = 0x100a8,
                        eventq_cons = 0x100ac;  // SMMUv3 6.3.28
constexpr std::uint64_t position = 0xfffff;     // index and wrap bit
constexpr unsigned event_bytes = 32, most_log2 = 19;
constexpr base::ps rest{1'000'000'000};  // far longer than anything the SMMU does by itself

std::string hex_of(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (const std::uint8_t b : bytes) {
        text += "0123456789abcdef"[b >> 4];
        text += "0123456789abcdef"[b & 15];
    }
    return text;
}

/// Between the SMMU and memory: sees where transactions of devices go.
class onlooker final : public sc_core::sc_module,
                       tlm::tlm_fw_transport_if<>,
                       tlm::tlm_bw_transport_if<> {
public:
    explicit onlooker(sc_core::sc_module_name name) : sc_module(name), from("from"), to("to") {
        from.bind(*this);
        to.bind(*this);
    }
    tlm::tlm_target_socket<64> from;
    tlm::tlm_initiator_socket<64> to;
    std::optional<std::uint64_t> seen;

private:
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override {
        if (phase == tlm::BEGIN_REQ && gp.get_extension<base::requester>() != nullptr)
            seen = gp.get_address();
        return to->nb_transport_fw(gp, phase, t);
    }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override {
        return from->nb_transport_bw(gp, phase, t);
    }
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) override {
        to->b_transport(gp, t);
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override { return to->transport_dbg(gp); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
};

}  // namespace

class smmu_rig::parts final : public sc_core::sc_module,
                              pcie::tlp_receiver,
                              tlm::tlm_bw_transport_if<>,
                              smmu::interrupt_wires {
public:
    parts(sc_core::sc_module_name name, const smmu::smmu_config& c)
        : sc_module(name),
          cpu("cpu"),
          posted("posted"),
          non_posted("non_posted"),
          below("below", *this, pool),
          between("between"),
          memory("memory", ctx, {base::phys_addr{ram}, ram_bytes}),
          dut("smmu", ctx, pool, c, 1) {
        for (auto* socket : {&cpu, &posted, &non_posted}) socket->bind(*this);
        cpu.bind(dut.registers);
        posted.bind(dut.posted(0));
        non_posted.bind(dut.non_posted(0));
        dut.ats(0).bind(below);
        dut.memory.bind(between.from);
        between.to.bind(memory.socket);
        dut.connect_interrupts(*this);
    }
    void start() {
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        ctx.timeline.seal();
    }

    void settle() { ctx.timeline.run(ctx.now() + rest); }

    std::uint64_t transfer(tlm::tlm_command c, std::uint64_t offset, unsigned bytes,
                           std::uint64_t value) {
        std::array<std::uint8_t, 8> data;
        for (unsigned i = 0; i < 8; ++i) data[i] = static_cast<std::uint8_t>(value >> 8 * i);
        tlm::tlm_generic_payload gp;
        gp.set_command(c);
        gp.set_address(offset);
        gp.set_data_ptr(data.data());
        gp.set_data_length(bytes);
        gp.set_streaming_width(bytes);
        sc_core::sc_time none;
        cpu->b_transport(gp, none);
        settle();
        std::uint64_t out = 0;
        for (unsigned i = bytes; i-- > 0;) out = out << 8 | data[i];
        return out;
    }
    std::uint64_t read(std::uint64_t offset, unsigned bytes) {
        return transfer(tlm::TLM_READ_COMMAND, offset, bytes, 0);
    }

    dma_outcome access(const dma_access& a) {
        const std::uint64_t before = read(eventq_prod, 4), cons = read(eventq_cons, 4);
        pulses.clear();
        between.seen.reset();
        dma_outcome out;
        std::vector<std::uint8_t> data(a.bytes, 0xa5);
        {
            base::requester who;
            who.stream = base::stream_id{a.sid};
            who.privileged = true;
            who.order = ++order_;
            tlm::tlm_generic_payload gp;
            gp.set_command(a.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
            gp.set_address(a.iova);
            gp.set_data_ptr(data.data());
            gp.set_data_length(a.bytes);
            gp.set_streaming_width(a.bytes);
            gp.set_extension(&who);
            tlm::tlm_phase phase = tlm::BEGIN_REQ;
            sc_core::sc_time none;
            answered_ = false;
            (a.write ? posted : non_posted)->nb_transport_fw(gp, phase, none);
            settle();
            gp.clear_extension(&who);
            if (!answered_) throw std::runtime_error("the access was never answered");
            out.ok = gp.is_response_ok();
        }
        out.pa = between.seen;
        out.queue_was_empty = ((before ^ cons) & position) == 0;
        if (out.ok && !a.write) out.data = std::move(data);
        out.events = records(before, read(eventq_prod, 4));
        out.irqs = pulses;
        return out;
    }

    base::context ctx{1};
    pcie::tlp_pool pool;
    tlm::tlm_initiator_socket<64> cpu, posted, non_posted;
    pcie::upstream_socket below;
    onlooker between;
    system::memory memory;
    smmu::smmu dut;
    std::vector<unsigned> pulses;

private:
    std::vector<std::string> records(std::uint64_t from, std::uint64_t to) {
        const std::uint64_t queue = read(eventq_base, 8);
        const std::uint64_t log2 = std::min<std::uint64_t>(queue & 0x1f, most_log2);
        const std::uint64_t positions = (std::uint64_t{2} << log2) - 1;
        const std::uint64_t start = (queue & 0x000f'ffff'ffff'ffe0) >> (log2 + 5) << (log2 + 5);
        std::vector<std::string> found;
        for (; (from & positions) != (to & positions); ++from) {
            std::array<std::uint8_t, event_bytes> bytes;
            memory.read(base::phys_addr{start + (from & (positions >> 1)) * event_bytes},
                        bytes.data(), bytes.size());
            found.push_back(hex_of(bytes));
        }
        return found;
    }
    // smmu::interrupt_wires; numbers as the vectors have them
    void pulse(smmu::msi_source s) override {
        constexpr std::array<unsigned, 4> number{2, 0, 1, 3};
        pulses.push_back(number[static_cast<std::size_t>(s)]);
    }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override {
        if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
        answered_ = true;
        return tlm::TLM_COMPLETED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    void receive(pcie::tlp_ptr) override {}
    void credits(pcie::fc_class, std::uint32_t, std::uint32_t) override {}
    void link_changed(bool) override {}

    bool answered_ = false;
    std::uint64_t order_ = 0;
};

smmu_rig::smmu_rig(const smmu::smmu_config& c) : parts_(std::make_unique<parts>("rig", c)) {
    parts_->start();
}
smmu_rig::~smmu_rig() = default;

void smmu_rig::write_memory(std::uint64_t pa, std::span<const std::uint8_t> bytes) {
    parts_->memory.write(base::phys_addr{pa}, bytes.data(), bytes.size());
}
std::uint64_t smmu_rig::read_register(std::uint64_t offset, unsigned bytes) {
    return parts_->read(offset, bytes);
}
void smmu_rig::write_register(std::uint64_t offset, unsigned bytes, std::uint64_t value) {
    parts_->transfer(tlm::TLM_WRITE_COMMAND, offset, bytes, value);
}
dma_outcome smmu_rig::access(const dma_access& a) { return parts_->access(a); }

}  // namespace drydock::conform
