// SPDX-License-Identifier: Apache-2.0
#include "waves/trace.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/waves/recording.h"

namespace drydock::waves::test {
namespace {

using namespace base::literals;
using nlohmann::json;

std::string_view stage_name(std::uint64_t boundary) {
    static constexpr std::array<std::string_view, 17> names{
        "",   "s1",  "s2",  "s3",  "s4",  "s5",  "s6",  "s7", "s8",
        "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16"};
    return boundary < names.size() ? names[boundary] : std::string_view();
}

struct traced : telling {
    explicit traced(window shown = {}, trace_options options = {}) : file(scratch("trace.json")) {
        header.identity = R"({"version":"0.1.0"})";
        header.names.add(base::routing_id{0x0100}, "ep0");
        options.stage_name = stage_name;
        out = open_trace(ctx, file, shown, header, std::move(options));
    }
    /// Events of a phase.
    std::vector<json> of(char phase) {
        out->close();
        std::vector<json> found;
        const json all = json::parse(content(file));
        for (const json& e : all.at("traceEvents"))
            if (e.at("ph") == std::string(1, phase)) found.push_back(e);
        return found;
    }
    /// An invalidation from 1 ns on with a boundary each ns.
    void invalidation(span_id s, std::uint64_t last = 16) {
        tell(1_ns, kind::span_begin, "sw.sva0.unmap", s, std::uint64_t(span_class::atc_inv), 7,
             0x0100, 0x1000);
        for (std::uint64_t b = 0; b <= last; ++b)
            tell(ps{1000 + 1000 * std::int64_t(b)}, kind::stage, place_of(b), s, b, b == 3 ? 5 : 0);
        tell(ps{1000 + 1000 * std::int64_t(last)}, kind::span_end, "sw.sva0.unmap", s, 0);
    }
    static const char* place_of(std::uint64_t b) {
        return b <= 1 || b == 16 ? "sw.sva0.unmap" : b < 7 || b >= 14 ? "smmu" : "ep0.atc";
    }
    std::filesystem::path file;
    file_header header;
    std::unique_ptr<sink> out;
};

TEST(Trace, a_transaction_is_an_async_span_with_its_stages_nested) {
    traced t;
    t.invalidation(span_id{17});
    const auto begins = t.of('b'), ends = t.of('e');
    ASSERT_EQ(begins.size(), 17u);
    ASSERT_EQ(ends.size(), 17u);
    EXPECT_EQ(begins[0]["name"], "INV 17 ep0");
    EXPECT_EQ(begins[0]["cat"], "INV");
    EXPECT_EQ(begins[0]["id"], 17);
    EXPECT_EQ(begins[0]["ts"], 0.001);
    EXPECT_EQ(begins[0]["args"]["took_ps"], 16'000);
    for (std::size_t i = 1; i < begins.size(); ++i) {
        EXPECT_EQ(begins[i]["name"], "s" + std::to_string(i));
        EXPECT_EQ(begins[i]["id"], 17);
        EXPECT_EQ(begins[i]["args"]["ps"], 1000);
        EXPECT_GE(begins[i]["ts"], begins[0]["ts"]);
        EXPECT_LE(ends[i - 1]["ts"], ends.back()["ts"]);
    }
    EXPECT_EQ(begins[3]["args"]["waited_for_span"], 5);
}

TEST(Trace, an_arrow_leads_from_the_command_to_the_completion_or_as_far_as_it_came) {
    traced t;
    t.invalidation(span_id{17});
    t.invalidation(span_id{18}, 5);
    const auto starts = t.of('s'), ends = t.of('f');
    ASSERT_EQ(starts.size(), 2u);
    ASSERT_EQ(ends.size(), 2u);
    std::map<int, json> slices;  // by thread, of the first
    for (const json& x : t.of('X'))
        if (x["name"].get<std::string>().starts_with("INV 17 ")) slices[x["tid"]] = x;
    for (const json& at : {starts[0], ends[0]}) {
        ASSERT_TRUE(slices.contains(at["tid"])) << at;
        EXPECT_EQ(slices[at["tid"]]["pid"], at["pid"]);
    }
    EXPECT_EQ(starts[0]["id"], 17);
    EXPECT_EQ(starts[0]["ts"], 0.001);
    EXPECT_EQ(ends[0]["ts"], 0.014);  // the match
    EXPECT_EQ(ends[1]["ts"], 0.004);  // of the second only the fetch
    EXPECT_EQ(t.of('t').size(), 2u);
}

TEST(Trace, a_component_is_a_process_and_its_places_are_threads) {
    traced t;
    t.tell(1_ns, kind::sw_warn, "smmu.cmdq", {}, t.text("one"));
    t.tell(1_ns, kind::sw_warn, "smmu.tracker", {}, t.text("two"));
    t.tell(1_ns, kind::sw_warn, "ep0", {}, t.text("three"));
    std::set<std::string> processes, threads;
    for (const json& m : t.of('M'))
        (m["name"] == "process_name" ? processes : threads).insert(m["args"]["name"]);
    EXPECT_EQ(processes, (std::set<std::string>{"smmu", "ep0"}));
    EXPECT_EQ(threads, (std::set<std::string>{"smmu.cmdq", "smmu.tracker", "ep0"}));
}

TEST(Trace, counters_follow_itags_queues_credits_and_gauges) {
    std::uint64_t entries = 3;
    traced t({0_ns, 1_us},
             {.everything = true, .gauges = {{"ep0.atc", "entries", [&] { return entries; }}}});
    t.tell(1_ns, kind::itag_taken, "smmu", span_id{1}, 0, 0x0100, 31);
    t.tell(2_ns, kind::atc_fill, "ep0.atc", {}, 0, 0, 4096);
    entries = 4;
    t.tell(3_ns, kind::atc_invalidated, "ep0.atc", {}, 0, 1);
    t.tell(4_ns, kind::register_write, "smmu", {}, 0x90, 0x1000 | 2);  // 4 commands
    t.tell(5_ns, kind::register_write, "smmu", {}, 0x98, 3);
    t.tell(6_ns, kind::command_done, "smmu", {}, 3, 0);
    t.tell(7_ns, kind::register_write, "smmu", {}, 0x98, 4);  // wraps
    t.tell(8_ns, kind::credit_returned, "rp0_link.up", {}, 0, 8, 64);
    t.tell(9_ns, kind::credit_consumed, "rp0_link.up", {}, 0, 1, 4);
    t.tell(9_ns, kind::credit_returned, "rp0_link.up", {}, 2, UINT32_MAX, UINT32_MAX);
    std::map<std::string, std::vector<int>> values;
    for (const json& c : t.of('C')) values[c["name"]].push_back(c["args"]["value"]);
    EXPECT_EQ(values["smmu free ITags"], (std::vector<int>{31}));
    EXPECT_EQ(values["ep0.atc entries"], (std::vector<int>{3, 4}));
    EXPECT_EQ(values["smmu command queue"], (std::vector<int>{3, 2, 3}));
    EXPECT_EQ(values["rp0_link.up posted credits"], (std::vector<int>{8, 7}));
    EXPECT_FALSE(values.contains("rp0_link.up completion credits"));
}

TEST(Trace, an_invalidate_queue_empties_when_the_atc_starts_or_the_request_is_lost) {
    traced t;
    for (std::uint32_t s = 1; s <= 3; ++s) {
        t.tell(ps{s * 1000}, kind::span_begin, "sw", span_id{s},
               std::uint64_t(span_class::atc_inv));
        t.tell(ps{s * 1000 + 1}, kind::stage, "ep0", span_id{s}, 8);
    }
    t.tell(5_ns, kind::stage, "ep0.atc", span_id{1}, 9);
    t.tell(6_ns, kind::span_end, "sw", span_id{2});
    t.tell(7_ns, kind::stage, "ep0.atc", span_id{3}, 9);
    std::vector<int> depth;
    for (const json& c : t.of('C')) depth.push_back(c["args"]["value"]);
    EXPECT_EQ(depth, (std::vector<int>{1, 2, 3, 2, 0}));
}

TEST(Trace, a_window_shows_what_overlaps_it_and_tlps_with_their_numbers) {
    traced t({5_ns, 6_ns}, {.everything = true});
    const auto tlp = [&](ps sent, ps arrived, std::uint64_t tag) {
        t.tell(sent, kind::tlp_sent, "rp0_link.up", {}, 1, 0x1000, 64, tag);
        t.tell(arrived, kind::tlp_arrived, "rp0_link.up", {}, 1, 0x1000, 64, tag);
    };
    tlp(1_ns, 2_ns, 1);
    tlp(3_ns, 6_ns, 2);
    tlp(8_ns, 9_ns, 3);
    const auto shown = t.of('b');
    ASSERT_EQ(shown.size(), 1u);
    EXPECT_EQ(shown[0]["name"], "TLP 2 MWr 0x1000");
}

TEST(Trace, around_the_first_violation_is_what_happened_just_before) {
    traced t({ps{-2000}, 1_ns, true});
    for (int n = 1; n <= 9; ++n)
        t.tell(ps{n * 1000}, kind::sw_warn, "R", {}, t.text("warning " + std::to_string(n)));
    t.tell(9_ns, kind::violation, "monitors", {}, t.text("stale_access"), 0x0100, t.text("rule"));
    t.tell(10_ns, kind::sw_warn, "R", {}, t.text("after"));
    t.tell(11_ns, kind::sw_warn, "R", {}, t.text("too late"));
    std::vector<std::string> names;
    for (const json& i : t.of('i'))
        names.push_back(i["name"] == "sw_warn" ? i["args"]["text"] : i["name"]);
    EXPECT_EQ(names, (std::vector<std::string>{"warning 7", "warning 8", "warning 9",
                                               "violation stale_access", "after"}));
}

TEST(Trace, states_tasks_and_calls_are_slices_and_what_is_open_at_the_end_is_shown) {
    traced t;
    t.tell(1_ns, kind::function_state, "ep0", {}, 0x0100, t.text("flr"));
    t.tell(2_ns, kind::sw_task, "sw.R", {}, 1, t.text("runs"));
    t.tell(3_ns, kind::sw_call, "sw.R", {}, t.text("pci_reset_function"), 0x0100);
    t.tell(4_ns, kind::sw_return, "sw.R", {}, t.text("pci_reset_function"), 0x0100, 0);
    t.tell(5_ns, kind::function_state, "ep0", {}, 0x0100, t.text("ready"));
    t.tell(6_ns, kind::sw_task, "sw.R", {}, 1, t.text("ends"));
    std::map<std::string, double> slices;
    for (const json& x : t.of('X')) slices[x["name"]] = x["dur"];
    EXPECT_EQ(slices,
              (std::map<std::string, double>{{"flr", 0.004}, {"sw.R", 0.004}, {"ready", 0.001}}));
    ASSERT_EQ(t.of('B').size(), 1u);
    EXPECT_EQ(t.of('B')[0]["args"]["id"], "CALL 1");
    EXPECT_EQ(t.of('E').size(), 1u);
}

}  // namespace
}  // namespace drydock::waves::test
