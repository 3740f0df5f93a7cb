// SPDX-License-Identifier: Apache-2.0
// Functions beside each other: the same traffic over 1, 16, 256 and 1,024 functions of one device
// (a physical function and its virtual ones, on up to four buses), and what one that does nothing
// takes of memory.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>

#include "tests/bench/harness.h"
#include "tests/bench/table.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/vf_image.h"

namespace drydock::bench {
namespace {

namespace dma = endpoint::dma;
using namespace base::literals;

constexpr std::uint64_t bar = 0x1000'0000, vf_bar = 0x2000'0000, vf_bar_bytes = 16 * 1024;
constexpr std::uint64_t rings = harness::ram, targets = harness::ram + (64u << 20);
constexpr unsigned batch = 8, payload = 256;
/// Descriptors of all functions together, and so the memory that they write: the same traffic.
constexpr unsigned all_descriptors_log2 = 12, least_ring_log2 = 6;
constexpr std::uint64_t batches = 1u << 16, rounds_of_warm_up = 3;
constexpr base::ps pace =
    400_ns;  // a batch is 2 KiB of writes and their descriptors: a third of the link
constexpr double cost_limit = 1.4, kibibytes_limit = 64;

endpoint::function_config device_of(unsigned functions) {
    pcie::function_ids ids;
    ids.vendor = 0x1d1d;
    ids.device = 0xa750;
    endpoint::function_config f;
    f.name = "device";
    f.config.image = pcie::config_image_builder(ids)
                         .bar(0, vf_bar_bytes)
                         .express({})
                         .msix({})
                         .power({})
                         .aer({})
                         .ats({})
                         .build();
    f.config.vf_ready_time = 1_us;
    if (functions == 1) return f;
    pcie::sriov_fields s;
    s.total_vfs = s.initial_vfs = functions - 1;
    s.bars = {{0, vf_bar_bytes, true, true}};
    pcie::graft_extended(f.config.image, pcie::config_image_builder({}).sriov(s).build());
    for (unsigned k = 1; k < functions; ++k) f.vfs.push_back("device_vf" + std::to_string(k));
    return f;
}

/// Nobody asks for translations here: ATS stays off.
struct no_smmu final : sc_core::sc_module, pcie::tlp_receiver {
    no_smmu(sc_core::sc_module_name n, pcie::tlp_pool& p) : sc_module(n), socket("s", *this, p) {}
    void receive(pcie::tlp_ptr) override { throw std::runtime_error("bench: a TLP for the SMMU"); }
    void credits(pcie::fc_class, std::uint32_t, std::uint32_t) override {}
    void link_changed(bool) override {}
    pcie::downstream_socket socket;
};

/// Device, link, root complex, bus and memory; all monitors listen.
struct device_world final : base::timeline_client {
    explicit device_world(unsigned functions) : count(functions), tails(functions) {
        const std::size_t before = allocated();
        device = std::make_unique<endpoint::device>("device", ctx, pool,
                                                    std::vector{device_of(functions)});
        built_bytes = allocated() - before;
        cpu.socket.bind(bus.add_initiator("cpu"));
        rc.posted(0).bind(bus.add_initiator("posted"));
        rc.non_posted(0).bind(bus.add_initiator("non_posted"));
        bus.add_target("memory", base::phys_addr{harness::ram}, std::uint64_t{1} << 30)
            .bind(memory.socket);
        bus.add_target("rc", rc_config.ecam_base, rc_config.ecam_bytes).bind(rc.cpu);
        bus.add_range(base::phys_addr{bar}, 0x2000'0000);
        ats.socket.bind(rc.ats(0));
        rc.port(0).bind(link.up);
        link.down.bind(device->port);
        id = ctx.timeline.join("software", *this);
    }
    /// Bytes that malloc has given out.
    static std::size_t allocated() {
        const struct mallinfo2 m = mallinfo2();
        return m.uordblks + m.hblkhd;
    }

    std::uint64_t ecam(unsigned function, unsigned reg) const {
        return rc_config.ecam_base.value + ((0x0100ull + function) << 12) + reg;
    }
    void write(std::uint64_t at, std::uint64_t value, unsigned bytes) {
        cpu.data = value;
        if (cpu.begin(tlm::TLM_WRITE_COMMAND, at, bytes)) return;
        ctx.timeline.go_on();
        kernel.run_alone();
    }
    void wait(base::ps t) {
        window_end = 0;
        ctx.timeline.after(t, base::phase::software, id, stop);
        ctx.timeline.go_on();
        kernel.run_alone();
    }
    void enumerate() {
        const std::uint64_t port = rc_config.ecam_base.value + (1u << 15);
        wait(1_ns);
        write(port + 0x18, 0x0008'0100, 4);  // buses 1..8
        write(port + 0x20, 0x3ff0'1000, 4);  // 0x1000'0000..0x3fff'ffff
        write(port + 4, 6, 2);
        auto& space = device->function(0).config_space();
        write(port + space.express().at, 0, 2);
        write(port + rc.root(0).config().express().at + 0x28, 0x20, 2);  // ARI forwarding
        write(ecam(0, 0x10), bar, 4);
        write(ecam(0, 4), 6, 2);
        write(ecam(0, space.express().at + 8u), 2u << 12 | 1u << 8 | 1u << 5, 2);
        if (count == 1) return;
        const unsigned sriov = space.sriov().at;
        write(ecam(0, sriov + 0x10), count - 1, 2);
        write(ecam(0, sriov + 0x24), vf_bar, 4);
        write(ecam(0, sriov + 8), 9, 2);
        wait(10_us);
        for (unsigned k = 1; k < count; ++k) write(ecam(k, 4), 4, 2);
    }
    std::uint64_t queue(unsigned function, std::uint32_t reg) const {
        const std::uint64_t base = function == 0 ? bar : vf_bar + (function - 1) * vf_bar_bytes;
        return base + dma::queue_base + reg;
    }
    /// A ring of writes of 256 B for each function, that never ends.
    void set_up() {
        const auto shared_log2 = static_cast<unsigned>(std::bit_width(count)) - 1;
        const unsigned ring_log2 = std::max(
            least_ring_log2, all_descriptors_log2 - std::min(all_descriptors_log2, shared_log2));
        const std::uint64_t ring_bytes = std::max<std::uint64_t>(4096, 32u << ring_log2);
        for (unsigned f = 0; f < count; ++f) {
            for (unsigned i = 0; i < 1u << ring_log2; ++i) {
                const std::uint64_t words[4] = {
                    static_cast<std::uint64_t>(dma::op::write) | std::uint64_t{payload} << 32,
                    targets + ((f << ring_log2) + i) % (1u << all_descriptors_log2) * payload,
                    0x5a5a, 0};
                memory.write(base::phys_addr{rings + f * ring_bytes + i * 32}, words, sizeof words);
            }
            write(queue(f, dma::ring_low), rings + f * ring_bytes, 4);
            write(queue(f, dma::ring_log2), ring_log2, 4);
            write(queue(f, dma::control), dma::control_enable, 4);
        }
    }
    /// So many batches, one every `pace`, to one function after the other.
    void run(std::uint64_t n) {
        left = n;
        ctx.timeline.after(pace, base::phase::software, id, doorbell);
        ctx.timeline.go_on();
        kernel.run_alone();
        wait(10_us);
    }
    void on_time(std::uint64_t op) override {
        if (op == stop) return ctx.timeline.stop();
        if (left-- == 0) return ctx.timeline.stop();
        ctx.timeline.after(pace, base::phase::software, id, doorbell);
        const unsigned f = next;
        next = next + 1 == count ? 0 : next + 1;
        cpu.data = tails[f] += batch;
        cpu.begin(tlm::TLM_WRITE_COMMAND, queue(f, dma::tail), 4);
    }
    std::uint64_t tlps() const { return link.downward().tlps + link.upward().tlps; }

    static constexpr std::uint64_t stop = 0, doorbell = 1;
    unsigned count;
    std::vector<std::uint32_t> tails;
    std::uint64_t left = 0, window_end = 0;
    unsigned next = 0;
    std::size_t built_bytes = 0;
    base::timeline::client_id id{};
    base::context ctx;
    pcie::tlp_pool pool;
    monitors::monitor_set monitors{ctx, monitors::monitor_parameters::declared_in(ctx.parameters)};
    base::timeline_kernel kernel{"timeline", ctx.timeline};
    root_complex::root_complex_config rc_config;
    root_complex::root_complex rc{"rc", ctx, pool, rc_config};
    pcie::link link{"link", ctx, pool, {}};
    std::unique_ptr<endpoint::device> device;
    system::bus bus{"bus"};
    system::memory memory{"memory", ctx};
    no_smmu ats{"no_smmu", pool};
    cpu_port cpu{"cpu", ctx.timeline};
};

measurement move(unsigned functions) {
    device_world w(functions);
    w.enumerate();
    w.set_up();
    w.run(rounds_of_warm_up * 1024);
    const auto records = w.ctx.timeline.records_run();
    const auto allocated = allocations();
    const std::uint64_t tlps = w.tlps();
    const double start = cpu_seconds();
    w.run(batches);
    measurement m;
    m.seconds = cpu_seconds() - start;
    m.operations = w.tlps() - tlps;
    m.records = w.ctx.timeline.records_run() - records;
    m.allocations = allocations() - allocated;
    for (unsigned f = 0; f < functions; ++f)
        if (w.device->function(f).engine().queue(0).head != w.tails[f])
            throw std::runtime_error("bench: function " + std::to_string(f) + " is not done");
    if (w.monitors.broken()) throw std::runtime_error(w.monitors.violations().dump());
    return m;
}

measurement build(unsigned functions) {
    device_world w(functions);
    measurement m;
    m.operations = functions;
    m.peak_bytes = w.built_bytes;
    return m;
}

void function_count(benchmark::State& state) {
    static std::map<unsigned, double> costs, records;
    const auto functions = static_cast<unsigned>(state.range(0));
    std::vector<double> each;
    measurement m;
    for (auto _ : state) {
        m = in_child([functions] { return move(functions); });
        state.SetIterationTime(m.seconds);
        each.push_back(m.seconds / static_cast<double>(m.operations) * 1e9);
    }
    costs[functions] = median(each);
    records[functions] = m.per(m.records);
    const std::string name = std::to_string(functions) + " functions";
    state.counters["ns_per_tlp"] = costs[functions];
    state.counters["records_per_tlp"] = records[functions];
    note({"TLPs of " + name, text("%.0f ns", costs[functions]), "-", true});
    note({"  timeline records per TLP, " + name, text("%.3f", records[functions]), "as of 1",
          std::abs(records[functions] - records[1]) < 0.005});
    note({"  allocations in the window, " + name, text("%.0f", static_cast<double>(m.allocations)),
          "0", m.allocations == 0});
    if (functions != 1024) return;
    const double ratio = costs[1024] / costs[1];
    note({"cost per TLP of 1,024 functions to that of 1", text("%.2f", ratio), "<= 1.4",
          ratio <= cost_limit});
}
BENCHMARK(function_count)
    ->Arg(1)
    ->Arg(16)
    ->Arg(256)
    ->Arg(1024)
    ->UseManualTime()
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);

void idle_function(benchmark::State& state) {
    double bytes = 0;
    for (auto _ : state) {
        const auto many = in_child([] { return build(1024); }).peak_bytes;
        const auto few = in_child([] { return build(2); }).peak_bytes;
        bytes = static_cast<double>(many - few) / 1022;
    }
    state.counters["bytes"] = bytes;
    note({"memory of an idle function", text("%.1f KiB", bytes / 1024), "<= 64 KiB",
          bytes <= kibibytes_limit * 1024});
}
BENCHMARK(idle_function)->Iterations(1);

}  // namespace
}  // namespace drydock::bench
