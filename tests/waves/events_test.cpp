// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "tests/waves/recording.h"
#include "waves/sink.h"

namespace drydock::waves {
namespace {

using base::event_level;
using base::kind;
using base::ps;
using base::span_class;
using base::span_id;
using namespace base::literals;

struct recording : test::telling {
    explicit recording(event_level level, std::string name = "events.jsonl")
        : file(test::scratch(name)) {
        header.identity = R"({"version":"0.1.0","seed":1})";
        out = open_events(ctx, file, level, header);
    }
    std::vector<std::string> lines() {
        out->close();
        std::vector<std::string> result;
        std::istringstream in(test::content(file));
        for (std::string line; std::getline(in, line);) result.push_back(line);
        return result;
    }
    file_header header;
    std::filesystem::path file;
    std::unique_ptr<sink> out;
};

TEST(EventsFile, begins_with_who_wrote_it) {
    recording r(event_level::life);
    const auto lines = r.lines();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0],
              R"({"drydock":{"version":"0.1.0","seed":1},"level":"life","unit":{"t":"ps"},)"
              R"("ids":{"unmap":"UNMAP","atc_inv":"INV","tlbi":"TLBI","cfgi":"CFGI","sync":"SYNC",)"
              R"("translation":"TRANS","page_request":"PAGE","dma":"DMA","reset":"RESET"}})");
}

TEST(EventsFile, writes_fields_by_name_and_format_in_one_order) {
    recording r(event_level::tlp);
    r.tell(1500_ps, kind::itag_timeout, "smmu.tracker", span_id{17}, 4, 0x0100, 10'000'000'000);
    r.tell(2_ns, kind::sw_return, "cpu3", {}, r.text("pci_reset_function"), 0x0208,
           std::uint64_t(-25));
    r.tell(3_ns, kind::tlp_sent, "rp0.link.down", span_id{2}, 1, 0x7f00, 64, 0x01000003);
    const auto lines = r.lines();
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[1],
              R"({"t":1500,"kind":"itag_timeout","where":"smmu.tracker","span":17,"itag":4,)"
              R"("function":"01:00.0","age":10000000000})");
    EXPECT_EQ(
        lines[2],
        R"({"t":2000,"kind":"sw_return","where":"cpu3","span":0,"function":"pci_reset_function",)"
        R"("device":"02:01.0","result":-25})");
    EXPECT_EQ(lines[3], R"({"t":3000,"kind":"tlp_sent","where":"rp0.link.down","span":2,"type":1,)"
                        R"("address":"0x7f00","length":64,"ids":"0x1000003"})");
}

TEST(EventsFile, every_kind_gives_a_line_of_valid_json_with_its_fields) {
    recording r(event_level::tlp);
    r.text("a \"quoted\"\\ text\n");  // text and place 1, of which the fields speak
    r.ctx.probe.place("x");
    r.ctx.probe.place("y");
    std::size_t n = 0;
    for (const base::kind_info& k : base::kind_table)
        r.tell(ps{std::int64_t(++n)}, k.what, "x", {}, 1, 1, 1, 1);
    const auto lines = r.lines();
    ASSERT_EQ(lines.size(), base::kind_count + 1);
    for (std::size_t i = 0; i < base::kind_count; ++i) {
        const nlohmann::json j = nlohmann::json::parse(lines[i + 1]);
        EXPECT_EQ(j["kind"], base::kind_table[i].name);
        for (std::size_t f = 0; f < 4; ++f)
            EXPECT_EQ(j.contains(std::string(base::kind_table[i].fields[f])),
                      base::kind_table[i].formats[f] != '-')
                << lines[i + 1];
    }
}

TEST(EventsFile, levels_include_the_ones_below) {
    for (const auto& [level, expected] :
         {std::pair{event_level::life, 1}, {event_level::detail, 2}, {event_level::tlp, 3}}) {
        recording r(level, std::to_string(expected));
        r.tell(1_ns, kind::cerror, "smmu", {}, 3, 17);
        r.tell(2_ns, kind::command_fetched, "smmu", {}, 0x40, 17);
        r.tell(3_ns, kind::tlp_sent, "rp0.link.down");
        EXPECT_EQ(r.lines().size(), std::size_t(expected + 1));
        EXPECT_EQ(r.out->overflowed(), 0u);
    }
}

TEST(EventsFile, life_makes_one_line_of_an_operation_with_its_boundaries) {
    recording r(event_level::life);
    const span_id s{9};
    r.tell(1_us, kind::span_begin, "sva0", s, std::uint64_t(span_class::unmap), 0, 0x0100, 0x7f000);
    r.tell(1_us, kind::stage, "sva0", s, 32);
    r.tell(1100_ns, kind::stage, "sva0", s, 33);
    r.tell(1200_ns, kind::sw_point, "sva0", s, r.text("i1"), 0x0100);
    r.tell(1300_ns, kind::sync_done, "smmu", s, 4);
    r.tell(1500_ns, kind::stage, "sva0", s, 35);
    r.tell(2_us, kind::span_end, "sva0", s, 0);
    const auto lines = r.lines();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[1], R"({"t":2000000,"kind":"unmap","where":"sva0","span":9,)"
                        R"("device":"01:00.0","detail":"0x7f000","result":0,)"
                        R"("stages":[100000,null,400000],"took":1000000})");
}

