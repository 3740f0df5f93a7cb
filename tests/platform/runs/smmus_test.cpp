// SPDX-License-Identifier: Apache-2.0
// Whole machines with several SMMUs, StreamIDs by table, and named configurations.
#include <map>
#include <set>

#include "platform/configs/named.h"
#include "platform/machine/machine.h"
#include "platform/simulate.h"
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

std::string machine_with(const std::string& smmus, const std::string& rp1,
                         const std::string& software = "") {
    return "machine:\n" + smmus +
           "  cpus: 4\n  irq: {gerror: {cpu: 3}}\n  ports:\n"
           "    rp0: {device: {name: ep0, like: generic_ats_endpoint}}\n"
           "    rp1: {" +
           rp1 + "device: {name: ep1, like: generic_ats_endpoint}}\n" + software;
}
const std::string two_of_them =
    "  smmu: {invalidate_timeout: 200us}\n"
    "  smmus: {left: {}, right: {stream_ids: [{rid: 0, count: 0x10000, sid: 0x30000}]}}\n"
    "  parameters: {right.sidsize: 18}\n";
const std::string work =
    "clients:\n"
    "  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, dma: {burst: 4 x 256B, "
    "every: "
    "5us}, unmap: {every: 5us}}\n"
    "  sva1: {kind: sva, device: ep1, pasid: 1, cpu: 1, buffer: 64KiB, dma: {burst: 4 x 256B, "
    "every: "
    "5us}, unmap: {every: 5us}}\n"
    "end: {when: 3ms}\n";

/// StreamIDs of the ATC_INVs that each SMMU fetched, and the functions that took its ITags.
struct onlooker final : base::observer {
    explicit onlooker(base::context& c) : ctx(c) {
        ctx.probe.subscribe(*this, base::kind::command_fetched);
        ctx.probe.subscribe(*this, base::kind::itag_taken);
    }
    void on_event(const base::event& e) override {
        std::string where(ctx.probe.name(e.where));
        where.resize(std::min(where.size(), where.find('.')));  // of the SMMU
        if (e.what == base::kind::itag_taken)
            functions[where].insert(e.b);
        else if (e.a == 0x40)
            streams[where].insert(e.c >> 32);
        else if (e.a == 0x12)
            ++tlbis[where];
    }
    base::context& ctx;
    std::map<std::string, std::set<std::uint64_t>> streams, functions;
    std::map<std::string, unsigned> tlbis;
};

json with_onlooker(const scenario::run& r, const run_files& f, progress& p) {
    std::unique_ptr<onlooker> seen;
    json result = simulate_with(
        r, f, p, [&seen](base::context& ctx) { seen = std::make_unique<onlooker>(ctx); });
    result["streams"] = seen->streams;
    result["functions"] = seen->functions;
    return result;
}

TEST(SmmuRuns, two_SMMUs_work_side_by_side_with_StreamIDs_of_their_own) {
    const json r = run_text(machine_with(two_of_them, "smmu: right, ") + work, with_onlooker);
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    for (const char* client : {"sva0", "sva1"}) {
        EXPECT_GT(done(r, client), 300) << client;
        EXPECT_EQ(r.at("clients").at(client).at("dma").at("errors"), 0) << client;
    }
    EXPECT_EQ(r.at("streams").at("left"), json::array({0x100}));
    EXPECT_EQ(r.at("streams").at("right"), json::array({0x30200})) << "by the table";
    EXPECT_EQ(r.at("functions").at("right"), json::array({0x200})) << "and back";
    const json& c = r.at("counters");
    EXPECT_GT(c.at("left.walks"), 0);
    EXPECT_GT(c.at("right.walks"), 0);
    EXPECT_EQ(c.at("smmu.walks"), c.at("left.walks").get<int>() + c.at("right.walks").get<int>());
}

TEST(SmmuRuns, page_requests_and_their_answers_go_by_the_table) {
    const std::string faults =
        "clients:\n  sva1: {kind: sva, device: ep1, pasid: 1, cpu: 0, buffer: 1MiB, page_faults: "
        "true, resident: 25%, dma: {burst: 4 x 256B, every: 20us}, unmap: {pages: 1, every: 20us, "
        "remap: on_fault}}\nend: {when: 3ms}\n";
    const json r =
        run_text(machine_with(two_of_them, "smmu: right, ", "software: {pri: handle}\n") + faults);
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_GT(r.at("clients").at("sva1").at("page_faults").at("brought_in"), 50);
    EXPECT_EQ(r.at("counters").at("left.page_requests"), 0);
    EXPECT_GT(r.at("counters").at("right.page_requests"), 50);
    EXPECT_EQ(r.at("counters").at("smmu.prg_auto_failure"), 0);
    EXPECT_EQ(r.at("latency").at("page_request").at("censored"), 0);
}

