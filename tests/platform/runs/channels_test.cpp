// SPDX-License-Identifier: Apache-2.0
// Virtual channels in a whole machine: software enables them, invalidations complete in each.
#include "tests/platform/runs/whole_machine.h"
#include "tlm/base/context.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// What links carry, by direction and channel: credits used, and those that came back.
struct credit_watch final : base::observer {
    explicit credit_watch(base::context& c) : ctx(c) {}
    void on_event(const base::event& e) override {
        if (e.d == 0 || (e.what == base::kind::credit_returned && e.b == UINT32_MAX)) return;
        const std::string name = ctx.probe.name(e.where) + ":" + std::to_string(e.d);
        (e.what == base::kind::credit_consumed ? used : back)[name] += e.b;
    }
    base::context& ctx;
    std::map<std::string, std::uint64_t> used, back;
};

json simulate_watched(const scenario::run& r, const run_files& f, progress& p) {
    std::unique_ptr<credit_watch> watch;
    json result = simulate_with(r, f, p, [&](base::context& ctx) {
        watch = std::make_unique<credit_watch>(ctx);
        ctx.probe.subscribe(*watch, base::kind::credit_consumed);
        ctx.probe.subscribe(*watch, base::kind::credit_returned);
    });
    result["used"] = watch->used;
    return result;
}

constexpr const char* machine = R"(title: two channels
machine:
  ports:
    rp0:
      link: gen4 x8
      virtual_channels: {1: {tcs: [1, 7]}}
      device: {name: ep0, like: generic_ats_endpoint, overrides: {virtual_channels: 2}}
  parameters: {ep0.dma.traffic_classes: 2}
clients:
  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, dma: {burst: 16 x 256B, every: 10us}, unmap: {pages: 1, every: 5us, remap: new_page}}
)";

TEST(ChannelRun, P_053_every_invalidation_completes_once_in_each_channel) {
    const json r = run_text(std::string(machine) + "end: {when: 2ms}\n", simulate_watched);
    EXPECT_EQ(r.at("verdict"), "as_expected");
    EXPECT_TRUE(r.at("violations").empty());
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_GT(completed(r, "ep0"), 100);
    EXPECT_GE(r.at("used").at("rp0_link.up:1").get<std::int64_t>(), completed(r, "ep0"))
        << "a completion of TC1 for each";
}

constexpr const char* msi_device = R"(title: MSI alone
ids: {vendor: 0x1d1d, device: 0xa751, class: 0x088000}
bars:
  0: {size: 64KiB, bits: 64, prefetchable: true}
capabilities:
  - {at: 0x40, power: {no_soft_reset: true}}
  - {at: 0x50, msi: {vectors: 4, wide: true, maskable: true}}
  - {at: 0x70, express: {version: 2, port_type: endpoint, max_payload: 512, flr: true, extended_tag: true, link: gen4 x8}}
  - {at: 0x100, aer: {version: 2}}
)";

TEST(MsiRun, P_132_a_device_with_MSI_alone_works_and_works_again_after_an_FLR) {
    const scratch s;
    const std::string device = s.file("msi.yaml", msi_device);
    const json r = run_text(
        "title: MSI\nmachine:\n  ports:\n    rp0:\n      device: {name: d, like: \"" + device +
        "\", flr_time: 1ms}\n"
        "software: {pci: {flr_wait: 1ms}}\n"
        "clients:\n  a: {kind: dma_client, device: d, buffer: 64KiB, burst: 4 x 256B, every: "
        "10us}\n  b: {kind: dma_client, device: d, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: "
        "10us}\n"
        "timeline: [{when: 1ms, task: R, cpu: 3, reset: {device: d, method: flr}}]\n"
        "end: {when: R returned, plus: 1ms}\n");
    for (const char* client : {"a", "b"})
        EXPECT_GT(r.at("clients").at(client).at("dma").at("done").get<std::int64_t>(), 150)
            << client;
}

}  // namespace
}  // namespace drydock::tests
