// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/pool.h"
#include "tlm/base/requester.h"

namespace drydock::base {
namespace {

using namespace literals;

auto fields(const requester& r) {
    return std::tie(r.stream, r.substream, r.at, r.privileged, r.execute, r.port, r.order, r.span,
                    r.requested, r.requested_known, r.obtained);
}
auto fields(const atomic_update& u) { return std::tie(u.expected, u.desired, u.old, u.done); }

TEST(Requester, its_clone_says_the_same) {
    requester r;
    r.stream = stream_id{0x0100};
    r.substream = substream_id{7};
    r.at = address_type::translated;
    r.privileged = r.execute = true;
    r.port = 3;
    r.order = 99;
    r.span = span_id{5};
    r.requested = iova{0x7f000};
    r.requested_known = true;
    r.obtained = 4_us;
    const std::unique_ptr<requester> copy(static_cast<requester*>(r.clone()));
    EXPECT_EQ(fields(*copy), fields(r));
    requester other;
    other.copy_from(r);
    EXPECT_EQ(fields(other), fields(r));
}

TEST(AtomicUpdate, its_clone_says_the_same) {
    atomic_update u;
    u.expected = 1;
    u.desired = 2;
    u.old = 3;
    u.done = true;
    const std::unique_ptr<atomic_update> copy(static_cast<atomic_update*>(u.clone()));
    EXPECT_EQ(fields(*copy), fields(u));
    atomic_update other;
    other.copy_from(u);
    EXPECT_EQ(fields(other), fields(u));
}

TEST(Pool, what_is_owned_comes_back_by_itself) {
    pool<int> p("ints", 2);
    {
        const auto a = p.take_owned();
        const auto b = p.own(p.take());
        EXPECT_NE(a.get(), b.get());
        EXPECT_EQ(p.in_use(), 2u);
    }
    EXPECT_EQ(p.in_use(), 0u);
    EXPECT_EQ(p.capacity(), 2u);
    p.take();
    try {
        p.check_no_leak();
        FAIL() << "no exception";
    } catch (const std::logic_error& e) {
        EXPECT_STREQ(e.what(), "pool 'ints': 1 not given back");
    }
}

TEST(Context, asks_the_chooser_that_it_was_given_and_else_takes_the_first) {
    struct last final : choice {
        std::size_t choose(std::string_view, std::span<const candidate> among) override {
            return among.size() - 1;
        }
    } chooser;
    const std::vector<candidate> three{{"a", 1}, {"b", 2}, {"c", 3}};
    EXPECT_EQ(context(1, &chooser).chooser->choose("run_queue", three), 2u);
    EXPECT_EQ(context().chooser->choose("run_queue", three), 0u);
}

TEST(Rng, a_chance_comes_true_as_often_as_it_says) {
    rng r(3, "x");
    int yes = 0;
    for (int i = 0; i < 100'000; ++i) yes += r.chance(1, 4) ? 1 : 0;
    EXPECT_NEAR(yes, 25'000, 5 * 137);  // 5 sigma
    EXPECT_FALSE(r.chance(0, 4));
    EXPECT_TRUE(r.chance(4, 4));
}

struct listener final : observer {
    void on_event(const event& e) override { seen.push_back(e); }
    std::vector<event> seen;
};

TEST(Probe, an_observer_hears_each_event_once_and_its_leaving_takes_nothing_from_others) {
    probe p;
    listener a, b;
    for (const kind_info& k : kind_table) {
        p.subscribe(a, k.what);
        p.subscribe(a, k.what);
        p.subscribe(b, k.what);
    }
    const place_id where = p.place("x");
    for (const kind_info& k : kind_table) p.emit(k.what, where, 1_ns, no_span);
    EXPECT_EQ(a.seen.size(), kind_count);
    EXPECT_EQ(b.seen.size(), kind_count);
    p.unsubscribe(a);
    for (const kind_info& k : kind_table) {
        EXPECT_TRUE(p.wants(k.what)) << k.name;
        p.emit(k.what, where, 2_ns, no_span);
    }
    EXPECT_EQ(a.seen.size(), kind_count);
    ASSERT_EQ(b.seen.size(), 2 * kind_count);
    for (std::size_t i = 0; i < kind_count; ++i)
        EXPECT_EQ(b.seen[kind_count + i].what, kind_table[i].what);
}

TEST(Probe, names_and_texts_keep_their_numbers) {
    probe p;
    EXPECT_EQ(p.place("smmu"), p.place("smmu"));
    EXPECT_NE(p.place("smmu"), p.place("smmu.tlb"));
    EXPECT_EQ(p.text("flr"), p.text("flr"));
    EXPECT_EQ(p.text_of(p.text("flr")), "flr");
    EXPECT_EQ(p.name(p.place("smmu.tlb")), "smmu.tlb");
}

TEST(Provenance, a_write_over_the_end_of_a_region_stays_inside_and_regions_do_not_mix) {
    provenance p;
    p.shadow(phys_addr{0x1000}, 0x20);
    p.shadow(phys_addr{0x2000}, 0x20);
    p.written(phys_addr{0x1010}, 0x100, span_id{3});
    p.written(phys_addr{0x2000}, 1, span_id{4});
    EXPECT_EQ(p.writer_of(phys_addr{0x1000}), no_span);
    EXPECT_EQ(p.writer_of(phys_addr{0x101f}), span_id{3});
    EXPECT_EQ(p.writer_of(phys_addr{0x1020}), no_span);
    EXPECT_EQ(p.writer_of(phys_addr{0x2000}), span_id{4});
    EXPECT_EQ(p.writer_of(phys_addr{0x2010}), no_span);
    EXPECT_EQ(p.writer_of(phys_addr{0xfff}), no_span);
}

TEST(Parameters, a_value_of_the_wrong_kind_and_a_time_out_of_range_are_refused) {
    parameters p;
    p.set("entries", std::string("many"), origin::scenario);
    p.set("flr", 2_s, origin::device);
    p.set("sev", true, origin::scenario);
    try {
        p.integer("entries", 128, 0, 65536, "entries", "size");
        FAIL() << "no exception";
    } catch (const std::invalid_argument& e) {
        EXPECT_STREQ(e.what(), "entries: wrong kind of value, expected entries");
    }
    try {
        p.time("flr", 100_ms, 0_ps, 1_s, "FLR");
        FAIL() << "no exception";
    } catch (const std::invalid_argument& e) {
        EXPECT_EQ(std::string(e.what()).rfind("flr: ", 0), 0u) << e.what();
    }
    EXPECT_TRUE(p.flag("sev", false, "events"));
    EXPECT_FALSE(p.flag("msi", false, "interrupts"));
    EXPECT_EQ(p.word("down", "drop", "drop | fail_fast", "policy"), "drop");
    EXPECT_EQ(p.declared().at("sev").from, origin::scenario);
}

}  // namespace
}  // namespace drydock::base
