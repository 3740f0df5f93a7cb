// SPDX-License-Identifier: Apache-2.0
// TLPs a second over one root port: a gen4 x8 link with finite credits and mechanistic DLLPs, root
// complex, bus and memory; no SMMU between. The device is a generator, so that what is measured is
// the path. Every TLP that the link carries counts: MWr, MRd and the CplD that answers it.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include "tests/bench/harness.h"
#include "tests/bench/table.h"

namespace drydock::bench {
namespace {

using pcie::fc_class;
using pcie::tlp_ptr;
using pcie::tlp_type;

constexpr std::uint64_t tlps = 1'000'000, warm_up = 50'000;
constexpr unsigned payload = 64, tags = 64;
constexpr std::uint64_t buffer_bytes = 64 * 1024;
constexpr double limit = 2.0;  // million a second

enum class traffic { writes, reads, both };

/// Sends whenever the link has room, and counts what the link carries for it.
class generator final : public sc_core::sc_module, pcie::tlp_receiver {
public:
    generator(sc_core::sc_module_name n, base::context& ctx, pcie::tlp_pool& pool, traffic what)
        : sc_module(n), socket("socket", *this, pool), ctx_(ctx), pool_(pool), what_(what) {}
    pcie::upstream_socket socket;

    void go(std::uint64_t total) {
        total_ = total;
        send();
    }
    std::uint64_t reads_open() const { return open_; }

private:
    void credits(fc_class c, std::uint32_t header, std::uint32_t) override {
        room_[static_cast<std::size_t>(c)] += header;
        send();
    }
    void link_changed(bool) override {}
    void receive(tlp_ptr t) override {
        if (t->type != tlp_type::cpl_d || t->bytes() != payload)
            throw std::runtime_error("bench: a read was not answered as it should be");
        socket.credit_return(fc_class::completion, 1, t->data_credits());
        free_tags_[free_count_++] = t->tag;
        --open_;
        carried();
        send();
    }
    bool room(fc_class c) const { return room_[static_cast<std::size_t>(c)] > 0; }
    void send() {
        if (sending_) return;
        sending_ = true;
        bool moved = true;
        while (moved && count_ < total_) {
            moved = false;
            if (what_ != traffic::reads && room(fc_class::posted)) {
                put(tlp_type::mwr);
                moved = true;
            }
            if (what_ != traffic::writes && room(fc_class::non_posted) && free_count_ > 0) {
                put(tlp_type::mrd);
                moved = true;
            }
        }
        sending_ = false;
    }
    void put(tlp_type type) {
        tlp_ptr t = pool_.make();
        t->type = type;
        t->requester = harness::function;
        t->address = harness::ram + at_;
        at_ = (at_ + payload) % buffer_bytes;
        t->length = payload / 4;
        t->first_be = t->last_be = 0xf;
        const fc_class c = type == tlp_type::mwr ? fc_class::posted : fc_class::non_posted;
        --room_[static_cast<std::size_t>(c)];
        if (type == tlp_type::mwr) {
            pool_.add_payload(*t);
            std::memset(t->payload->data(), 0x5a, payload);
        } else {
            t->tag = free_tags_[--free_count_];
            ++open_;
        }
        socket.send(std::move(t));
        carried();
    }
    void carried() {
        if (++count_ == total_) ctx_.timeline.stop();
    }

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    traffic what_;
    std::array<std::uint64_t, pcie::fc_classes> room_{};
    std::array<std::uint16_t, tags> free_tags_ = [] {
        std::array<std::uint16_t, tags> all{};
        for (unsigned i = 0; i < tags; ++i) all[i] = static_cast<std::uint16_t>(i);
        return all;
    }();
    unsigned free_count_ = tags;
    std::uint64_t at_ = 0, open_ = 0, count_ = 0, total_ = 0;
    bool sending_ = false;
};

/// Nobody asks for translations here.
struct no_smmu final : sc_core::sc_module, pcie::tlp_receiver {
    no_smmu(sc_core::sc_module_name n, pcie::tlp_pool& p) : sc_module(n), socket("s", *this, p) {}
    void receive(tlp_ptr) override { throw std::runtime_error("bench: a TLP for the SMMU"); }
    void credits(fc_class, std::uint32_t, std::uint32_t) override {}
    void link_changed(bool) override {}
    pcie::downstream_socket socket;
};

/// Generator, link, root complex, bus, memory; all monitors listen.
struct port_world {
    explicit port_world(traffic what) : device("device", ctx, pool, what) {
        cpu.socket.bind(rc.cpu);
        rc.posted(0).bind(bus.add_initiator("posted"));
        rc.non_posted(0).bind(bus.add_initiator("non_posted"));
        bus.add_target("memory", base::phys_addr{harness::ram}, std::uint64_t{1} << 30)
            .bind(memory.socket);
        ats.socket.bind(rc.ats(0));
        rc.port(0).bind(link.up);
        link.down.bind(device.socket);
    }
    void run(std::uint64_t count) {
        ctx.timeline.go_on();
        device.go(count);
        kernel.run_alone();
        if (!ctx.timeline.stopped()) throw std::runtime_error("bench: the traffic ended early");
    }
    /// Bus Master Enable of the port.
    void enable() {
        cpu.data = 6;
        const std::uint64_t command = rc_config.ecam_base.value + (1u << 15) + 4;
        cpu.begin(tlm::TLM_WRITE_COMMAND, command, 2);
        kernel.run_alone();
    }

