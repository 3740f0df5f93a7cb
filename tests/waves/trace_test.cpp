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
    explicit traced(window shown = {}, trace_options options = {})
        : file(scratch("trace.json.gz")) {
        header.identity = R"({"version":"0.1.0"})";
        header.names.add(base::routing_id{0x0100}, "ep0");
        options.stage_name = stage_name;
        out = open_trace(ctx, file, shown, header, std::move(options));
    }
    /// Events of a phase.
    std::vector<json> of(char phase) {
        out->close();
        std::vector<json> found;
        const json all = json::parse(unzipped(file));
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
    EXPECT_EQ(begins[0]["ts"], 0.001);
    EXPECT_EQ(begins[0]["args"]["ps"], 16'000);
    for (std::size_t i = 1; i < begins.size(); ++i) {
        EXPECT_EQ(begins[i]["name"], "s" + std::to_string(i));
        EXPECT_EQ(begins[i]["id"], begins[0]["id"]);
        EXPECT_EQ(begins[i]["args"]["ps"], 1000);
        EXPECT_GE(begins[i]["ts"], begins[0]["ts"]);
        EXPECT_LE(ends[i - 1]["ts"], ends.back()["ts"]);
    }
    EXPECT_EQ(begins[3]["args"]["waited_for"], "5");  // nobody told what that is
}

TEST(Trace, transactions_that_do_not_overlap_share_a_track_that_says_what_it_shows) {
    traced t;
    const auto inv = [&](std::uint32_t s, ps from, ps to) {
        t.tell(from, kind::span_begin, "sw", span_id{s}, std::uint64_t(span_class::atc_inv), 0,
               0x0100);
        t.tell(to, kind::span_end, "sw", span_id{s});
    };
    inv(1, 1_ns, 2_ns);
    inv(2, 2_ns, 3_ns);  // begins as the other ends
    t.tell(4_ns, kind::span_begin, "sw", span_id{3}, std::uint64_t(span_class::atc_inv), 0, 0x0100);
    inv(4, 5_ns, 6_ns);
    t.tell(7_ns, kind::span_end, "sw", span_id{3});
    std::map<std::string, std::string> shown;  // names by id
    for (const json& e : t.of('b'))
        shown[to_string(e["id"])] += e["name"].get<std::string>() + "; ";
    std::vector<std::string> on;
    for (const auto& [id, names] : shown) on.push_back(names);
    EXPECT_EQ(on, (std::vector<std::string>{"INV 1 ep0; INV 2 ep0; INV 3 ep0; ", "INV 4 ep0; "}));
    const auto named = t.of('n');
    ASSERT_EQ(named.size(), 2u);
    for (const json& n : named) EXPECT_EQ(n["name"], "INV ep0");
    EXPECT_EQ(named[0]["ts"], 0.001);
}

TEST(Trace, an_arrow_leads_from_the_command_to_the_completion_or_as_far_as_it_came) {
    traced t;
    t.invalidation(span_id{17});
    t.invalidation(span_id{18}, 5);
    std::map<std::string, std::vector<json>> arrows;
    for (const json& x : t.of('X')) arrows[x["bind_id"]].push_back(x);
    ASSERT_EQ(arrows["0x11"].size(), 4u);
    ASSERT_EQ(arrows["0x12"].size(), 2u);  // of the second only the fetch
    const auto& first = arrows["0x11"];
    EXPECT_EQ(first[0]["name"], "INV 17 issue");
    EXPECT_FALSE(first[0].contains("flow_in"));
    EXPECT_TRUE(first[0]["flow_out"]);
    EXPECT_TRUE(first[1]["flow_in"]);
    EXPECT_TRUE(first[1]["flow_out"]);
    EXPECT_EQ(first[3]["name"], "INV 17 match");
    EXPECT_EQ(first[3]["ts"], 0.014);
    EXPECT_TRUE(first[3]["flow_in"]);
    EXPECT_FALSE(first[3].contains("flow_out"));
    // At the same time at the same places: a thread's slices must not overlap.
    EXPECT_NE(arrows["0x12"][0]["tid"], first[0]["tid"]);
    EXPECT_EQ(arrows["0x12"][0]["pid"], first[0]["pid"]);
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
             {.wire = true, .gauges = {{"ep0.atc", "entries", [&] { return entries; }}}});
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
    for (const json& c : t.of('C'))
        for (const auto& [what, value] : c["args"].items())
            values[c["name"].get<std::string>() + " " + what].push_back(value);
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
    for (const json& c : t.of('C')) depth.push_back(c["args"]["invalidate queue"]);
    EXPECT_EQ(depth, (std::vector<int>{1, 2, 3, 2, 0}));
}

TEST(Trace, a_window_shows_what_overlaps_it_and_tlps_with_their_numbers) {
    traced t({5_ns, 6_ns}, {.wire = true});
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

TEST(Trace, calls_open_at_the_end_of_a_window_that_nobody_called_in_end_once) {
    traced t({5_ns, 6_ns});
    t.tell(1_ns, kind::sw_call, "sw.R", {}, t.text("outer"), 0, 0);
    t.tell(2_ns, kind::sw_call, "sw.R", {}, t.text("inner"), 0, 0);
    t.tell(7_ns, kind::sw_warn, "sw.S", {}, t.text("later"));
    EXPECT_EQ(t.of('B').size(), 2u);
    EXPECT_EQ(t.of('E').size(), 2u);
}

TEST(Trace, calls_around_a_window_begin_and_end_in_their_order) {
    traced t({5_ns, 6_ns});
    const auto call = [&](ps at, kind k, const char* name) {
        t.tell(at, k, "sw.R", {}, t.text(name), 0, 0);
    };
    call(1_ns, kind::sw_call, "gone");
    call(2_ns, kind::sw_return, "gone");
    call(3_ns, kind::sw_call, "outer");
    call(3_ns, kind::sw_call, "inner");
    call(5_ns, kind::sw_call, "within");
    call(7_ns, kind::sw_return, "within");
    call(8_ns, kind::sw_return, "inner");
    call(8_ns, kind::sw_call, "late");
    call(9_ns, kind::sw_return, "late");
    // "outer" is never done.
    std::vector<std::string> begun;
    for (const json& b : t.of('B')) begun.push_back(b["name"]);
    EXPECT_EQ(begun, (std::vector<std::string>{"outer", "inner", "within"}));
    std::vector<double> ended;
    for (const json& e : t.of('E')) ended.push_back(e["ts"]);
    EXPECT_EQ(ended, (std::vector<double>{0.007, 0.008, 0.009}));
}

}  // namespace
}  // namespace drydock::waves::test
