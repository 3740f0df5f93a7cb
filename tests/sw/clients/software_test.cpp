// SPDX-License-Identifier: Apache-2.0
#include "sw/software.h"

#include <gtest/gtest.h>

#include <map>

#include "sw/arm_smmu_v3/domain.h"
#include "tests/sw/model/model_host.h"

namespace drydock::sw {
namespace {

using test::model_host;

/// Endpoint 0x100 with a DMA engine behind BAR0 that does a burst in 2 us, and the whole software
/// on top.
struct Software : testing::Test {
    model_host host;
    kernel k{host.doors(), 4};
    std::unique_ptr<software> sw;
    struct engine_queue {
        u32 head = 0;
        u64 failed = 0;
    };
    std::map<unsigned, engine_queue> queues;
    hal::duration burst_time = 2us;
    bool answers = true;  ///< false: descriptors are swallowed
    std::vector<std::array<u64, 4>> descriptors;
    u64 bar0 = 0;

    void build(std::vector<client_config> clients, std::string_view variant = "M2") {
        host.functions[0x08] = test::make_root_port();
        host.functions[0x100] = test::make_endpoint({});
        software_config c;
        arm_smmu_config smmu;
        smmu.base = model_host::smmu;
        smmu.gerror_cpu = 3;
        c.smmus = {smmu};
        c.reset_variant = variant;
        c.devices = {{.rid = 0x100, .name = "ep0"}};
        c.clients = std::move(clients);
        sw = std::make_unique<software>(k, c);
        host.on_bar_write = [this](phys_addr_t a, u64 v) { engine_write(a, v); };
        host.on_config_write = [this](u16 rid, unsigned at,
                                      u32 v) {  // the engine's ID is there once BAR0 is
            if (rid == 0x100 && at == 0x14) {
                bar0 = u64{v} << 32 | host.functions[0x100]->get(0x10, 4) % 0xfffffff0;
                bar0 &= ~u64{0xf};
                host.bar[bar0] = 0x4452'4459;
                host.bar[bar0 + 4] = 8;
            }
        };
        sw->boot();
        host.fake.run(100ms);
        ASSERT_TRUE(sw->booted());
    }
    void engine_write(phys_addr_t a, u64 v) {
        const u64 at = a - bar0;
        if (at < 0x100 || at >= 0x300) return;
        const auto q = static_cast<unsigned>((at - 0x100) / 0x40);
        const u64 base = bar0 + 0x100 + q * 0x40;
        if (at % 0x40 == 0x0c && (v & 1)) queues[q] = {};
        if (at % 0x40 != 0x10 || !(host.bar[base + 0x0c] & 1) || !answers) return;
        host.fake.at(k.now() + burst_time,
                     [this, q, base, tail = static_cast<u32>(v)] { finish(q, base, tail); });
    }
    iommu_domain& domain_of(unsigned q) { return *sw->clients()[q]->domain(); }
    void finish(unsigned q, u64 base, u32 tail) {
        engine_queue& e = queues[q];
        const u32 mask = (1u << host.bar[base + 8]) - 1;
        u32 worst = 0;
        for (; e.head != tail; ++e.head) {
            const phys_addr_t d = domain_of(q).iova_to_phys(host.bar[base] + (e.head & mask) * 32);
            descriptors.push_back(
                {host.word(d), host.word(d + 8), host.word(d + 16), host.word(d + 24)});
            if (domain_of(q).iova_to_phys(host.word(d + 8)) == 0) {
                worst = 1;
                ++e.failed;
            }
        }
        const phys_addr_t wb = domain_of(q).iova_to_phys(host.bar[base + 0x18]);
        host.put_word(wb, e.head | u64{worst} << 32);
        host.put_word(wb + 8, e.failed);
        host.fake.send_interrupt(static_cast<u32>(host.bar[bar0 + 0x2000 + q * 16 + 8]));
    }
    static client_config dma(std::string name = "dma0") {
        client_config c{
            .name = std::move(name), .device = 0x100, .cpu = 2, .buffer_bytes = 64 << 10};
        c.dma = dma_load{.burst = 8, .bytes = 256, .every = 20us, .read_percent = 50};
        return c;
    }
    static client_config sva() {
        client_config c{.name = "sva0",
                        .kind = client_kind::sva,
                        .device = 0x100,
                        .pasid = 1,
                        .cpu = 0,
                        .buffer_bytes = 64 << 10};
        c.dma = dma_load{.burst = 16, .bytes = 256, .every = 10us, .read_percent = 50};
        c.unmap = unmap_load{.pages = 1, .every = 5us};
        return c;
    }
    const client_results& of(unsigned i) const { return sw->clients()[i]->results(); }
};

TEST_F(Software, boots_and_serves_both_clients_in_time) {
    build({dma(), sva()});
    sw->start();
    host.fake.run(k.now() + 5ms);
    EXPECT_NEAR(static_cast<double>(of(0).dma.due), 250, 2);
    EXPECT_EQ(of(0).dma.missed, 0u);
    EXPECT_NEAR(static_cast<double>(of(1).unmap.due), 1000, 2);
    EXPECT_EQ(of(1).unmap.missed, 0u);
    EXPECT_EQ(of(1).unmaps_of_class[2], of(1).unmap.done);
    EXPECT_LT(of(1).unmap.longest, 5us);
    EXPECT_EQ(of(1).unmap.due, of(1).unmap.done + of(1).unmap.missed + (of(1).unmap.begun ? 1 : 0));
    EXPECT_EQ(of(0).dma_bytes, of(0).dma.done * 8 * 256);
}

TEST_F(Software, descriptors_lie_inside_the_buffer_and_both_directions_occur) {
    build({dma()});
    sw->start();
    host.fake.run(k.now() + 2ms);
    ASSERT_GT(descriptors.size(), 100u);
    unsigned reads = 0, interrupts = 0;
    for (const auto& d : descriptors) {
        EXPECT_NE(domain_of(0).iova_to_phys(d[1]), 0u);
        EXPECT_EQ(d[1] >> 12, (d[1] + 255) >> 12) << "stays within its page";
        EXPECT_EQ(d[0] >> 32, 256u);
        reads += (d[0] & 0xff) == 1;
        interrupts += d[0] >> 8 & 1;
    }
    EXPECT_GT(reads, descriptors.size() / 3);
    EXPECT_LT(reads, descriptors.size() * 2 / 3);
    EXPECT_EQ(interrupts, descriptors.size() / 8);
}

TEST_F(Software, a_remapped_page_is_another_and_the_old_one_is_free_after_the_flush) {
    build({sva()});
    sw->start();
    host.fake.run(k.now() + 1ms);
    // Every unmap is followed by a map of the same iova to another physical page, which was not
    // free before.
    std::map<u64, u64> old_page, freed_after;
    for (const auto& n : host.fake.notes) {
        if (n.what == hal::note::unmap_complete) old_page[n.b] = n.c;
        if (n.what == hal::note::map && old_page.count(n.b)) {
            EXPECT_NE(old_page[n.b], n.c);
        }
        if (n.what == hal::note::page && n.b == 0) {
            bool was_unmapped = false;
            for (const auto& [iova, phys] : old_page) was_unmapped |= phys == n.a;
            EXPECT_TRUE(was_unmapped || n.time < 100ms) << "freed before its flush returned";
        }
    }
    EXPECT_GT(old_page.size(), 5u);
}

TEST_F(Software, closed_loop_due_times_that_pass_meanwhile_are_missed_not_queued) {
    burst_time = 70us;  // due each 20 us: three of four are missed
    build({dma()});
    sw->start();
    host.fake.run(k.now() + 8ms);
    EXPECT_NEAR(static_cast<double>(of(0).dma.due), 400, 2);
    EXPECT_NEAR(static_cast<double>(of(0).dma.done), 100, 3);
    EXPECT_EQ(of(0).dma.due, of(0).dma.done + of(0).dma.missed + (of(0).dma.begun ? 1 : 0));
}

TEST_F(Software, M2_reset_stops_dma_but_not_the_unmapper_and_restarts) {
    build({dma(), sva()}, "M2");
    sw->start();
    std::string returned;
    sw->on_returned([&](const std::string& t, int rc) { returned = t + "=" + std::to_string(rc); });
    host.fake.run(k.now() + 1ms);
    sw->run_reset("R", 3, "ep0", {"flr"});
    host.fake.run(k.now() + 50ms);
    const auto dma_done = of(0).dma.done;
    const auto unmaps = of(1).unmap.done;
    EXPECT_TRUE(sw->device_of(0x100)->blocked);
    EXPECT_TRUE(sw->device_of(0x100)->queue_stopped);
    EXPECT_FALSE(sw->tasks().at("R").result);
    host.fake.run(k.now() + 10ms);
    EXPECT_EQ(of(0).dma.done, dma_done);
    EXPECT_GT(of(1).unmap.done, unmaps + 1900);
    EXPECT_GT(of(1).unmaps_of_class[0], 1900u);
    host.fake.run(k.now() + 60ms);
    EXPECT_EQ(returned, "R=0");
    EXPECT_EQ(sw->tasks().at("R").result, 0);
    EXPECT_GT(of(0).dma.done, dma_done);
    EXPECT_EQ(of(1).unmap.missed, 0u);
    EXPECT_EQ(of(0).dma_errors, 0u) << "the driver quiesced: nothing was in flight";
    const auto s = *sw->device_of(0x100);
    EXPECT_FALSE(s.blocked || s.attach_refused || s.queue_stopped);
    EXPECT_TRUE(s.ats_enabled);
}

TEST_F(Software, bursts_lost_in_a_reset_end_as_errors) {
    build({dma()}, "none");
    answers = false;
    sw->start();
    host.fake.run(k.now() + 1ms);
    answers = true;
    sw->run_reset("R", 3, "ep0", {"flr"});
    host.fake.run(k.now() + 150ms);
    EXPECT_EQ(of(0).dma_errors, 8u);
    EXPECT_GT(of(0).dma.done, 1000u);
}

TEST_F(Software, attach_detach_and_probes_report_their_results) {
    build({dma()}, "M2");
    sw->run_attach("T1", 1, "ep0", "blocked");
    host.fake.run(k.now() + 1ms);
    EXPECT_EQ(sw->tasks().at("T1").result, 0);
    EXPECT_FALSE(sw->device_of(0x100)->ats_enabled);
    sw->run_detach("T2", 1, "ep0");
    host.fake.run(k.now() + 1ms);
    EXPECT_TRUE(sw->device_of(0x100)->ats_enabled);
    sw->run_reset("R", 3, "ep0", {"flr"});
    host.fake.run(k.now() + 50ms);
    sw->run_attach("T3", 1, "ep0", "D2");
    sw->run_attach_probe("P1", 2, "ep0");
    host.fake.run(k.now() + 1ms);
    EXPECT_EQ(sw->tasks().at("T3").result, -EBUSY);
    EXPECT_EQ(sw->tasks().at("P1").result, -EBUSY);
    host.fake.run(k.now() + 100ms);
    sw->run_attach_probe("P2", 2, "ep0");
    sw->run_sync_probe("P3", 1);
    host.fake.run(k.now() + 1ms);
    EXPECT_EQ(sw->tasks().at("P2").result, 0);
    EXPECT_EQ(sw->tasks().at("P3").result, 0);
}

TEST_F(Software, a_machine_that_cannot_be_driven_is_told_apart_from_a_fault) {
    host.set_reg(0x00, host.reg(0x00) & ~(u64{1} << 1));  // IDR0.S1P
    try {
        build({dma()});
        FAIL();
    } catch (const cannot_boot& e) {
        EXPECT_NE(std::string_view(e.what()).find("stage 1"), std::string_view::npos);
    }
}

TEST_F(Software, an_SMMU_that_forces_stalls_is_refused) {
    host.set_reg(0x00, (host.reg(0x00) & ~(u64{3} << 24)) | u64{2} << 24);  // IDR0.STALL_MODEL
    EXPECT_THROW(build({dma()}), cannot_boot);
}

TEST_F(Software, names_that_are_not_there_are_refused_with_those_that_are) {
    build({dma()});
    EXPECT_THROW(sw->run_reset("R", 0, "ep7", {"flr"}), std::invalid_argument);
    EXPECT_THROW(sw->run_reset("R", 0, "ep0", {"frl"}), std::invalid_argument);
    EXPECT_THROW(sw->run_reset("R", 9, "ep0", {"flr"}), std::invalid_argument);
    EXPECT_THROW(sw->start_client("nobody"), std::invalid_argument);
    try {
        sw->run_reset("R", 0, "ep7", {"flr"});
    } catch (const std::invalid_argument& e) {
        EXPECT_NE(std::string(e.what()).find("ep0"), std::string::npos);
    }
    software_config c;
    c.clients = {sva()};
    EXPECT_THROW(software(k, c), std::invalid_argument);
}

TEST(RandomStream, clients_have_streams_of_their_own_that_repeat) {
    random_stream a(1, "x"), b(1, "x"), c(1, "y"), d(2, "x");
    const u64 first = a.next();
    EXPECT_EQ(first, b.next());
    EXPECT_NE(first, c.next());
    EXPECT_NE(first, d.next());
    std::array<unsigned, 10> hits{};
    for (int i = 0; i < 10000; ++i) ++hits.at(a.below(10));
    for (const unsigned n : hits) EXPECT_NEAR(n, 1000, 150);
}

}  // namespace
}  // namespace drydock::sw
