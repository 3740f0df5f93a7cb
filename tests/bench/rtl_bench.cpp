// SPDX-License-Identifier: Apache-2.0
// The Verilated ATC, large parameter set: bare, behind its adapter on the timeline, and against its
// twin.
#include <benchmark/benchmark.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "rtl/adapter/atc.h"
#include "rtl/adapter/atc_units.h"
#include "tests/bench/table.h"
#include "tlm/endpoint/atc.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::bench {
namespace {

using base::ps;
constexpr std::int64_t cycles = 300'000;

const rtl::atc_unit& large() { return rtl::atc_units().back(); }

/// The large unit with what goes into it written down.
std::vector<rtl::atc_inputs>& tape() {
    static std::vector<rtl::atc_inputs> t;
    return t;
}
void recorded_edge(void* unit, const rtl::atc_inputs* in, rtl::atc_outputs* out) {
    tape().push_back(*in);
    large().edge(unit, in, out);
}

/// A function that looks up pages it has loaded, every `every` cycles, and invalidates some.
struct function_load final : endpoint::atc_client, base::timeline_client {
    explicit function_load(unsigned lookups_every, bool invalidate_back_to_back = false,
                           bool sweep_all = false)
        : every(lookups_every),
          back_to_back(invalidate_back_to_back),
          sweeps(sweep_all),
          id(ctx.timeline.join("function", *this)) {}

    void hit(endpoint::lookup_id, endpoint::use_id use, const endpoint::translation&) override {
        dut->release(use);
    }
    void fault(endpoint::lookup_id, endpoint::atc_fault) override {}
    bool try_request(endpoint::request_slot slot, const endpoint::atc_key& k, bool) override {
        pcie::translation_entry e;
        e.address = k.va.value;
        e.read = e.write = true;
        dut->try_fill(slot, {endpoint::completion_entry::status::success, e.encode(), {}});
        return true;
    }
    bool try_completion(base::routing_id, endpoint::itag_vector, std::uint8_t) override {
        ++completed;
        if (back_to_back && ctx.now() < until) invalidate(completed);
        return true;
    }
    void ready(endpoint::atc_channel) override {}

    void invalidate(std::uint64_t page) {
        endpoint::invalidate i;
        i.rid = base::routing_id{0x100};
        i.first = base::iova{sweeps ? 0 : page % 64 << 12};
        i.last = base::iova{sweeps ? UINT64_MAX : i.first.value | 0xfff};
        // A Global one is a sweep of every set, also where no translation is present.
        if (sweeps) i.ssid = base::substream_id{1};
        i.global = sweeps;
        dut->try_invalidate(i);
    }
    void on_time(std::uint64_t) override {
        endpoint::atc_key k;
        k.rid = base::routing_id{0x100};
        k.va = base::iova{++looked % 64 << 12};
        dut->try_lookup(static_cast<endpoint::lookup_id>(looked), k, endpoint::atc_access::read);
        if (looked % 64 == 0 && !back_to_back) invalidate(looked);
        if (ctx.now() < until) ctx.timeline.after(ps{every * 1'000}, base::phase::arrive, id);
    }

    /// Seconds for so many cycles.
    double run(std::int64_t n) {
        dut->set_stu(12);
        dut->try_control(base::routing_id{0x100}, endpoint::atc_control::enable);
        ctx.timeline.run(ps{100'300});
        until = ctx.now() + ps{n * 1'000};
        if (back_to_back)
            invalidate(0);
        else
            ctx.timeline.after(ps{}, base::phase::arrive, id);
        const auto begin = std::chrono::steady_clock::now();
        ctx.timeline.run(until);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

    base::context ctx;
    std::unique_ptr<endpoint::atc_if> dut;
    std::int64_t every;
    bool back_to_back, sweeps;
    base::timeline::client_id id;
    ps until{};
    std::uint64_t looked = 0, completed = 0;
};

void put_block(function_load& f, const rtl::atc_unit& unit) {
    rtl::atc_config c;
    c.look_ahead = true;
    f.dut = std::make_unique<rtl::atc>("atc", f.ctx, unit, c, f);
}
void put_twin(function_load& f) {
    endpoint::atc_config c;
    c.entries = large().shape.sets * large().shape.ways;
    c.ways = large().shape.ways;
    f.dut = std::make_unique<endpoint::atc>("atc", f.ctx, c, f);
}

/// Cycles a second of the block alone with the inputs that the adapter gives it.
double bare_rate() {
    tape().clear();
    function_load f(1);
    rtl::atc_unit recording = large();
    recording.edge = recorded_edge;
    put_block(f, recording);
    f.run(cycles);
    void* const unit = large().make();
    rtl::atc_outputs out{};
    const auto begin = std::chrono::steady_clock::now();
    for (const rtl::atc_inputs& in : tape()) large().edge(unit, &in, &out);
    const double s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    large().unmake(unit);
    return static_cast<double>(tape().size()) / s;
}

double adapter_rate(unsigned every) {
    function_load f(every);
    put_block(f, large());
    return static_cast<double>(cycles) / f.run(cycles);
}

void rtl_block(benchmark::State& state) {
    std::vector<double> bare, full, tenth;
    for (auto _ : state) {
        bare.push_back(bare_rate());
        full.push_back(adapter_rate(1));
        tenth.push_back(adapter_rate(10));
    }
    const double b = median(bare), f = median(full), t = median(tenth);
    note({"RTL ATC, bare Verilator loop", text("%.2f M cycles/s", b / 1e6), "-", true});
    note({"RTL ATC behind its adapter, duty 100 %",
          text("%.2f M cycles/s", f / 1e6) + text(" (%.0f %% of bare)", f / b * 100), ">= 60 %",
          f >= 0.6 * b});
    note({"RTL ATC behind its adapter, duty 10 %",
          text("%.2f M cycles/s", t / 1e6) + text(" (%.1f x that)", t / f), ">= 1.5 x",
          t >= 1.5 * f});
}
BENCHMARK(rtl_block)->Iterations(5)->Unit(benchmark::kMillisecond);

/// Seconds an invalidate of block over that of twin.
double ratio(bool sweeps, std::int64_t n) {
    function_load block(1, true, sweeps), twin(1, true, sweeps);
    put_block(block, large());
    put_twin(twin);
    const double b = block.run(n) / static_cast<double>(block.completed);
    return b / (twin.run(n) / static_cast<double>(twin.completed));
}

void rtl_against_twin(benchmark::State& state) {
    std::vector<double> pages, sweeps;
    for (auto _ : state) {
        pages.push_back(ratio(false, cycles));
        sweeps.push_back(ratio(true, cycles));
    }
    note({"TLM ATC against RTL, invalidates of a page back to back", text("%.1f x", median(pages)),
          ">= 8 x", median(pages) >= 8});
    note({"TLM ATC against RTL, Global invalidates back to back", text("%.1f x", median(sweeps)),
          ">= 50 x", median(sweeps) >= 50});
}
BENCHMARK(rtl_against_twin)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
