// SPDX-License-Identifier: Apache-2.0
// The containment block behind its interface: what any block in its place has to do.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tlm/root_complex/containment_under_test.h"

namespace drydock::root_complex {
namespace {

using base::ps;

constexpr ps period{1'000};
constexpr std::size_t lanes = 8;
constexpr containment_tlp posted{containment_class::posted};
constexpr containment_tlp request{containment_class::non_posted};
constexpr containment_tlp completion{containment_class::completion};

/// Writes down what the block says and when.
struct listener : containment_client {
    void contained(const containment_trigger& t) override {
        say("contained", static_cast<unsigned>(t.cause));
    }
    void released() override { say("released"); }
    void release_too_early() override { say("too_early"); }
    void rp_idle() override { say("rp_idle"); }
    void answered(containment_answer a) override { say("answer", static_cast<unsigned>(a)); }
    void judged(containment_way w, containment_verdict v) override {
        say(w == containment_way::up ? "up" : "down", static_cast<unsigned>(v));
    }
    void ready(containment_channel c) override { say("ready", static_cast<unsigned>(c)); }
    void say(const std::string& what, unsigned n = 0) {
        said.push_back(what + std::to_string(n));
        last = ctx.now();
    }
    std::vector<std::string> take() {
        ctx.timeline.run(ctx.now() + period);
        return std::exchange(said, {});
    }
    explicit listener(const containment_config& config = {period})
        : owned(test::make_containment("block", ctx, config, *this)), block(*owned) {}
    base::context ctx;
    std::unique_ptr<containment_if> owned;
    containment_if& block;
    std::vector<std::string> said;
    ps last{};
};
using lines = std::vector<std::string>;

TEST(Containment, nothing_is_answered_before_the_next_edge) {
    listener l;
    l.block.control({1, false});
    EXPECT_TRUE(l.block.try_trigger({containment_cause::software, true, {}}));
    EXPECT_TRUE(l.block.try_tlp(containment_way::up, posted));
    EXPECT_TRUE(l.said.empty());
    l.ctx.timeline.run(ps{999});
    EXPECT_TRUE(l.said.empty());
    l.ctx.timeline.run(ps{1'000});
    EXPECT_EQ(l.said, (lines{"contained4", "answer0", "up1"}));
    EXPECT_TRUE(l.block.try_tlp(containment_way::up, posted));  // at the edge: the next one
    l.ctx.timeline.run(ps{2'000});
    EXPECT_EQ(l.last, ps{2'000});
}

TEST(Containment, P_111_which_trigger_needs_which_enable) {
    struct row {
        containment_trigger t;
        bool at_1, at_2;
    };
    const row rows[] = {{{containment_cause::own_error, true, {}}, true, true},
                        {{containment_cause::own_error, false, {}}, false, true},
                        {{containment_cause::nonfatal_message, false, {}}, false, true},
                        {{containment_cause::fatal_message, true, {}}, true, true},
                        {{containment_cause::rp_pio, true, {}}, true, true},
                        {{containment_cause::software, true, {}}, true, true}};
    for (const row& r : rows)
        for (std::uint8_t enable = 0; enable <= 3; ++enable) {
            listener l;
            l.block.control({enable, false});
            l.block.try_trigger(r.t);
            const bool wanted = (enable == 1 && r.at_1) || (enable == 2 && r.at_2);
            EXPECT_EQ(l.take().back(), wanted ? "answer0" : "answer1")
                << static_cast<unsigned>(r.t.cause) << " at " << unsigned{enable};
        }
}

TEST(Containment, P_114_every_class_of_tlp_has_its_disposition) {
    listener l;
    l.block.control({1, true});
    l.block.try_trigger({containment_cause::software, true, {}});
    l.take();
    for (const auto& t : {posted, request, completion}) {
        l.block.try_tlp(containment_way::up, t);
        l.block.try_tlp(containment_way::down, t);
    }
    EXPECT_EQ(l.take(), (lines{"up1", "up1", "up1", "down1", "down2", "down1"}));
    l.block.control({1, false});
    l.block.try_tlp(containment_way::down, request);
    EXPECT_EQ(l.take(), (lines{"down3"}));
    l.block.release();
    l.block.try_tlp(containment_way::up, posted);
    l.block.try_tlp(containment_way::down, request);
    EXPECT_EQ(l.take(), (lines{"released0", "up0", "down0"}));
}

TEST(Containment, P_115_a_message_contains_what_stands_behind_it_and_not_what_stands_before) {
    listener l;
    l.block.control({1, false});
    containment_tlp fatal = posted;
    fatal.err_fatal = true;
    l.block.try_tlp(containment_way::up, posted);
    l.block.try_tlp(containment_way::up, fatal);
    l.block.try_tlp(containment_way::up, posted);
    l.block.try_tlp(containment_way::down, posted);
    EXPECT_EQ(l.take(), (lines{"up0", "contained2", "up1", "up1", "down1"}));
}

TEST(Containment, P_121_a_trigger_in_containment_is_ignored) {
    listener l;
    l.block.control({2, false});
    l.block.try_trigger({containment_cause::software, true, {}});
    l.take();
    l.block.try_trigger({containment_cause::own_error, true, {}});
    EXPECT_EQ(l.take(), (lines{"answer2"}));
}

TEST(Containment, a_full_input_is_refused_and_told_when_there_is_room) {
    listener l;
    for (std::size_t i = 0; i < lanes; ++i)
        EXPECT_TRUE(l.block.try_tlp(containment_way::up, posted));
    EXPECT_FALSE(l.block.try_tlp(containment_way::up, posted));
    EXPECT_TRUE(l.block.try_tlp(containment_way::down, posted)) << "the ways are apart";
    EXPECT_TRUE(l.block.try_trigger({containment_cause::software, true, {}}));
    EXPECT_FALSE(l.block.try_trigger({containment_cause::software, true, {}}));
    const lines said = l.take();
    ASSERT_EQ(said.size(), 1 + lanes + 1 + 2);
    EXPECT_EQ(said[said.size() - 2], "ready0");
    EXPECT_EQ(said.back(), "ready1");
}

TEST(Containment, a_release_without_containment_says_nothing) {
    listener l;
    l.block.release();
    EXPECT_TRUE(l.take().empty());
}

TEST(Containment, P_114_an_input_at_an_edge_is_sampled_at_the_next) {
    listener l;
    l.block.control({1, false});
    l.block.try_tlp(containment_way::up, posted);
    l.ctx.timeline.advance(period);  // the edge is due and has not run
    l.block.try_trigger({containment_cause::software, true, {}});
    l.block.try_tlp(containment_way::up, posted);
    l.ctx.timeline.run(period);
    EXPECT_EQ(l.said, (lines{"up0"}));
    EXPECT_EQ(l.take(), (lines{"up0", "contained4", "answer0", "up1"}));
}

TEST(Containment, P_116_a_release_while_rp_busy_is_refused_and_containment_stays) {
    listener l({period, true, ps{160'000}});  // a tick each 10 cycles
    l.block.control({1, false});
    l.block.try_trigger({containment_cause::software, true, {}});
    l.take();
    l.block.release();
    l.block.try_tlp(containment_way::up, posted);
    EXPECT_EQ(l.take(), (lines{"too_early0", "up1"}));
    l.ctx.timeline.run(ps{169'000});
    EXPECT_TRUE(l.said.empty()) << "busy for 16 ticks after the first";
    EXPECT_EQ(l.take(), (lines{"rp_idle0"}));
    EXPECT_EQ(l.last, ps{170'000});
    l.block.release();
    EXPECT_EQ(l.take(), (lines{"released0"}));
}

TEST(Containment, P_116_rp_busy_ends_before_a_release_of_the_same_edge) {
    listener l({period, true, ps{160'000}});
    l.block.control({1, false});
    l.block.try_trigger({containment_cause::software, true, {}});
    l.ctx.timeline.run(ps{169'500});
    l.said.clear();
    l.block.release();
    EXPECT_EQ(l.take(), (lines{"rp_idle0", "released0"}));
    EXPECT_EQ(l.last, ps{170'000});
}

TEST(Containment, P_123_stuck_rp_busy_never_ends) {
    listener l({period, true, base::never});
    l.block.control({2, false});
    l.block.try_trigger({containment_cause::own_error, false, {}});
    l.take();
    l.ctx.timeline.run(ps{100'000'000'000'000});
    EXPECT_TRUE(l.said.empty());
    l.block.release();
    EXPECT_EQ(l.take(), (lines{"too_early0"}));
}

TEST(Containment, rp_busy_is_at_most_a_sixteenth_longer_wherever_it_begins) {
    for (unsigned cycle = 0; cycle < 25; ++cycle) {
        listener l({period, true, ps{160'000}});
        l.block.control({1, false});
        l.ctx.timeline.run(period * cycle + ps{1});
        l.block.try_trigger({containment_cause::software, true, {}});
        l.ctx.timeline.run(ps{1'000'000});
        const ps lasted = l.last - period * (cycle + 1);
        EXPECT_GE(lasted, ps{160'000});
        EXPECT_LT(lasted, ps{170'000});
    }
}

}  // namespace
}  // namespace drydock::root_complex