TEST(SmmuRuns, a_lost_invalidation_stops_only_the_SMMU_that_waits_for_it) {
    const std::string lost =
        work +
        "timeline: [{when: 1ms, inject: {device: ep0, fault: lose_completions, count: 1}}]\n";
    const json r = run_text(machine_with(two_of_them, "smmu: right, ") + lost);
    EXPECT_EQ(timeouts(r), 1);
    EXPECT_EQ(r.at("counters").at("sw.left.cerror_atc_inv_sync"), 1);
    EXPECT_EQ(r.at("counters").at("sw.right.cerror_atc_inv_sync"), 0);
    EXPECT_LT(r.at("clients").at("sva1").at("unmap").at("longest_ps"), 20'000'000);
    const json one = run_text(machine_with("  smmu: {invalidate_timeout: 200us}\n", "") + lost);
    EXPECT_GT(one.at("clients").at("sva1").at("unmap").at("longest_ps"), 200'000'000);
}

/// Boots, then attaches both devices to one domain and takes a page out of it.
json one_domain_behind_both(const scenario::run& r, const run_files&, progress&) {
    if (sc_core::sc_get_time_resolution().to_seconds() != 1e-12)
        sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
    base::context ctx(r.seed);
    for (const auto& p : r.parameters) ctx.parameters.set(p.name, p.value, p.from);
    machine::machine m(ctx, r);
    m.run();
    onlooker seen(ctx);
    json result{{"outcome", "clean"}};
    m.kernel().run_task("test", 0, [&] {
        sw::iommu_core& core = m.sw().core();
        sw::iommu_domain& both = core.paging_domain_alloc("both");
        for (const sw::u16 rid : {sw::u16{0x100}, sw::u16{0x200}})
            result["attached"].push_back(
                core.iommu_attach_group(both, *m.sw().pci().find(rid)->dev.group));
        const sw::phys_addr_t page = m.kernel().alloc_pages(1, "test");
        core.iommu_map(both, 0x10000, page, 4096, sw::IOMMU_READ);
        seen.tlbis.clear();
        seen.streams.clear();
        result["class"] = static_cast<int>(core.iommu_unmap(both, 0x10000, 4096, 0x100));
        result["unmapped"] = true;
    });
    m.hw().kernel().run_alone(base::ps{10'000'000'000});
    m.hw().hal().rethrow();
    result["tlbis"] = seen.tlbis;
    result["streams"] = seen.streams;
    return result;
}

TEST(SmmuRuns, an_unmap_of_a_domain_behind_two_SMMUs_reaches_both) {
    const json r = run_text(machine_with(two_of_them, "smmu: right, ") + "end: {when: 1us}\n",
                            one_domain_behind_both);
    EXPECT_EQ(r.at("attached"), json::array({0, 0}));
    ASSERT_TRUE(r.value("unmapped", false));
    EXPECT_EQ(r.at("class"), 2) << "ATC_INV";
    EXPECT_EQ(r.at("tlbis"), (json{{"left", 1}, {"right", 1}}));
    EXPECT_EQ(r.at("streams"),
              (json{{"left", json::array({0x100})}, {"right", json::array({0x30200})}}));
}

TEST(SmmuRuns, a_StreamID_beyond_SIDSIZE_is_refused) {
    const scratch s;
    const auto l = scenario::load(
        s.file("s.yaml",
               machine_with("  smmu: {stream_ids: [{rid: 0, count: 0x10000, sid: 0x1}]}\n", "") +
                   "end: {when: 1us}\n"),
        {});
    const runner::job job{&l.runs.front(), {}};
    const auto outcome = runner::run_all({&job, 1}, 1, drydock::simulate, false, nullptr).front();
    EXPECT_EQ(outcome.is, runner::outcome::state::bad_input);
    EXPECT_NE(outcome.message.find("Requester ID 0xffff would be StreamID 0x10000; smmu has "
                                   "StreamIDs of 16 bits (smmu.sidsize)"),
              std::string::npos)
        << outcome.message;
}

struct NamedConfiguration : testing::TestWithParam<std::string> {};

TEST_P(NamedConfiguration, boots_and_serves_a_driver) {
    const json r = run_text(
        machine_with("  smmu: {like: " + GetParam() + "}\n", "") +
        "clients:\n  net: {kind: dma_client, device: ep0, cpu: 1, buffer: 64KiB, burst: 4 x 256B, "
        "every: 10us, unmap: {every: 10us}}\nend: {when: 2ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_GT(done(r, "net"), 150);
    EXPECT_EQ(r.at("clients").at("net").at("dma").at("errors"), 0);
    EXPECT_EQ(completed(r, "ep0") > 0, GetParam() == "server") << "ATS";
}

INSTANTIATE_TEST_SUITE_P(All, NamedConfiguration, testing::ValuesIn(configs::names()),
                         [](const auto& i) { return i.param; });

}  // namespace
}  // namespace drydock::tests
