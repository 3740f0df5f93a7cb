// SPDX-License-Identifier: Apache-2.0
// Functions beside function 0: enumeration by number and by ARI, virtual functions.
#include "sw/pci/iov.h"

#include "tests/sw/pci/pci_fixture.h"

namespace drydock::sw {
namespace {

using test::make_endpoint;
using test::make_root_port;
using test::model_host;

constexpr unsigned ari_at = 0x400, sriov_at = 0x440;

void allow(test::model_function& f, unsigned at, u32 mask, unsigned size) {
    std::memcpy(&f.writable[at], &mask, size);
}

void multi_function(test::model_function& f) { f.put(PCI_HEADER_TYPE, 0x80, 1); }

/// Behind the PASID capability, the last of the model's chain.
void add_capability(test::model_function& f, unsigned at, unsigned id) {
    unsigned last = 0x100;
    while (const unsigned next = PCI_EXT_CAP_NEXT(f.get(last, 4))) last = next;
    f.put(last, f.get(last, 4) | at << 20, 4);
    f.put(at, id | 1 << 16, 4);
}

void add_ari(test::model_function& f, unsigned next) {
    add_capability(f, ari_at, PCI_EXT_CAP_ID_ARI);
    f.put(ari_at + PCI_ARI_CAP, next << 8, 2);
}

void add_sriov(test::model_function& f, u16 total, u16 offset, u16 stride) {
    add_capability(f, sriov_at, PCI_EXT_CAP_ID_SRIOV);
    f.put(sriov_at + PCI_SRIOV_TOTAL_VF, total, 2);
    f.put(sriov_at + PCI_SRIOV_VF_OFFSET, offset, 2);
    f.put(sriov_at + PCI_SRIOV_VF_STRIDE, stride, 2);
    f.put(sriov_at + PCI_SRIOV_VF_DID, 0x7777, 2);
    f.put(sriov_at + PCI_SRIOV_SUP_PGSIZE, 0x553, 4);
    f.put(sriov_at + PCI_SRIOV_BAR, 0xc, 4);
    allow(f, sriov_at + PCI_SRIOV_CTRL, 0x19, 2);
    allow(f, sriov_at + PCI_SRIOV_NUM_VF, 0xffff, 2);
    allow(f, sriov_at + PCI_SRIOV_SYS_PGSIZE, 0x553, 4);
    allow(f, sriov_at + PCI_SRIOV_BAR, 0xffff'c000, 4);  // 16 KiB each
    allow(f, sriov_at + PCI_SRIOV_BAR + 4, ~0u, 4);
}

struct PciFunctions : test::Pci {
    void SetUp() override {
        host.functions[0x0008] = make_root_port();
        auto& port = *host.functions[0x0008];
        port.put(0x40 + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_EE_PREFIX | PCI_EXP_DEVCAP2_ARI, 4);
        host.functions[0x0010] = make_root_port();
        put(0x0100);
    }
    test::model_function& put(u16 rid) {
        host.functions[rid] = make_endpoint({});
        return *host.functions[rid];
    }
    void scan() {
        pci = std::make_unique<pci_host>(k,
                                         pci_host_config{.ecam = model_host::ecam,
                                                         .mem32 = {0x1000'0000, 0x3000'0000},
                                                         .mem64 = {0x80'0000'0000, u64{64} << 30}});
        in_task([this] { pci->scan(); });
    }
    /// VF Enable makes what the model has for virtual functions.
    void with_virtual_functions(u16 pf, std::vector<u16> rids, hal::duration ready = 0ms) {
        host.on_config_write = [this, pf, rids, ready](u16 rid, unsigned at, u32 value) {
            if (rid != pf || at != sriov_at + PCI_SRIOV_CTRL) return;
            for (const u16 vf : rids) {
                if (!(value & PCI_SRIOV_CTRL_VFE)) {
                    host.functions.erase(vf);
                    continue;
                }
                auto& f = put(vf);
                f.put(0, ~0u, 4);
                f.ready_at = k.now() + ready;
                enabled_at = k.now();
            }
        };
    }
    int enable(u16 pf, u16 n) {
        int rc = 1;
        in_task([&] {
            rc = pci_enable_sriov(*pci, *pci->find(pf), n);
            done_at = k.now();
        });
        return rc;
    }
    hal::time_point enabled_at{}, done_at{};
};

TEST_F(PciFunctions, functions_are_looked_for_only_behind_a_multi_function_bit) {
    put(0x0101);
    scan();
    EXPECT_EQ(pci->find(0x0101), nullptr);
    multi_function(*host.functions[0x0100]);
    put(0x0105);
    scan();
    EXPECT_NE(pci->find(0x0101), nullptr);
    EXPECT_NE(pci->find(0x0105), nullptr);
    EXPECT_EQ(pci->find(0x0105)->bridge, pci->find(0x0008));
}

TEST_F(PciFunctions, P_172_ARI_leads_to_functions_above_7_once_the_port_forwards_them) {
    multi_function(*host.functions[0x0100]);
    add_ari(*host.functions[0x0100], 9);
    add_ari(put(0x0109), 0xc8);
    add_ari(put(0x01c8), 0);
    put(0x0101);  // in no chain
    scan();
    EXPECT_NE(pci->find(0x0109), nullptr);
    EXPECT_NE(pci->find(0x01c8), nullptr);
    EXPECT_EQ(pci->find(0x0101), nullptr);
    EXPECT_TRUE(host.functions[0x0008]->get(0x40 + PCI_EXP_DEVCTL2, 2) & PCI_EXP_DEVCTL2_ARI);
    EXPECT_FALSE(host.functions[0x0010]->get(0x40 + PCI_EXP_DEVCTL2, 2) & PCI_EXP_DEVCTL2_ARI);
}

TEST_F(PciFunctions, without_ARI_at_the_port_functions_are_counted_up_to_7) {
    host.functions[0x0008]->put(0x40 + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_EE_PREFIX, 4);
    multi_function(*host.functions[0x0100]);
    add_ari(*host.functions[0x0100], 9);
    add_ari(put(0x0109), 0);
    put(0x0107);
    scan();
    EXPECT_EQ(pci->find(0x0109), nullptr);
    EXPECT_NE(pci->find(0x0107), nullptr);
}

TEST_F(PciFunctions, P_177_buses_of_virtual_functions_are_kept_free) {
    add_sriov(*host.functions[0x0100], 8, 0x80, 0x40);  // up to 0x0100 + 0x240
    put(0x0400);
    scan();
    EXPECT_EQ(pci->find(0x0008)->subordinate, 3);
    EXPECT_EQ(pci->find(0x0010)->secondary, 4);
    EXPECT_NE(pci->find(0x0400), nullptr);
}

TEST_F(PciFunctions, P_177_enabling_waits_100_ms_and_adds_a_device_for_each) {
    add_sriov(*host.functions[0x0100], 4, 0xff, 2);
    scan();
    with_virtual_functions(0x0100, {0x01ff, 0x0201, 0x0203});
    ASSERT_EQ(enable(0x0100, 3), 0);
    EXPECT_GE(done_at - enabled_at, 100ms);
    const auto& pf = *host.functions[0x0100];
    EXPECT_EQ(pf.get(sriov_at + PCI_SRIOV_NUM_VF, 2), 3u);
    EXPECT_EQ(pf.get(sriov_at + PCI_SRIOV_CTRL, 2), 9u);
    const u64 first = u64{pf.get(sriov_at + PCI_SRIOV_BAR + 4, 4)} << 32 |
                      (pf.get(sriov_at + PCI_SRIOV_BAR, 4) & ~0xfu);
    unsigned n = 0;
    for (const u16 rid : {0x01ff, 0x0201, 0x0203}) {
        const pci_dev* vf = pci->find(rid);
        ASSERT_NE(vf, nullptr) << rid;
        EXPECT_TRUE(vf->is_virtfn);
        EXPECT_EQ(vf->physfn, pci->find(0x0100));
        EXPECT_EQ(vf->device_id, 0x7777);
        EXPECT_EQ(vf->resource[0].start, first + n++ * 0x4000);
        EXPECT_NE(vf->ats_cap, 0);
    }
}

TEST_F(PciFunctions, a_virtual_function_that_is_not_ready_is_waited_for) {
    add_sriov(*host.functions[0x0100], 1, 1, 1);
    scan();
    with_virtual_functions(0x0100, {0x0101}, 150ms);
    pci->find(0x0008)->config_rrs_sv = true;
    ASSERT_EQ(enable(0x0100, 1), 0);
    EXPECT_GE(done_at - enabled_at, 150ms);
}

TEST_F(PciFunctions, virtual_functions_that_cannot_be_are_refused) {
    add_sriov(*host.functions[0x0100], 2, 1, 1);
    put(0x0200);
    scan();
    EXPECT_EQ(enable(0x0200, 1), -ENODEV);
    EXPECT_EQ(enable(0x0100, 3), -ERANGE);
    EXPECT_EQ(enable(0x0100, 0), -ERANGE);
    EXPECT_EQ(enable(0x0100, 2), -EIO) << "nobody answers";
    EXPECT_EQ(enable(0x0100, 2), -EBUSY);
}

TEST_F(PciFunctions, ATS_of_a_virtual_function_needs_the_unit_of_its_PF) {
    add_sriov(*host.functions[0x0100], 1, 1, 1);
    scan();
    with_virtual_functions(0x0100, {0x0101});
    ASSERT_EQ(enable(0x0100, 1), 0);
    pci_dev &pf = *pci->find(0x0100), &vf = *pci->find(0x0101);
    in_task([&] {
        EXPECT_EQ(pci_enable_ats(vf, 12), -EINVAL);
        pci_prepare_ats(pf, 13);
        EXPECT_EQ(pci_enable_ats(vf, 12), -EINVAL);
        EXPECT_EQ(pci_enable_ats(vf, 13), 0);
    });
    EXPECT_EQ(host.functions[0x0100]->get(test::ep_ats + PCI_ATS_CTRL, 2), 1u);
    EXPECT_EQ(host.functions[0x0101]->get(test::ep_ats + PCI_ATS_CTRL, 2), 0x8000u);
}

TEST_F(PciFunctions, P_179_restoring_a_PF_brings_its_virtual_functions_back) {
    add_sriov(*host.functions[0x0100], 1, 1, 1);
    scan();
    with_virtual_functions(0x0100, {0x0101});
    ASSERT_EQ(enable(0x0100, 1), 0);
    pci_dev& pf = *pci->find(0x0100);
    auto& f = *host.functions[0x0100];
    const u32 bar = f.get(sriov_at + PCI_SRIOV_BAR, 4);
    in_task([&] {
        pci_save_state(pf);
        f.put(sriov_at + PCI_SRIOV_CTRL, 0, 2);
        f.put(sriov_at + PCI_SRIOV_NUM_VF, 0, 2);
        f.put(sriov_at + PCI_SRIOV_BAR, 0xc, 4);
        host.functions.erase(0x0101);
        pci_restore_state(pf);
    });
    EXPECT_EQ(f.get(sriov_at + PCI_SRIOV_NUM_VF, 2), 1u);
    EXPECT_EQ(f.get(sriov_at + PCI_SRIOV_CTRL, 2), 9u);
    EXPECT_EQ(f.get(sriov_at + PCI_SRIOV_BAR, 4) & ~0xfu, bar & ~0xfu);
    EXPECT_EQ(host.functions.count(0x0101), 1u);
}

}  // namespace
}  // namespace drydock::sw
