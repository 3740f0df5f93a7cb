// SPDX-License-Identifier: Apache-2.0
#include "waves/log.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/waves/recording.h"

namespace drydock::waves::test {
namespace {

using namespace base::literals;

struct logged : telling {
    explicit logged(log_options options = {}) : file(std::tmpfile()) {
        header.names.add(base::routing_id{0x0100}, "ep0");
        out = open_log(ctx, file, header, std::move(options));
    }
    ~logged() { std::fclose(file); }
    std::vector<std::string> lines() {
        out->close();
        std::rewind(file);
        std::string text(1 << 16, '\0');
        text.resize(std::fread(text.data(), 1, text.size(), file));
        std::vector<std::string> result;
        std::istringstream in(text);
        for (std::string l; std::getline(in, l);) result.push_back(l);
        return result;
    }
    /// An invalidation that times out, inside of an unmap.
    void timeout() {
        tell(1_ns, kind::span_begin, "sw.sva0.unmap", span_id{7}, std::uint64_t(span_class::unmap),
             0, 0x0100);
        tell(2_ns, kind::span_begin, "sw.sva0.unmap", span_id{17},
             std::uint64_t(span_class::atc_inv), 7, 0x0100);
        tell(10_ms, kind::itag_timeout, "smmu.invalidation_tracker", span_id{17}, 4, 0x0100,
             10'000'000'000);
        tell(11_ms, kind::span_end, "sw.sva0.unmap", span_id{17}, 0);
        tell(12_ms, kind::span_end, "sw.sva0.unmap", span_id{7}, 2);
    }
    std::FILE* file;
    file_header header;
    std::unique_ptr<sink> out;
};

TEST(Log, a_line_has_the_time_the_place_the_id_and_the_fields_by_name) {
    logged l({.run = "none"});
    l.timeout();
    EXPECT_EQ(l.lines(),
              (std::vector<std::string>{"none  10.000000000 ms  smmu.invalidation_tracker  INV 17  "
                                        "itag_timeout itag=4 function=ep0 age=10000000000 ps"}));
}

TEST(Log, each_transaction_has_a_line_if_asked_for_but_the_many) {
    logged l({.transactions = true});
    l.timeout();
    l.tell(13_ms, kind::span_begin, "ep0", span_id{18}, std::uint64_t(span_class::translation));
    l.tell(14_ms, kind::span_end, "ep0", span_id{18});
    const auto lines = l.lines();
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[1],
              "11.000000000 ms  sw.sva0.unmap  INV 17  ep0 took 10999998000 ps, result 0");
    EXPECT_EQ(lines[2],
              "12.000000000 ms  sw.sva0.unmap  UNMAP 7  ep0 took 11999999000 ps, result 2");
}

TEST(Log, resets_calls_and_what_the_scenario_does_are_of_interest) {
    logged l;
    l.tell(1_ns, kind::action, "scenario", {}, l.text("reset"), l.text("ep0"));
    l.tell(2_ns, kind::span_begin, "sw.R", span_id{3}, std::uint64_t(span_class::reset), 0, 0x0100);
    l.tell(3_ns, kind::sw_call, "sw.R", span_id{3}, l.text("pci_reset_function"), 0x0100);
    l.tell(9_ns, kind::span_end, "sw.R", span_id{3}, 0);
    EXPECT_EQ(l.lines(),
              (std::vector<std::string>{
                  "0.000001000 ms  scenario  action verb=reset target=ep0",
                  "0.000002000 ms  sw.R  RESET 3  begins ep0",
                  "0.000003000 ms  sw.R  CALL 1  sw_call function=pci_reset_function device=ep0",
                  "0.000009000 ms  sw.R  RESET 3  ep0 took 7000 ps, result 0"}));
}

TEST(Log, on_a_terminal_a_violation_is_red) {
    logged l({.colours = true});
    l.tell(1_ns, kind::violation, "monitors", {}, l.text("stale_access"), 0x0100, l.text("rule"));
    const auto lines = l.lines();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0],
              "\033[2m0.000001000 ms\033[0m\033[1;31m  monitors  violation monitor=stale_access "
              "device=ep0 rule=rule gap=0\033[0m");
}

}  // namespace
}  // namespace drydock::waves::test
