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

}  // namespace
}  // namespace drydock::tests
