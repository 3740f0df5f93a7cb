// SPDX-License-Identifier: Apache-2.0
// Command queue and invalidation tracker against a stub function: no link, no driver. Groups of 32
// ATC_INV and a CMD_SYNC; each Invalidate Request is answered after a fixed time.
#include <benchmark/benchmark.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <systemc>
#include <tlm>

#include "tests/bench/measure.h"
#include "tests/bench/table.h"
#include "tlm/base/context.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/routing.h"
#include "tlm/pcie/sockets.h"
#include "tlm/smmu/invalidation_tracker.h"
#include "tlm/smmu/smmu.h"
#include "tlm/system/memory.h"

namespace drydock::bench {
namespace {

constexpr std::uint64_t cr0 = 0x20, cmdq_base = 0x90, cmdq_prod = 0x98, cmdq_cons = 0x9c;
constexpr std::uint64_t smmuen = 1, cmdqen = 8, atc_inv = 0x40, sync = 0x46;
constexpr std::uint64_t queue = 0x8000'0000, function = 0x100;
constexpr unsigned log2_entries = 10, entries = 1u << log2_entries, group = 33;
constexpr base::ps answer{500'000}, look{5'000'000};
constexpr std::uint64_t warm_up = 20'000, operations = 300'000;

/// The SMMU, memory, a function that completes what it is asked, and software that keeps the queue
/// full.
class world final : public sc_core::sc_module,
                    pcie::tlp_receiver,
                    pcie::requester_directory,
                    base::timeline_client,
                    tlm::tlm_bw_transport_if<> {
public:
    explicit world(sc_core::sc_module_name name)
        : sc_module(name),
          cpu_("cpu"),
          posted_("posted"),
          non_posted_("non_posted"),
          below_("below", *this, pool_),
          memory_("memory", ctx_, {base::phys_addr{queue}, 1u << 20}),
          dut_("smmu", ctx_, pool_, {}, 1),
          id_(ctx_.timeline.join("function", *this)) {
        for (auto* socket : {&cpu_, &posted_, &non_posted_}) socket->bind(*this);
        cpu_.bind(dut_.registers);
        posted_.bind(dut_.posted(0));
        non_posted_.bind(dut_.non_posted(0));
        dut_.ats(0).bind(below_);
        dut_.memory.bind(memory_.socket);
        dut_.set_directory(*this);
    }

    void start() {
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        below_.credit_return(pcie::fc_class::posted, UINT32_MAX, UINT32_MAX);
        below_.credit_return(pcie::fc_class::completion, UINT32_MAX, UINT32_MAX);
        ctx_.timeline.seal();
        for (unsigned n = 0; n < entries; ++n) {
            const bool last = n % group == group - 1 || n == entries - 1;
            put(queue + 16u * n, last ? sync : atc_inv | function << 32);
            put(queue + 16u * n + 8, last ? 0 : 52);
        }
        write(cmdq_base, queue | log2_entries, 8);
        write(cr0, smmuen | cmdqen, 4);
        ctx_.timeline.run(ctx_.now() + look);
        ctx_.timeline.after(look, base::phase::software, id_, software);
    }
    /// Until so many more are complete.
    void run(std::uint64_t count) {
        until_ = completed_ + count;
        ctx_.timeline.go_on();
        ctx_.timeline.run(base::never);
    }
    base::timeline& timeline() { return ctx_.timeline; }

private:
    static constexpr std::uint64_t software = smmu::itags;

    void put(std::uint64_t at, std::uint64_t word) {
        std::array<std::uint8_t, 8> bytes;
        for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(word >> 8 * i);
        tlm::tlm_generic_payload gp;
        describe(gp, tlm::TLM_WRITE_COMMAND, at, bytes.data(), 8);
        dut_.memory->transport_dbg(gp);
    }
    static void describe(tlm::tlm_generic_payload& gp, tlm::tlm_command c, std::uint64_t at,
                         std::uint8_t* data, unsigned size) {
        gp.set_command(c);
        gp.set_address(at);
        gp.set_data_ptr(data);
        gp.set_data_length(size);
        gp.set_streaming_width(size);
    }
    std::uint64_t transfer(tlm::tlm_command c, std::uint64_t at, std::uint64_t value,
                           unsigned size) {
        tlm::tlm_generic_payload gp;
        describe(gp, c, at, reinterpret_cast<std::uint8_t*>(&value), size);
        sc_core::sc_time none;
        cpu_->b_transport(gp, none);
        return value;
    }
    void write(std::uint64_t at, std::uint64_t value, unsigned size) {
        transfer(tlm::TLM_WRITE_COMMAND, at, value, size);
    }

    void on_time(std::uint64_t op) override {
        if (op == software) {
            // Full: PROD one turn of the queue ahead of CONS.
            const std::uint64_t cons = transfer(tlm::TLM_READ_COMMAND, cmdq_cons, 0, 4);
            if ((cons >> 24) != 0) throw std::runtime_error("bench: the command queue stopped");
            write(cmdq_prod, (cons ^ entries) & (2 * entries - 1), 4);
            ctx_.timeline.after(look, base::phase::software, id_, software);
            return;
        }
        pcie::tlp_ptr t = pool_.make();
        t->type = pcie::tlp_type::msg;
        t->code = pcie::msg_code::invalidate_completion;
        t->requester = base::routing_id{static_cast<std::uint16_t>(function)};
        t->address = pcie::encode_invalidate_completion(1, 1u << op);
        below_.send(std::move(t));
        if (++completed_ == until_) ctx_.timeline.stop();
    }
    void receive(pcie::tlp_ptr t) override {
        below_.credit_return(t->flow_class(), 1, t->data_credits());
        ctx_.timeline.after(answer, base::phase::arrive, id_, t->tag);
    }
    void credits(pcie::fc_class, std::uint32_t, std::uint32_t) override {}
    void link_changed(bool) override {}
    std::optional<std::uint16_t> port_of(base::routing_id) const override { return 0; }
    bool link_up(std::uint16_t) const override { return true; }
    bool fail_fast(std::uint16_t) const override { return false; }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                       sc_core::sc_time&) override {
        return tlm::TLM_COMPLETED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

    base::context ctx_{1};
    pcie::tlp_pool pool_;
    tlm::tlm_initiator_socket<64> cpu_, posted_, non_posted_;
    pcie::upstream_socket below_;
    system::memory memory_;
    smmu::smmu dut_;
    base::timeline::client_id id_;
    std::uint64_t completed_ = 0, until_ = 0;
};

measurement measured() {
    world w("world");
    w.start();
    w.run(warm_up);
    const std::uint64_t records = w.timeline().records_run(), calls = allocations();
    const double begin = cpu_seconds();
    w.run(operations);
    measurement m;
    m.seconds = cpu_seconds() - begin;
    m.operations = operations;
    m.records = w.timeline().records_run() - records;
    m.allocations = allocations() - calls;
    return m;
}

void command_queue(benchmark::State& state) {
    std::vector<double> rates;
    measurement m;
    for (auto _ : state) {
        m = in_child(measured);
        state.SetIterationTime(m.seconds);
        rates.push_back(static_cast<double>(m.operations) / m.seconds / 1e6);
    }
    state.counters["records_per_op"] = m.per(m.records);
    state.counters["allocations_per_op"] = m.per(m.allocations);
    const double rate = median(rates);
    note({"command queue and tracker, 32 ATC_INV and SYNC",
          text("%.2f M/s", rate) + text(", %.2f records", m.per(m.records)), ">= 0.6 M/s",
          rate >= 0.6});
}
BENCHMARK(command_queue)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
