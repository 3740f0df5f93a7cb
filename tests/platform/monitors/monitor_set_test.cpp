// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
struct listener final : base::observer {
    void on_event(const base::event& e) override { events.push_back(e); }
    std::vector<base::event> events;
};
}  // namespace

TEST(MonitorSet, repeats_of_one_cause_collapse_to_the_first_and_a_count) {
    told t;
    for (unsigned i = 1; i <= 1000; ++i) {
        t.at(ps{i});
        t.tell(kind::sw_warn, "R", t.text("again"), told::ep0.value, 0, 0, span_id{i});
    }
    EXPECT_EQ(t.only().count, 1000u);
    EXPECT_EQ(t.only().time, ps{1});
    EXPECT_EQ(t.only().spans.size(), violation::kept_spans);
}

TEST(MonitorSet, causes_differ_by_device_and_by_detail) {
    told t;
    t.tell(kind::sw_warn, "R", t.text("one"), told::ep0.value);
    t.tell(kind::sw_warn, "R", t.text("one"), told::nic.value);
    t.tell(kind::sw_warn, "R", t.text("two"), told::nic.value);
    EXPECT_EQ(t.set.all().size(), 3u);
}

TEST(MonitorSet, tells_the_probe_of_the_first_of_each_cause) {
    told t;
    listener l;
    t.ctx.probe.subscribe(l, kind::violation);
    t.tell(kind::sw_warn, "R", t.text("one"), told::ep0.value, 0, 0, span_id{5});
    t.tell(kind::sw_warn, "R", t.text("one"), told::ep0.value, 0, 0, span_id{6});
    ASSERT_EQ(l.events.size(), 1u);
    EXPECT_EQ(t.ctx.probe.text_of(l.events[0].a), "warn");
    EXPECT_EQ(l.events[0].b, told::ep0.value);
    EXPECT_EQ(l.events[0].span, span_id{5});
    EXPECT_EQ(l.events[0].d, 0u);
}

TEST(MonitorSet, gives_the_summary_its_entries) {
    told t;
    t.at(7_us);
    t.tell(kind::sw_warn, "R", t.text("one"), told::ep0.value, 0, 0, span_id{5});
    const nlohmann::json v = t.set.violations();
    ASSERT_EQ(v.size(), 1u);
    EXPECT_EQ(v[0], (nlohmann::json{{"monitor", "warn"},
                                    {"class", "broken"},
                                    {"device", "ep0"},
                                    {"time_ps", 7'000'000},
                                    {"told_ps", 0},
                                    {"count", 1},
                                    {"spans", {5}},
                                    {"rule", "software does not WARN"},
                                    {"text", "one"}}));
}

TEST(MonitorSet, limits_are_parameters_of_the_machine) {
    base::parameters p;
    p.set("monitors.long_hold.irqs_off", 5_ms, base::origin::scenario);
    const monitor_parameters m = monitor_parameters::declared_in(p);
    EXPECT_EQ(m.irqs_off_limit, 5_ms);
    EXPECT_EQ(m.service_limit, 1_ms);
    EXPECT_EQ(m.mutex_limit, 10_s);
}

TEST(MonitorSet, nobody_pays_for_events_after_the_monitors_are_gone) {
    base::context ctx;
    {
        monitor_set set(ctx, {});
        EXPECT_TRUE(ctx.probe.wants(kind::memory_access));
    }
    for (const base::kind_info& k : base::kind_table)
        EXPECT_FALSE(ctx.probe.wants(k.what)) << k.name;
}

}  // namespace drydock::monitors::test
