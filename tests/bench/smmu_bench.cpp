// SPDX-License-Identifier: Apache-2.0
// The SMMU's decisions alone: TLB hits, walks of stage 1 and of both stages, with timing: every
// look-up and every access to memory takes its time on the timeline.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <vector>

#include "tests/bench/measure.h"
#include "tests/bench/table.h"
#include "tlm/base/context.h"
#include "tlm/smmu/translator.h"

namespace drydock::bench {
namespace {

using namespace smmu;

constexpr unsigned slots = 32;
constexpr std::uint64_t warm_up = 50'000, operations = 500'000;
constexpr base::ps latency{80'000};

/// Tables of 4 KiB pages in a memory that answers after `latency`; every page is mapped to itself.
/// Their places follow from the address, so nothing is stored.
class world final : fetch_port, translator_client, base::timeline_client {
public:
    world(const smmu_config& c, bool nested)
        : nested_(nested),
          memory_(ctx_.timeline.join("memory", *this)),
          t_("smmu", ctx_, c, *this, *this) {
        t_.set_stream_table({base::phys_addr{strtab}, 8, 6, 0});
        t_.set_control({.smmuen = true});
        pending_.resize(slots + c.walk_slots + 1);
        ctx_.timeline.seal();
    }
    /// Translates addresses of `pages` pages, `slots` at a time.
    void run(std::uint64_t count, std::uint64_t pages) {
        left_ = count;
        pages_ = pages;
        for (std::uint32_t s = 0; s < slots; ++s) begin(s);
        ctx_.timeline.run(base::never);
    }
    base::timeline& timeline() { return ctx_.timeline; }
    translator& dut() { return t_; }

private:
    static constexpr std::uint64_t strtab = 0x1000'0000, cd = 0x1800'0000, tables = 0x40'0000'0000,
                                   stage2 = 0x80'0000'0000;
    struct access {
        fetch_id id;
        std::uint64_t address;
        std::uint32_t bytes;
    };

    void begin(std::uint32_t slot) {
        if (left_ == 0) return;
        --left_;
        next_ = next_ * 6364136223846793005u + 1442695040888963407u;
        translate_request r;
        r.sid = base::stream_id{1};
        r.va = base::iova{(next_ >> 20) % pages_ << 12};
        t_.start(slot, r);
    }
    void translated(std::uint32_t slot, const translate_result& r) override {
        if (r.result != translate_result::outcome::ok) throw std::runtime_error("bench: a fault");
        t_.performed(r.number);
        begin(slot);
    }
    void stalled(std::uint32_t, const event_record&) override {}
    void fetch(fetch_id id, base::phys_addr a, std::uint32_t bytes, base::span_id) override {
        pending_[id] = {id, a.value, bytes};
        ctx_.timeline.after(latency, base::phase::arrive, memory_, id);
    }
    void update(fetch_id, base::phys_addr, std::uint64_t, std::uint64_t, base::span_id) override {
        throw std::runtime_error("bench: an update");
    }
    void on_time(std::uint64_t op) override {
        const access a = pending_[op];
        std::array<std::uint64_t, 8> words{};
        if (a.address == strtab + 64)
            words = {1 | (nested_ ? 7u : 5u) << 1 | cd, 0,
                     7 | 24ull << 32 | 1ull << 38 | 5ull << 48 | 1ull << 51, stage2};
        else if (a.address == cd)
            words = {16 | 16u << 16 | 2u << 22 | 1u << 30 | 1u << 31 | 5ull << 32 | 1ull << 41 |
                         1ull << 45 | 1ull << 46 | 1ull << 48,
                     tables, 0, 0xff};
        else
            words[0] = descriptor(a.address);
        t_.fetched(a.id, std::span(words).first(a.bytes / 8), false);
    }
    /// Stage 1: TTBR, then level l has its tables at tables + l << 36, one for each entry above.
    /// Stage 2 maps blocks of 1 GiB to themselves.
    static std::uint64_t descriptor(std::uint64_t address) {
        constexpr std::uint64_t page = 1u << 10 | 1u << 11 | 1u << 6;
        if (address >= stage2)
            return (address - stage2) / 8 << 30 | 1u << 10 | 3u << 6 | 0xf << 2 | 1;
        const std::uint64_t offset = address - tables, level = offset >> 36;
        const std::uint64_t entry = (offset & 0xf'ffff'ffff) / 8;
        if (level == 3) return entry << 12 | page | 3;
        return (tables + ((level + 1) << 36) + (entry << 12)) | 3;
    }

    bool nested_;
    base::context ctx_{1};
    base::timeline::client_id memory_;
    translator t_;
    std::vector<access> pending_;
    std::uint64_t left_ = 0, pages_ = 1, next_ = 1;
};

measurement measured(const smmu_config& c, bool nested, std::uint64_t pages) {
    world w(c, nested);
    w.run(warm_up, pages);
    const std::uint64_t records = w.timeline().records_run(), calls = allocations();
    const double begin = cpu_seconds();
    w.run(operations, pages);
    measurement m;
    m.seconds = cpu_seconds() - begin;
    m.operations = operations;
    m.records = w.timeline().records_run() - records;
    m.allocations = allocations() - calls;
    m.entries_touched = w.dut().counters().fetches;
    return m;
}

smmu_config config_for(bool nested) {
    smmu_config c;
    c.s2p = nested;
    c.translation_slots = slots;
    c.walk_slots = slots;
    return c;
}

void report(benchmark::State& state, const char* name, bool nested, std::uint64_t pages,
            double limit) {
    std::vector<double> rates;
    measurement m;
    for (auto _ : state) {
        m = in_child([&] { return measured(config_for(nested), nested, pages); });
        state.SetIterationTime(m.seconds);
        rates.push_back(static_cast<double>(m.operations) / m.seconds / 1e6);
    }
    state.counters["records_per_op"] = m.per(m.records);
    state.counters["allocations_per_op"] = m.per(m.allocations);
    const double rate = median(rates);
    note({name, text("%.2f M/s", rate) + text(", %.2f records", m.per(m.records)),
          text(">= %.1f M/s", limit), rate >= limit});
}

/// TLBI by range of 16 pages, on a main TLB of so many entries that has been filled.
measurement tlbis(std::uint32_t entries) {
    smmu_config c = config_for(false);
    c.main_tlb_entries = entries;
    world w(c, false);
    w.run(4 * entries, 2 * entries);
    constexpr std::uint64_t count = 200'000, pages = 16;
    measurement m;
    const double begin = cpu_seconds();
    for (std::uint64_t n = 0; n < count; ++n) {
        const std::uint64_t first = n * pages % entries << 12;
        w.dut().tlbi_nh_va(0, 1, {first, first + (pages << 12) - 1, true});
    }
    m.seconds = cpu_seconds() - begin;
    m.operations = count;
    m.sets_probed = w.dut().last_tlbi_sets();
    return m;
}

void tlbi_range_cost(benchmark::State& state) {
    std::vector<double> ratios;
    measurement small, large;
    for (auto _ : state) {
        small = in_child([] { return tlbis(2048); });
        large = in_child([] { return tlbis(65536); });
        state.SetIterationTime(small.seconds + large.seconds);
        ratios.push_back(large.seconds / small.seconds);
    }
    note({"TLBI by range of 16 pages, 65,536 TLB entries over 2,048",
          text("%.2f times the time", median(ratios)) +
              text(", %.0f and ", static_cast<double>(large.sets_probed)) +
              text("%.0f sets", static_cast<double>(small.sets_probed)),
          "equal sets", small.sets_probed == large.sets_probed});
}

constexpr std::uint64_t few = 512, many = 1u << 24;

void tlb_hit(benchmark::State& s) { report(s, "SMMU translation, TLB hit", false, few, 3.0); }
void stage1_walk(benchmark::State& s) {
    report(s, "SMMU translation, stage 1 walk of 4 levels", false, many, 0.8);
}
void nested_walk(benchmark::State& s) {
    report(s, "SMMU translation, nested walk", true, many, 0.3);
}
BENCHMARK(tlbi_range_cost)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(tlb_hit)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(stage1_walk)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(nested_walk)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
