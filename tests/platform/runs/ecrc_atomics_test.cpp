// SPDX-License-Identifier: Apache-2.0
// ECRC and AtomicOps as a scenario has them.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// a below a switch, b below a root port; a's digests can be corrupted.
std::string machine(const std::string& software, const std::string& client_keys,
                    const std::string& parameters = "") {
    return "machine:\n"
           "  irq: {aer: {cpu: 3}}\n"
           "  ports:\n"
           "    rp0: {switch: {acs: off, dsp0: {device: {name: a, like: myricom_10g}}}}\n"
           "    rp1: {device: {name: b, like: generic_ats_endpoint}}\n"
           "  parameters: {" +
           parameters +
           "}\n"
           "software: {pci: {" +
           software +
           "}}\n"
           "clients:\n"
           "  ca: {kind: dma_client, device: a, cpu: 0, buffer: 32KiB, burst: 4 x 64B, every: "
           "20us" +
           client_keys +
           "}\n"
           "  cb: {kind: dma_client, device: b, cpu: 1, buffer: 32KiB, burst: 4 x 64B, every: "
           "20us" +
           client_keys + "}\n";
}
json play(const std::string& what, const std::string& faults = "") {
    return tests::play(what, faults, "4ms");
}
std::int64_t dma(const json& r, const char* client, const char* what) {
    return r.at("clients").at(client).at("dma").at(what);
}

TEST(EcrcRun, P_091_with_ecrc_on_corrupted_writes_are_lost_logged_and_served) {
    const std::string writes = ", mix: {write: 100%}";
    const std::string fault = "{when: 2ms, inject: {device: a, fault: corrupt_digests, count: 3}}";
    const json on = play(machine("ecrc: on", writes), fault);
    EXPECT_GE(counter(on, "sw.aer_nonfatal"), 1);
    EXPECT_EQ(counter(on, "sw.aer_fatal"), 0);
    EXPECT_EQ(dma(on, "cb", "errors"), 0) << "an innocent device";
    EXPECT_EQ(dma(on, "cb", "no_access"), 0);
    const json off = play(machine("", writes), fault);
    EXPECT_EQ(counter(off, "sw.aer_nonfatal"), 0) << "as Linux leaves it: no digest, no error";
    EXPECT_EQ(counter(off, "sw.aer_correctable"), 0);
}

TEST(EcrcRun, P_091_a_digest_costs_four_bytes_of_each_tlp_and_no_more) {
    const json on = play(machine("ecrc: on", ""));
    const json off = play(machine("ecrc: off", ""));
    for (const char* client : {"ca", "cb"}) {
        EXPECT_EQ(dma(on, client, "done"), dma(off, client, "done"));
        EXPECT_EQ(dma(on, client, "errors"), 0);
        EXPECT_EQ(dma(on, client, "no_access"), 0);
    }
    EXPECT_GT(dma(on, "ca", "longest_ps"), dma(off, "ca", "longest_ps"));
}

TEST(AtomicsRun, P_001_atomics_of_devices_are_done_at_the_root_complex) {
    for (const char* op :
         {"", ", atomic: {op: swap, bytes: 4B}", ", atomic: {op: cas, bytes: 16B}"}) {
        SCOPED_TRACE(op);
        const json r = play(machine("", std::string(", mix: {atomic: 100%}") + op));
        EXPECT_GE(counter(r, "rc.atomic_ops"), 700);
        EXPECT_EQ(dma(r, "cb", "errors"), 0) << "translated by the ATC";
        EXPECT_EQ(dma(r, "cb", "no_access"), 0);
        EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
    }
}

TEST(AtomicsRun, P_001_mixed_with_reads_and_writes) {
    const json r = play(machine("", ", mix: {read: 40%, write: 40%, atomic: 20%}"));
    EXPECT_GE(counter(r, "rc.atomic_ops"), 100);
    EXPECT_LE(counter(r, "rc.atomic_ops"), 600);
    EXPECT_EQ(dma(r, "cb", "errors"), 0);
}

TEST(AtomicsRun, P_091_where_the_way_has_no_atomics_software_enables_none) {
    const json r = play(machine("", ", mix: {atomic: 100%}", "rc.rp1.atomics: false"));
    EXPECT_GE(dma(r, "cb", "done"), 100);
    EXPECT_EQ(dma(r, "cb", "errors"), 4 * dma(r, "cb", "done"));
    EXPECT_EQ(counter(r, "rc.atomic_ops"), 0);
    EXPECT_EQ(counter(r, "sw.aer_nonfatal"), 0) << "none was sent";
}

}  // namespace
}  // namespace drydock::tests
