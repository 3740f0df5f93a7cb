// SPDX-License-Identifier: Apache-2.0
// The invalidation tracker and DPC containment in SystemVerilog, alone and beside their twins, in a
// whole machine.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

constexpr const char* machine =
    "machine:\n"
    "  smmu: {invalidate_timeout: 1ms}\n"
    "  cpus: 4\n"
    "  irq: {gerror: {cpu: 3}, dpc: {cpu: 3}}\n"
    "  ports:\n"
    "    rp0: {dpc: true, device: {name: ep0, like: generic_ats_endpoint}}\n"
    "    rp1: {device: {name: nic, like: myricom_10g}}\n"
    "clients:\n"
    "  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, dma: {burst: 4 x 256B, "
    "every: "
    "20us}, unmap: {every: 20us}}\n"
    "  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 50us, "
    "unmap: {every: 50us}}\n";

json play_with(const std::string& tracker, const std::string& dpc) {
    return play(std::string(machine) + "fidelity: {invalidation_tracker: " + tracker +
                    ", dpc: " + dpc + "}\n",
                "{when: 1ms, inject: {device: ep0, fault: dpc_trigger}}", "300ms");
}

/// What a user sees of a run.
json seen(const json& r) {
    return {r["outcome"],
            r["violations"],
            timeouts(r),
            count(r, "cerror_atc_inv_sync"),
            count(r, "dpc_interrupts"),
            count(r, "dpc_recovered"),
            r["clients"]["sva0"]["unmap"]["done"],
            r["clients"]["net"]["unmap"]["done"]};
}

TEST(Fidelity, rtl_and_lockstep_show_what_the_models_show) {
    const json tlm = play_with("tlm", "tlm");
    EXPECT_GE(timeouts(tlm), 1) << "containment swallows invalidates";
    EXPECT_EQ(count(tlm, "dpc_recovered"), 1);
    EXPECT_FALSE(tlm.contains("lockstep"));
    EXPECT_EQ(seen(play_with("rtl", "rtl")), seen(tlm));
    EXPECT_EQ(seen(play_with("lockstep", "lockstep")), seen(tlm));
}

TEST(Fidelity, lockstep_compares_every_block_and_finds_no_difference) {
    const json r = play_with("lockstep", "lockstep");
    ASSERT_EQ(r["lockstep"].size(), 2u);
    for (const json& block : r["lockstep"]) {
        EXPECT_GT(block["compared"], 1'000) << block;
        EXPECT_EQ(block["differences"], 0) << block;
        EXPECT_EQ(block["largest_ps"], 0) << block;
    }
}

}  // namespace
}  // namespace drydock::tests
