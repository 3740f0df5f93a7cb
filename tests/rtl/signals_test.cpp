// SPDX-License-Identifier: Apache-2.0
// What a waveform is shown of a Verilated block: ports and state, in words where there are some.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "rtl/adapter/dpc_containment_rtl.h"
#include "rtl/adapter/invalidation_tracker_rtl.h"
#include "tests/rtl/atc_world.h"
#include "tests/rtl/deaf_clients.h"

namespace drydock::test {
namespace {

using base::ps;
using values = std::vector<std::string>;

/// Keeps the values that each signal has had, one after the other.
struct recorded final : base::signal_recorder {
    signal add(std::string_view scope, std::string_view name, unsigned bits,
               std::span<const std::string_view> words) override {
        all.push_back({bits, {words.begin(), words.end()}, {}});
        EXPECT_TRUE(
            by_name.emplace(std::string(scope) + "." + std::string(name), all.size() - 1).second)
            << name << " twice";
        return static_cast<signal>(all.size() - 1);
    }
    void set(signal s, ps, std::span<const std::uint32_t> value) override {
        one& o = all.at(s);
        EXPECT_EQ(value.size(), (o.bits + 31) / 32);
        const std::string text = o.words.empty() ? std::to_string(value[0]) : o.words.at(value[0]);
        if (o.had.empty() || o.had.back() != text) o.had.push_back(text);
    }
    bool recording(ps) const override { return true; }

    const values& of(const std::string& name) const { return all.at(by_name.at(name)).had; }

    struct one {
        unsigned bits;
        values words;
        values had;
    };
    std::vector<one> all;
    std::map<std::string, std::size_t> by_name;
};

}  // namespace

TEST(Signals, an_itag_is_unsent_then_sent_then_free) {
    recorded waves;
    base::context ctx;
    deaf_tracker_client client;
    smmu::invalidation_tracker_config config;
    rtl::invalidation_tracker_rtl tracker("smmu.tracker", ctx, config, client);
    tracker.record_to(&waves);
    ctx.timeline.seal();
    smmu::invalidation i;
    i.function = base::routing_id{0x123};
    ASSERT_TRUE(tracker.try_invalidate(0, i));
    ctx.timeline.run(ps{20'000});
    tracker.drain();
    ctx.timeline.run(ps{40'000});
    tracker.completion({0, i.function, 1, 1});
    ctx.timeline.run(ps{60'000});
    EXPECT_EQ(waves.of("smmu.tracker.itag0.state"), (values{"Unsent", "Sent", "Free"}));
    EXPECT_EQ(waves.of("smmu.tracker.itag0.function"), values{std::to_string(0x123)});
    EXPECT_EQ(waves.of("smmu.tracker.itag1.state"), values{"Free"});
    EXPECT_EQ(waves.of("smmu.tracker.sync.state"), (values{"Idle", "Draining", "Idle"}));
    EXPECT_EQ(waves.of("smmu.tracker.outstanding_o"), (values{"1", "0"}));
}

TEST(Signals, a_port_is_open_then_contained_then_open) {
    recorded waves;
    base::context ctx;
    deaf_containment_client client;
    root_complex::containment_config config;
    config.root_port_extensions = false;
    rtl::dpc_containment_rtl port("rc.rp0.dpc", ctx, config, client);
    port.record_to(&waves);
    ctx.timeline.seal();
    port.control({1, true});
    ctx.timeline.run(ps{20'000});
    root_complex::containment_trigger t;
    t.cause = root_complex::containment_cause::software;
    ASSERT_TRUE(port.try_trigger(t));
    ctx.timeline.run(ps{40'000});
    ASSERT_TRUE(port.try_tlp(root_complex::containment_way::up, {}));
    ctx.timeline.run(ps{60'000});
    port.release();
    ctx.timeline.run(ps{80'000});
    EXPECT_EQ(waves.of("rc.rp0.dpc.gate.state"), (values{"Open", "Contained", "Open"}));
    EXPECT_EQ(waves.of("rc.rp0.dpc.gate.trigger_enable"), values{"Fatal"});
    EXPECT_EQ(waves.of("rc.rp0.dpc.gate.cause").back(), "Software");
    EXPECT_EQ(waves.of("rc.rp0.dpc.lane0.up_verdict_o").back(), "Discard");
}

TEST(Signals, the_engine_sweeps_for_a_range_of_everything) {
    recorded waves;
    atc_world world(1);
    atc_side side(world.ctx, "world");
    const rtl::atc_unit& unit = rtl::atc_units().front();
    auto block =
        std::make_unique<rtl::atc>("gpu0.atc", world.ctx, unit, config_of(unit, false), side);
    block->record_to(&waves);
    side.dut = std::move(block);
    world.sides = {&side};
    world.begin(12);
    const base::routing_id function{0x100};
    for (std::uint64_t page = 1; page <= 4; ++page)
        ASSERT_TRUE(side.dut->try_lookup(page, {function, {}, false, base::iova{page << 12}},
                                         endpoint::atc_access::read));
    world.ctx.timeline.run(world.ctx.now() + ps{100'000});
    endpoint::invalidate all;
    all.rid = function;
    all.last = base::iova{UINT64_MAX};
    ASSERT_TRUE(side.dut->try_invalidate(all));
    world.ctx.timeline.run(world.ctx.now() + ps{100'000});
    EXPECT_EQ(waves.of("gpu0.atc.engine.state"), (values{"Idle", "Sweep", "Idle"}));
    const values& active = waves.of("gpu0.atc.requests.active");
    EXPECT_EQ(values(active.begin(), active.begin() + 4), (values{"0", "1", "3", "7"}));
    EXPECT_EQ(active.back(), "0");
    EXPECT_NE(waves.of("gpu0.atc.translations.valid"), values{"0"});
    EXPECT_EQ(waves.of("gpu0.atc.translations.valid").back(), "0");
    EXPECT_EQ(waves.of("gpu0.atc.answer_o").back(), "Waiting");
}

}  // namespace drydock::test
