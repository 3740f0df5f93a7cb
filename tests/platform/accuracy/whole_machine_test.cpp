// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/whole_machine.h"

#include <gtest/gtest.h>

#include <array>

#include "platform/accuracy/report_machines.h"

namespace drydock::accuracy {
namespace {

using base::ps;
using latency::ending;
using latency::piece;
using nlohmann::json;

/// An invalidation of a device whose drain ends, and that ends, so many ns after its beginning.
struct invalidation {
    std::uint16_t device;
    std::int64_t begin, drained, end;
    ending how = ending::completed;
};

json run_of(const std::vector<invalidation>& all, const char* outcome = "clean") {
    life_keeper keeper;
    const auto at = [](std::int64_t ns) { return ps{ns * 1'000}; };
    for (const invalidation& i : all) {
        const std::array pieces{piece{"drain", 10, at(i.begin), at(i.drained)},
                                piece{"sw_observe", 15, at(i.drained), at(i.end)}};
        keeper.ended({base::span_class::atc_inv,
                      base::span_id{1},
                      {},
                      0,
                      7,
                      i.device,
                      at(i.begin),
                      at(i.end),
                      i.how,
                      pieces});
    }
    return {{"lives", keeper.to_json()},
            {"seconds", 2.0},
            {"outcome", outcome},
            {"sim_time_ps", 1'000'000}};
}

machine_times compared(const json& rtl, const json& twin) {
    scenario::run r;
    r.name = "M2";
    return compare_runs(r, "s.yaml", rtl, twin);
}

TEST(WholeMachine, equal_runs_meet_the_targets) {
    const json run = run_of({{0x100, 0, 10, 50}, {0x200, 5, 20, 70}, {0x100, 100, 110, 160}});
    const machine_times m = compared(run, run);
    ASSERT_EQ(m.devices.size(), 2u);
    EXPECT_EQ(m.devices[0].device, "01:00.0");
    EXPECT_EQ(m.devices[0].rtl.completed, 2u);
    EXPECT_EQ(m.devices[0].rtl.p50, 50'000);
    EXPECT_EQ(m.devices[0].twin.p99, 60'000);
    EXPECT_EQ(m.devices[0].differ + m.devices[1].differ + m.order.count, 0u);
    EXPECT_EQ(missed_targets(std::vector{m}), std::vector<std::string>{});
}

TEST(WholeMachine, an_inversion_is_told_with_the_stage_in_which_they_part) {
    const json rtl = run_of({{0x100, 0, 10, 50}, {0x200, 5, 20, 52}});
    const json twin = run_of({{0x200, 5, 12, 51}, {0x100, 0, 14, 54}});
    const machine_times m = compared(rtl, twin);
    EXPECT_EQ(m.order.count, 1u);
    EXPECT_EQ(m.order.causes, (std::map<std::string, std::uint64_t>{{"drain", 1}}));
    EXPECT_EQ(m.order.first,
              "invalidation 1 of 01:00.0 and invalidation 1 of 02:00.0: 2.000 ns apart in rtl, "
              "3.000 ns in tlm; they part in drain");
    EXPECT_EQ(m.devices[0].first_difference,
              "invalidation 1 of 01:00.0 at 0.010 us, in drain (10.000 ns in rtl, 14.000 in tlm)");
}

TEST(WholeMachine, what_is_off_by_more_than_the_target_is_missed) {
    const json rtl = run_of({{0x100, 0, 10, 1000}});
    EXPECT_TRUE(missed_targets(std::vector{compared(rtl, run_of({{0x100, 0, 10, 1020}}))}).empty())
        << "2 %";
    const auto missed =
        missed_targets(std::vector{compared(rtl, run_of({{0x100, 0, 10, 1021}}, "violations"))});
    EXPECT_EQ(missed, (std::vector<std::string>{
                          "s.yaml, M2: outcome clean in rtl, violations in tlm",
                          "s.yaml, M2: invalidation of 01:00.0: p50 1021.000 against 1000.000 ns, "
                          "p99 1021.000 against 1000.000 ns"}));
}

TEST(WholeMachine, one_that_timed_out_is_counted_apart) {
    const json rtl = run_of({{0x100, 0, 10, 50}, {0x100, 100, 110, 900'000, ending::timed_out}});
    const machine_times m = compared(rtl, rtl);
    EXPECT_EQ(m.devices[0].rtl.completed, 1u);
    EXPECT_EQ(m.devices[0].twin.lost, 1u);
    EXPECT_EQ(m.devices[0].compared, 1u);
    const json told = as_json(std::vector{m});
    EXPECT_EQ(told[0]["devices"][0]["rtl"]["lost"], 1);
    EXPECT_EQ(told[0]["seconds"]["tlm"], 2.0);
}

TEST(WholeMachine, all_three_blocks_are_of_one_kind_and_a_users_object_is_kept) {
    scenario::run r;
    r.fidelity.atc.object = "./mine.so";
    const scenario::run rtl = with_fidelity(r, fidelity::rtl),
                        tlm = with_fidelity(r, fidelity::tlm);
    for (const auto block : {&scenario::fidelity::atc, &scenario::fidelity::invalidation_tracker,
                             &scenario::fidelity::dpc}) {
        EXPECT_EQ((rtl.fidelity.*block).is, scenario::block_fidelity::kind::rtl);
        EXPECT_EQ((tlm.fidelity.*block).is, scenario::block_fidelity::kind::tlm);
    }
    EXPECT_EQ(rtl.fidelity.atc.object, "./mine.so");
}

}  // namespace
}  // namespace drydock::accuracy
