// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
constexpr std::uint64_t v = 0x7f0000001000, p = 0x40001000, q = 0x40002000;
}

TEST(StaleAccess, fires_when_an_unmapped_page_is_accessed_after_the_unmap_completed) {
    told t;
    t.attach(told::ep0, 1);
    t.map(1, v, p);
    t.at(1_us);
    t.unmap_begin(1, v, p);
    t.unmap_complete(1, v, p);
    t.at(3_us);
    t.access(told::ep0, v, p, told::translated | told::write, 500_ns, -1, span_id{7});
    const violation& x = t.only();
    EXPECT_EQ(x.monitor, "stale_access");
    EXPECT_EQ(x.device, "ep0");
    EXPECT_EQ(x.time, 3_us);
    EXPECT_EQ(x.spans, std::vector<span_id>{span_id{7}});
    EXPECT_NE(x.text.find("2.000 us earlier"), std::string::npos) << x.text;
    EXPECT_TRUE(t.set.broken());
}

TEST(StaleAccess, is_silent_until_the_unmap_has_completed) {
    told t;
    t.attach(told::ep0, 1);
    t.map(1, v, p);
    t.access(told::ep0, v, p);
    t.unmap_begin(1, v, p);
    t.access(told::ep0, v, p);
    EXPECT_TRUE(t.silent());
}

TEST(StaleAccess, is_silent_when_the_page_is_mapped_again_in_the_streams_domain) {
    told t;
    t.attach(told::ep0, 1);
    t.map(1, v, p);
    t.unmap_begin(1, v, p);
    t.unmap_complete(1, v, p);
    t.map(1, v + 4096, p);
    t.access(told::ep0, v, p);
    EXPECT_TRUE(t.silent());
}

TEST(StaleAccess, fires_for_the_old_page_after_a_remap_of_the_address_to_a_new_page) {
    told t;
    t.attach(told::ep0, 1);
    t.map(1, v, p);
    t.unmap_begin(1, v, p);
    t.unmap_complete(1, v, p);
    t.map(1, v, q);
    t.access(told::ep0, v, q);
    EXPECT_TRUE(t.silent());
    t.access(told::ep0, v, p);
    EXPECT_EQ(t.fired("stale_access"), 1u);
}

TEST(StaleAccess, tells_pasids_apart) {
    told t;
    t.attach(told::ep0, 1);
    t.attach(told::ep0, 2, "paging", 1);
    t.map(1, v, p);
    t.map(2, v, p);
    t.unmap_begin(2, v, p);
    t.unmap_complete(2, v, p);
    t.access(told::ep0, v, p);
    EXPECT_TRUE(t.silent());
    t.access(told::ep0, v, p, told::translated, {}, 1);
    EXPECT_EQ(t.fired("stale_access"), 1u);
}

TEST(StaleAccess, a_stream_that_moved_to_the_blocking_domain_is_judged_by_the_domain_it_left) {
    told t;
    t.attach(told::ep0, 1);
    t.map(1, v, p);
    t.attach(told::ep0, 99, "blocked");
    t.access(told::ep0, v, p);
    EXPECT_TRUE(t.silent());  // blocked_dma's business, the mapping is alive
    t.unmap_begin(1, v, p);
    t.unmap_complete(1, v, p);
    t.access(told::ep0, v, p);
    EXPECT_EQ(t.fired("stale_access"), 1u);
}

TEST(StaleAccess, an_identity_domain_reaches_pages_that_an_earlier_domain_has_unmapped) {
    told t;
    t.attach(told::nic, 1);
    t.page(p, 5);
    t.map(1, v, p);
    t.unmap_begin(1, v, p);
    t.unmap_complete(1, v, p);
    t.attach(told::nic, 3, "identity");
    t.access(told::nic, p, p, 0);
    EXPECT_TRUE(t.silent());
    t.attach(told::nic, 1);
    t.access(told::nic, v, p, 0);
    EXPECT_EQ(t.fired("stale_access"), 1u);
}

TEST(StaleAccess, fires_on_a_free_page) {
    told t;
    t.page(p, 5);
    t.attach(told::nic, 3, "identity");
    t.access(told::nic, p, p, 0);
    EXPECT_TRUE(t.silent());
    t.page(p, 0);
    t.access(told::nic, p, p, 0);
    EXPECT_EQ(t.only().device, "nic");
}

TEST(StaleAccess, fires_when_the_page_belongs_to_a_later_owner_than_that_of_the_translation) {
    told t;
    t.attach(told::ep0, 1);
    t.at(1_us);
    t.page(p, 5);
    t.map(1, v, p);
    t.at(10_us);
    t.page(p, 0);
    t.page(p, 6);
    t.map(1, v + 4096, p);  // alive again, so rule (a) is silent
    t.access(told::ep0, v + 4096, p, told::translated, 10_us);
    EXPECT_TRUE(t.silent());
    t.access(told::ep0, v, p, told::translated, 2_us);
    EXPECT_EQ(t.fired("stale_access"), 1u);
}

TEST(StaleAccess, a_forged_translated_address_is_judged_by_the_pages_owner_alone) {
    told t;
    t.attach(told::ep0, 1);
    t.map(1, v, p);
    t.unmap_begin(1, v, p);
    t.unmap_complete(1, v, p);
    t.page(p, 5);
    t.access(told::ep0, 0, p, told::translated | told::forged, 0_ns);
    EXPECT_TRUE(t.silent());
    t.page(p, 0);
    t.access(told::ep0, 0, p, told::translated | told::forged, 0_ns);
    EXPECT_EQ(t.fired("stale_access"), 1u);
}

TEST(StaleAccess, an_unmap_of_many_pages_ends_each_of_them) {
    told t;
    t.attach(told::ep0, 1);
    t.map(1, v, p, 4 * 4096);
    t.unmap_begin(1, v + 4096, p + 4096, 2 * 4096);
    t.unmap_complete(1, v + 4096, p + 4096);
    t.access(told::ep0, v, p);
    t.access(told::ep0, v + 3 * 4096, p + 3 * 4096);
    EXPECT_TRUE(t.silent());
    t.access(told::ep0, v + 4096, p + 4096);
    t.access(told::ep0, v + 2 * 4096, p + 2 * 4096 + 64);
    EXPECT_EQ(t.fired("stale_access"), 2u);
    EXPECT_EQ(t.set.all().size(), 1u);  // one cause
}

}  // namespace drydock::monitors::test
