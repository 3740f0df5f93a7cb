// SPDX-License-Identifier: Apache-2.0
// The Verilated invalidation tracker and containment, large parameter sets: bare, and behind their
// adapters on the timeline.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rtl/adapter/dpc_containment_rtl.h"
#include "rtl/adapter/invalidation_tracker_rtl.h"
#include "tests/bench/table.h"
#include "tests/rtl/deaf_clients.h"

namespace drydock::bench {
namespace {

using base::ps;
using clock = std::chrono::steady_clock;
constexpr std::int64_t cycles = 300'000;

double seconds_since(clock::time_point begin) {
    return std::chrono::duration<double>(clock::now() - begin).count();
}

/// A block with what goes into it at each edge written down.
template <class Pins>
using tape = std::vector<typename Pins::inputs>;

template <class Pins>
struct recorded : Pins {
    recorded(std::unique_ptr<Pins> inner, tape<Pins>& to) : block(std::move(inner)), to_(to) {}
    void clock() override {
        to_.push_back(this->in);
        block->in = this->in;
        block->clock();
        this->out = block->out;
    }
    void show_state(rtl::signal_sink& f) const override { block->show_state(f); }

    std::unique_ptr<Pins> block;

private:
    tape<Pins>& to_;
};

/// Invalidations of two functions, one every so many cycles, each completed some cycles after it is
/// sent.
struct tracker_load final : test::deaf_tracker_client, base::timeline_client {
    using pins = rtl::invalidation_tracker_pins;
    struct tracker_recorded final : recorded<pins> {
        using recorded::recorded;
        limits has() const override { return block->has(); }
        void settle() override {
            block->in = in;
            block->settle();
            out = block->out;
        }
    };
    static constexpr const char* name = "tracker";

    static std::unique_ptr<pins> make() {
        return rtl::make_invalidation_tracker(rtl::tracker_set::large, smmu::itags);
    }
    tracker_load(unsigned cycles_apart, tape<pins>* to)
        : apart(config.clock * cycles_apart), id(ctx.timeline.join("smmu", *this)) {
        auto block = to == nullptr ? make() : std::make_unique<tracker_recorded>(make(), *to);
        dut = std::make_unique<rtl::invalidation_tracker_rtl>("tracker", ctx, config, *this,
                                                              std::move(block), true);
    }
    bool try_send(smmu::invalidation_id, base::itag tag, const smmu::invalidation&) override {
        ctx.timeline.after(config.clock * 4, base::phase::arrive, id, tag.value + 1u);
        return true;
    }
    void on_time(std::uint64_t op) override {
        smmu::invalidation i;
        i.function = base::routing_id{0x100};
        if (op != 0) return dut->completion({i.port, i.function, std::uint32_t{1} << (op - 1), 1});
        dut->try_invalidate(next++ % 32, i);
        if (ctx.now() < until) ctx.timeline.after(apart, base::phase::arrive, id);
    }

    base::context ctx;
    smmu::invalidation_tracker_config config;
    ps apart;
    base::timeline::client_id id;
    std::unique_ptr<rtl::invalidation_tracker_rtl> dut;
    std::uint32_t next = 0;
    ps until{};
};

/// A TLP of each way every so many cycles.
struct containment_load final : test::deaf_containment_client, base::timeline_client {
    using pins = rtl::dpc_containment_pins;
    struct containment_recorded final : recorded<pins> {
        using recorded::recorded;
        unsigned lanes() const override { return block->lanes(); }
    };
    static constexpr const char* name = "containment";

    static std::unique_ptr<pins> make() {
        return rtl::make_dpc_containment(rtl::containment_set::large, false, false);
    }
    containment_load(unsigned cycles_apart, tape<pins>* to)
        : apart(config.clock * cycles_apart), id(ctx.timeline.join("port", *this)) {
        auto block = to == nullptr ? make() : std::make_unique<containment_recorded>(make(), *to);
        dut = std::make_unique<rtl::dpc_containment_rtl>("dpc", ctx, config, *this,
                                                         std::move(block), true);
    }
    void on_time(std::uint64_t) override {
        dut->try_tlp(root_complex::containment_way::up, {});
        dut->try_tlp(root_complex::containment_way::down, {});
        if (ctx.now() < until) ctx.timeline.after(apart, base::phase::arrive, id);
    }

    base::context ctx;
    root_complex::containment_config config;
    ps apart;
    base::timeline::client_id id;
    std::unique_ptr<rtl::dpc_containment_rtl> dut;
    ps until{};
};

/// Cycles a second behind the adapter.
template <class Load>
double adapter_rate(unsigned cycles_apart, tape<typename Load::pins>* to = nullptr) {
    Load load(cycles_apart, to);
    load.ctx.timeline.seal();
    load.until = load.config.clock * cycles;
    load.ctx.timeline.after(ps{100}, base::phase::arrive, load.id);
    const auto begin = clock::now();
    load.ctx.timeline.run(load.until);
    return static_cast<double>(cycles) / seconds_since(begin);
}

/// Cycles a second of the block alone with the inputs that the adapter gives it.
template <class Load>
double bare_rate() {
    tape<typename Load::pins> t;
    adapter_rate<Load>(1, &t);
    const auto block = Load::make();
    const auto begin = clock::now();
    for (const auto& in : t) {
        block->in = in;
        block->clock();
    }
    return static_cast<double>(t.size()) / seconds_since(begin);
}

template <class Load>
void rtl_root_block(benchmark::State& state) {
    std::vector<double> bare, full, tenth;
    for (auto _ : state) {
        bare.push_back(bare_rate<Load>());
        full.push_back(adapter_rate<Load>(1));
        tenth.push_back(adapter_rate<Load>(10));
    }
    const double b = median(bare), f = median(full), t = median(tenth);
    const std::string block = std::string("RTL ") + Load::name;
    note({block + ", bare Verilator loop", text("%.2f M cycles/s", b / 1e6), "-", true});
    note({block + " behind its adapter, duty 100 %",
          text("%.2f M cycles/s", f / 1e6) + text(" (%.0f %% of bare)", f / b * 100), ">= 60 %",
          f >= 0.6 * b});
    note({block + " behind its adapter, duty 10 %",
          text("%.2f M cycles/s", t / 1e6) + text(" (%.1f x that)", t / f), ">= 1.5 x",
          t >= 1.5 * f});
}
BENCHMARK(rtl_root_block<tracker_load>)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK(rtl_root_block<containment_load>)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
