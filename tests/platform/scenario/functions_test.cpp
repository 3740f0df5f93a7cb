// SPDX-License-Identifier: Apache-2.0
// Devices with several functions and with virtual functions, as a scenario writes them.
#include "platform/devices/description.h"
#include "platform/scenario/tree.h"
#include "tests/platform/support.h"
#include "tlm/pcie/config_space.h"

namespace drydock::tests {
namespace {

std::string with_device(const std::string& more, const std::string& rest = "") {
    return "machine:\n  ports:\n    rp0:\n      device:\n        name: ep0\n"
           "        like: generic_ats_endpoint\n" +
           more + "    rp1: {device: {name: nic, like: myricom_10g}}\n" + rest +
           "end: {when: 1ms}\n";
}

std::vector<scenario::leaf> leaves_of(const scenario::loaded& l) {
    return scenario::leaves(l.runs.front().machine);
}

scenario::loaded loaded(const std::string& more, const std::string& rest = "") {
    const scratch s;
    return scenario::load(s.file("s.yaml", with_device(more, rest)), {});
}

std::string refused(const std::string& more, const std::string& rest = "") {
    const scratch s;
    return refusal(s.file("s.yaml", with_device(more, rest)));
}

TEST(Functions, each_has_a_name_and_the_number_of_its_key) {
    const auto l = loaded("        functions: {f3: {name: x, atc: {entries: 64}}, f1: {}}\n");
    const auto all = leaves_of(l);
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0].device->name, "ep0");
    EXPECT_EQ(all[1].device->name, "ep0_f1");
    EXPECT_EQ(all[1].id.value, 0x0101);
    EXPECT_EQ(all[2].device->name, "x");
    EXPECT_EQ(all[2].id.value, 0x0103);
    EXPECT_EQ(all[2].device->atc.entries, 64u);
    EXPECT_EQ(all[1].device->atc.entries, 512u);
    EXPECT_EQ(all[2].whole->name, "ep0");
    EXPECT_EQ(all[3].id.value, 0x0200);
}

TEST(Functions, P_177_virtual_functions_follow_the_last_function_and_keep_their_buses) {
    const auto l = loaded(
        "        functions: {f2: {sriov: {vfs: 2, total_vfs: 300}}}\n"
        "        sriov: {vfs: 2}\n");
    const auto all = leaves_of(l);
    ASSERT_EQ(all.size(), 7u);
    EXPECT_EQ(all[1].device->name, "ep0_vf1");
    EXPECT_EQ(all[1].id.value, 0x0103);
    EXPECT_EQ(all[2].id.value, 0x0104);
    EXPECT_EQ(all[3].device->name, "ep0_f2");
    EXPECT_EQ(all[4].device->name, "ep0_f2_vf1");
    EXPECT_EQ(all[4].id.value, 0x0105);
    EXPECT_EQ(all[6].id.value, 0x0300) << "300 of them reach into bus 2";
    EXPECT_EQ(scenario::buses(l.runs.front().machine), 3u);
    EXPECT_TRUE(all[4].device->description->pri) << "the PF's";
    EXPECT_TRUE(all[4].device->description->flr);
    EXPECT_EQ(all[4].device->description->invalidate_queue_depth, 32u);
}

TEST(Functions, numbers_above_7_bring_the_ARI_capability) {
    const auto many = loaded("        functions: {f9: {}}\n");
    for (std::size_t i = 0; i < 2; ++i) {
        pcie::config_space space(leaves_of(many)[i].device->description->image);
        EXPECT_TRUE(space.ari().present());
    }
    const auto few = loaded("        functions: {f7: {}}\n");
    pcie::config_space space(leaves_of(few)[0].device->description->image);
    EXPECT_FALSE(space.ari().present());
}