    base::context ctx;
    pcie::tlp_pool pool;
    monitors::monitor_set monitors{ctx, monitors::monitor_parameters::declared_in(ctx.parameters)};
    base::timeline_kernel kernel{"timeline", ctx.timeline};
    root_complex::root_complex_config rc_config;
    root_complex::root_complex rc{"rc", ctx, pool, rc_config};
    pcie::link link{"link", ctx, pool, {}};
    generator device;
    system::bus bus{"bus"};
    system::memory memory{"memory", ctx};
    no_smmu ats{"no_smmu", pool};
    cpu_port cpu{"cpu", ctx.timeline};
};

measurement carry(traffic what) {
    port_world w(what);
    w.enable();
    w.run(warm_up);
    const auto records = w.ctx.timeline.records_run();
    const auto allocated = allocations();
    const auto writes = w.rc.root(0).count().writes, reads = w.rc.root(0).count().reads;
    const double start = cpu_seconds();
    w.run(warm_up + tlps);
    measurement m;
    m.seconds = cpu_seconds() - start;
    m.operations = tlps;
    m.records = w.ctx.timeline.records_run() - records;
    m.allocations = allocations() - allocated;
    m.bare_seconds = bare_timeline_seconds(m.records, bare_pending);
    const auto requests =
        w.rc.root(0).count().writes - writes + 2 * (w.rc.root(0).count().reads - reads);
    if (requests + 1000 < tlps || w.monitors.broken())
        throw std::runtime_error("bench: the TLPs did not reach memory as they should");
    return m;
}

void tlp_throughput(benchmark::State& state, traffic what, const std::string& name) {
    std::vector<double> rates;
    measurement m;
    for (auto _ : state) {
        m = in_child([what] { return carry(what); });
        state.SetIterationTime(m.seconds);
        rates.push_back(static_cast<double>(m.operations) / m.seconds / 1e6);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(m.operations) *
                            static_cast<std::int64_t>(state.iterations()));
    state.counters["records_per_tlp"] = m.per(m.records);
    state.counters["allocations"] = static_cast<double>(m.allocations);
    const double rate = median(rates);
    note({"TLPs over one root port, " + name, text("%.2f M/s", rate), ">= 2.0 M/s", rate >= limit});
    note({"  timeline records per TLP, " + name, text("%.2f", m.per(m.records)), "-", true});
    note({"  allocations in the window, " + name, text("%.0f", static_cast<double>(m.allocations)),
          "0", m.allocations == 0});
}
BENCHMARK_CAPTURE(tlp_throughput, writes, traffic::writes, "64 B MWr")
    ->UseManualTime()
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(tlp_throughput, reads, traffic::reads, "64 B MRd and CplD")
    ->UseManualTime()
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(tlp_throughput, both, traffic::both, "64 B MWr, MRd and CplD")
    ->UseManualTime()
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