TEST(EventsFile, life_gives_the_boundaries_of_the_last_of_several_completions) {
    recording r(event_level::life);
    const span_id s{9};
    r.tell(0_ns, kind::span_begin, "sva0", s, std::uint64_t(span_class::atc_inv), 0, 0x0100);
    for (std::uint64_t b = 0; b <= 11; ++b)
        r.tell(ps{std::int64_t(b) * 10}, kind::stage, "x", s, b);
    r.tell(120_ps, kind::stage, "link", s, 12);
    r.tell(130_ps, kind::stage, "rc", s, 13);
    r.tell(150_ps, kind::stage, "link", s, 12);
    r.tell(180_ps, kind::stage, "rc", s, 13);
    r.tell(200_ps, kind::stage, "smmu", s, 14);
    r.tell(200_ps, kind::span_end, "sva0", s, 0);
    const auto j = nlohmann::json::parse(r.lines().at(1));
    EXPECT_EQ(j["stages"],
              (nlohmann::json{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 40, 30, 20}));
    EXPECT_FALSE(j.contains("took"));
}

TEST(EventsFile, life_says_where_the_stages_begin_if_not_with_their_class) {
    recording r(event_level::life);
    const span_id s{9};
    r.tell(0_ns, kind::span_begin, "sva0", s, std::uint64_t(span_class::unmap), 0, 0x0100);
    r.tell(1_ns, kind::stage, "sva0", s, 34);
    r.tell(3_ns, kind::stage, "sva0", s, 35);
    r.tell(4_ns, kind::span_end, "sva0", s, std::uint64_t(-5));
    const auto j = nlohmann::json::parse(r.lines().at(1));
    EXPECT_EQ(j["first"], 34);
    EXPECT_EQ(j["stages"], nlohmann::json{2000});
    EXPECT_EQ(j["took"], 4000);
    EXPECT_EQ(j["result"], -5);
}

TEST(EventsFile, a_value_that_no_span_class_has_and_bytes_of_control_are_words_and_escapes) {
    recording r(event_level::tlp);
    r.tell(1_ns, kind::span_begin, "a\tb\x01", span_id{1}, 99);
    const auto lines = r.lines();
    EXPECT_NE(lines.at(1).find(R"("where":"a\u0009b\u0001")"), std::string::npos) << lines.at(1);
    EXPECT_EQ(nlohmann::json::parse(lines.at(1))["class"], "unknown");
}

TEST(EventsFile, a_disk_that_is_full_is_said_when_the_file_is_closed) {
    base::context ctx;
    auto out = open_events(ctx, "/dev/full", event_level::life, {});
    for (int i = 0; i < 5000; ++i)
        ctx.probe.emit(kind::cerror, ctx.probe.place("smmu"), ps{i}, {}, 3, 17);
    try {
        out->close();
        FAIL() << "no exception";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("/dev/full: cannot be written"), std::string::npos);
    }
    out->close();  // nothing is left to do
}

TEST(EventsFile, life_shows_resets_their_points_and_errors_in_full) {
    recording r(event_level::life);
    const span_id s{3};
    r.tell(1_us, kind::span_begin, "R", s, std::uint64_t(span_class::reset), 0, 0x0100);
    r.tell(2_us, kind::sw_point, "R", s, r.text("p4"), 0x0100);
    r.tell(3_us, kind::cerror, "smmu", span_id{4}, 3, 17);
    r.tell(4_us, kind::span_end, "R", s, 0);
    const auto lines = r.lines();
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_EQ(nlohmann::json::parse(lines[1])["class"], "reset");
    EXPECT_EQ(nlohmann::json::parse(lines[2])["point"], "p4");
    EXPECT_EQ(nlohmann::json::parse(lines[4])["kind"], "span_end");
}

TEST(EventsFile, life_leaves_dma_spans_out_and_says_which_operations_are_open_at_the_end) {
    recording r(event_level::life);
    r.tell(1_us, kind::span_begin, "dma0", span_id{1}, std::uint64_t(span_class::dma));
    r.tell(2_us, kind::span_end, "dma0", span_id{1});
    for (std::uint32_t s : {7u, 5u, 6u})
        r.tell(3_us, kind::span_begin, "net", span_id{s}, std::uint64_t(span_class::unmap));
    r.tell(4_us, kind::span_end, "net", span_id{6});
    r.tell(5_us, kind::cerror, "smmu");
    const auto lines = r.lines();
    ASSERT_EQ(lines.size(), 5u);
    for (const std::size_t i : {3u, 4u}) {
        const auto j = nlohmann::json::parse(lines[i]);
        EXPECT_EQ(j["open"], true);
        EXPECT_EQ(j["t"], 5'000'000);
        EXPECT_EQ(j["span"], i == 3 ? 5 : 7);
    }
}

TEST(EventsFile, a_sink_that_is_dropped_has_written_everything) {
    recording r(event_level::life);
    for (int i = 0; i < 5000; ++i) r.tell(ps{i}, kind::cerror, "smmu", {}, 3, 17);
    r.out.reset();
    const std::string text = test::content(r.file);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5001);
    EXPECT_EQ(text.back(), '\n');
    EXPECT_FALSE(r.ctx.probe.wants(kind::cerror));
}

TEST(EventsFile, a_folder_that_is_not_there_is_refused_with_the_files_name) {
    base::context ctx;
    try {
        open_events(ctx, "/nowhere/at/all/events.jsonl", event_level::life, {});
        FAIL() << "no exception";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("/nowhere/at/all/events.jsonl"), std::string::npos);
    }
    EXPECT_FALSE(ctx.probe.wants(kind::cerror));
}

}  // namespace
}  // namespace drydock::waves