TEST(Functions, VF_BARs_are_as_large_as_the_BARs_of_the_PF) {
    const auto l = loaded("        sriov: {vfs: 5, first_offset: 4, stride: 2, atc: shared}\n");
    const auto all = leaves_of(l);
    pcie::config_space space(all[0].device->description->image);
    EXPECT_EQ(space.sriov().total_vfs(), 5u);
    EXPECT_EQ(space.sriov().first_offset(), 4u);
    EXPECT_EQ(space.sriov().stride(), 2u);
    EXPECT_EQ(space.sriov().vf_bar_bytes(0), 64u * 1024);
    EXPECT_TRUE(all[0].device->share_atc);
    EXPECT_EQ(all[5].id.value, 0x0100 + 4 + 4 * 2);
}

TEST(Functions, clients_resets_and_faults_take_any_of_them) {
    EXPECT_EQ(refused("        functions: {f1: {sriov: {vfs: 2}}}\n",
                      "clients: {c: {kind: dma_client, device: ep0_f1_vf2, buffer: 64KiB, burst: 1 "
                      "x 64B, every: 10us}}\n"
                      "timeline:\n"
                      "  - {when: 1us, task: R, reset: {device: ep0_f1, method: flr}}\n"
                      "  - {when: 1us, inject: {device: ep0_f1_vf1, fault: silent_death}}\n"),
              "");
    EXPECT_NE(refused("        sriov: {vfs: 2}\n",
                      "clients: {c: {kind: dma_client, device: ep0_vf3, buffer: 64KiB, burst: 1 x "
                      "64B, every: 10us}}\n")
                  .find("no device 'ep0_vf3'; expected one of ep0, ep0_vf1, ep0_vf2, nic"),
              std::string::npos);
}

TEST(Functions, page_faults_are_of_virtual_functions_too) {
    EXPECT_EQ(refused("        sriov: {vfs: 2}\n",
                      "clients: {c: {kind: sva, device: ep0, pasid: 1, buffer: 64KiB, page_faults: "
                      "true, unmap: {every: 5us}}}\n"),
              "");
    EXPECT_EQ(refused("        sriov: {vfs: 2}\n",
                      "clients: {c: {kind: sva, device: ep0_vf1, pasid: 1, buffer: 64KiB, "
                      "page_faults: true, unmap: {every: 5us}}}\n"),
              "");
}

TEST(Functions, bad_ones_are_refused_with_place_and_cause) {
    EXPECT_NE(refused("        functions: {f0: {}}\n")
                  .find("'f0' is no name; expected a function number, f1..f255"),
              std::string::npos);
    EXPECT_NE(refused("        functions: {f256: {}}\n")
                  .find(":7:21: function 'f256' is out of range; expected f1..f255"),
              std::string::npos);
    EXPECT_NE(refused("        functions: {f1: {name: nic}}\n").find("a second device 'nic'"),
              std::string::npos);
    EXPECT_NE(refused("        functions: {f1: {name: ep0_vf1}}\n        sriov: {vfs: 1}\n")
                  .find("a second device 'ep0_vf1'"),
              std::string::npos);
    EXPECT_NE(refused("        sriov: {vfs: 0}\n")
                  .find(":7:22: vfs: '0' cannot be used; expected a whole number, 1..4096"),
              std::string::npos);
    EXPECT_NE(refused("        sriov: {vfs: 5, total_vfs: 4}\n")
                  .find("vfs: 5 is out of range; expected 1..4"),
              std::string::npos);
    EXPECT_NE(refused("        functions: {f2: {}}\n        sriov: {vfs: 3, first_offset: 1}\n")
                  .find("would have one Routing ID, function 2"),
              std::string::npos);
    EXPECT_NE(refused("        sriov: {vfs: 3, atc: none}\n").find("atc: 'none'"),
              std::string::npos);
    EXPECT_NE(refused("        sriov: {vfs: 4096, stride: 20}\n").find("the tree needs"),
              std::string::npos);
}

}  // namespace
}  // namespace drydock::tests
