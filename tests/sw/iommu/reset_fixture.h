// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <linux/pci_regs.h>

#include <algorithm>

#include "sw/arm_smmu_v3/domain.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/iommu/iommu.h"
#include "sw/iommu/reset/policies.h"
#include "sw/pci/ats.h"
#include "sw/pci/probe.h"
#include "tests/sw/model/model_host.h"

namespace drydock::sw::test {

/// What the two functions A (0x100) and B (0x200) are, and how the IOMMU gets them.
struct reset_setup {
    std::string_view variant = "M2";
    std::string_view policy = "disable_and_block_ats";
    bool one_group = false;
    bool identity = false;          ///< default domain
    bool attach_deferred = false;   ///< of A
    std::vector<u32> aliases = {};  ///< further StreamIDs of A
    endpoint_options a = {}, b = {};
    bool b_later = false;  ///< B joins no group yet
    iommu_core_config core = {};
    std::string_view quarantine = "off";
    quarantine_switches switches = {};
    arm_smmu_options driver = {};
    bool all_waiters_fail = false;
};

/// One or two endpoints behind root ports, SMMU, core; every configuration write to ATS, PASID and
/// DevCtl and every command goes into one trace.
struct Reset : ::testing::Test {
    model_host host;
    kernel k{host.doors(), 4};
    std::unique_ptr<arm_smmu_driver> driver;
    arm_smmu_device* smmu = nullptr;
    std::unique_ptr<quarantine_ops> quarantine;
    std::unique_ptr<iommu_core> core;
    std::unique_ptr<pci_host> pci;
    pci_dev *a = nullptr, *b = nullptr;
    std::vector<std::string> trace;
    int tasks = 0;
    std::map<u16, int> results;

    void build(std::string_view variant, bool one_group = false) {
        build(reset_setup{.variant = variant, .one_group = one_group});
    }
    void build(const reset_setup& s) {
        for (u16 p = 0; p < 2; ++p) {
            host.functions[static_cast<u16>((p + 1) << 3)] = make_root_port();
            host.functions[static_cast<u16>((p + 1) << 8)] = make_endpoint(p == 0 ? s.a : s.b);
        }
        arm_smmu_config c;
        c.base = model_host::smmu;
        c.gerror_cpu = 3;
        c.cmdq.all_waiters_fail = s.all_waiters_fail;
        driver = std::make_unique<arm_smmu_driver>(k);
        core = std::make_unique<iommu_core>(k, *driver, make_reset_policy(s.policy, s.variant),
                                            s.core);
        quarantine = make_quarantine(
            s.quarantine, {k, *core, *driver, s.switches,
                           [this](pci_dev& d) { return pci_reset_function(d, *core, {}); }});
        core->set_quarantine(quarantine.get());
        arm_smmu_options options = s.driver;
        options.async_invalidation |= policy_is_asynchronous(s.policy);
        driver->configure(options, quarantine.get());
        smmu = &driver->add(c);
        driver->set_driver_get_domain(
            [this](device& d) { return core->iommu_driver_get_domain_for_dev(d); });
        pci_host_config h{.ecam = model_host::ecam,
                          .mem32 = {0x1000'0000, 0x3000'0000},
                          .mem64 = {0x80'0000'0000, u64{64} << 30}};
        pci = std::make_unique<pci_host>(k, h);
        in_task([&] {
            smmu->reset();
            pci->scan();
            std::vector<u32> ids = s.aliases;
            ids.push_back(0x100);
            a = bind(0x100, s.one_group ? "G" : "A", s.identity, ids, s.attach_deferred);
            if (!s.b_later) b = bind(0x200, s.one_group ? "G" : "B", s.identity, {0x200}, false);
        });
        record();
    }
    pci_dev* bind(u16 rid, const std::string& group, bool identity, const std::vector<u32>& ids,
                  bool attach_deferred) {
        pci_dev* d = pci->find(rid);
        d->dev.iommu = std::make_unique<dev_iommu>();
        d->dev.iommu->ids = ids;
        d->dev.iommu->attach_deferred = attach_deferred;
        EXPECT_EQ(core->iommu_probe_device(d->dev, group, identity), 0);
        return d;
    }
    void record() {
        host.on_config_write = [this](u16 rid, unsigned at, u32 v) {
            const std::string who = rid == 0x100 ? "A" : "B";
            if (at == ep_ats + PCI_ATS_CTRL)
                trace.push_back(who + (v & 0x8000 ? " ATS on" : " ATS off"));
            if (at == ep_pcie + PCI_EXP_DEVCTL && (v & 0x8000)) trace.push_back(who + " FLR");
            if (at == ep_pasid + PCI_PASID_CTRL)
                trace.push_back(who + (v & 1 ? " PASID on" : " PASID off"));
        };
        host.on_command = [this](const taken_command& c) {
            const auto sid = c.words[0] >> 32;
            const std::string who = sid == 0x100 ? "A" : "B";
            const auto pasid = std::to_string(c.words[0] >> 12 & 0xfffff);
            if (c.opcode() == 0x40)
                trace.push_back(who + " ATC_INV " +
                                (c.words[0] >> 11 & 1 ? "pasid " + pasid : "rid") +
                                ((c.words[1] & 0x3f) == 52 ? " all" : ""));
            if (c.opcode() == 0x03)
                trace.push_back(who + " CFGI_STE " + ste_word(static_cast<u32>(sid)));
            if (c.opcode() == 0x05) trace.push_back(who + " CFGI_CD " + pasid);
            if (c.opcode() == 0x11) trace.push_back("TLBI_ASID");
            if (c.opcode() == 0x12) trace.push_back("TLBI");
            return true;
        };
    }
    std::string ste_word(u32 sid) const {
        const u64 w0 = host.word(smmu->strtab().ste(sid)),
                  w1 = host.word(smmu->strtab().ste(sid) + 8);
        if (!(w0 & 1)) return "invalid";
        if ((w0 >> 1 & 7) == 0) return "abort";
        if ((w0 >> 1 & 7) == 4) return "bypass";
        return std::string("cdtable s1dss") + std::to_string(w1 & 3) +
               (w1 >> 28 & 1 ? " eats" : "");
    }
    void in_task(std::function<void()> f, unsigned cpu = 0) {
        bool done = false;
        k.run_task("t" + std::to_string(++tasks), cpu, [&] {
            f();
            done = true;
        });
        host.fake.run(k.now() + 100s);
        ASSERT_TRUE(done);
    }
    std::vector<std::string> points() const {
        std::vector<std::string> out;
        for (const auto& n : host.fake.of(hal::note::point)) out.push_back(host.fake.text_of(n.a));
        return out;
    }
    std::size_t at(std::string_view what) const {
        return static_cast<std::size_t>(std::find(trace.begin(), trace.end(), what) -
                                        trace.begin());
    }
    /// Runs a reset of d beside others; its result, -1 while it runs.
    int reset_result(pci_dev& d) const {
        const auto at = results.find(d.rid());
        return at == results.end() ? -1 : at->second;
    }
    void start_reset(pci_dev& d, unsigned cpu = 3) {
        results[d.rid()] = -1;
        k.run_task("R" + std::to_string(d.rid()), cpu,
                   [this, &d] { results[d.rid()] = pci_reset_function(d, *core, {}); });
    }
    /// Resets d and runs f in the middle of it, 50 ms later.
    void during_reset(pci_dev& d, std::function<void()> f) {
        start_reset(d);
        bool done = false;
        k.run_task("T" + std::to_string(++tasks), 1, [&] {
            k.sleep(50ms);
            f();
            done = true;
        });
        host.fake.run(k.now() + 1s);
        ASSERT_TRUE(done);
    }
    iommu_domain& attach_pasid(pci_dev& d, u32 pasid) {
        iommu_domain& sva = core->sva_domain_alloc("sva");
        in_task([&] { EXPECT_EQ(core->iommu_attach_device_pasid(sva, d.dev, pasid), 0); });
        return sva;
    }
    /// Commands that f makes the driver send.
    std::vector<u8> commands_of(const std::function<void()>& f) {
        const std::size_t before = host.commands.size();
        f();
        auto all = host.opcodes();
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(before));
        return all;
    }
    std::vector<std::string> warnings() const {
        std::vector<std::string> out;
        for (const auto& n : host.fake.of(hal::note::warn)) out.push_back(host.fake.text_of(n.a));
        return out;
    }
    /// Uses of what is not there any more.
    std::vector<std::string> used_after_free() const {
        std::vector<std::string> out;
        for (const auto& n : host.fake.of(hal::note::object))
            if (n.b == 1) out.push_back(host.fake.text_of(n.a));
        return out;
    }
    void fail(std::string_view site, u16 device, int error) { k.make_fail(site, device, error, 1); }
    std::size_t sleeps_in_atomic() const {
        std::size_t n = 0;
        for (const auto& note : host.fake.of(hal::note::might_sleep)) n += note.c != 0;
        return n;
    }
    bool cd_valid(pci_dev& d, u32 pasid) {
        const phys_addr_t at = to_master(d.dev).cds->cd(pasid);
        return at != 0 && (host.word(at) >> 31 & 1);
    }
    u16 asid_of(pci_dev& d) {
        return static_cast<u16>(host.word(to_master(d.dev).cds->cd(0)) >> 48);
    }
    /// Maps a page of the domain and unmaps it: the commands that takes.
    std::vector<u8> unmap_commands(iommu_domain& d) {
        core->iommu_map(d, 0x9000, 0x4100'0000, 0x1000, IOMMU_READ);
        return commands_of([&] { core->iommu_unmap(d, 0x9000, 0x1000, 0x100); });
    }
    bool sends_atc_inv(iommu_domain& d) {
        const auto all = unmap_commands(d);
        return std::count(all.begin(), all.end(), CMDQ_OP_ATC_INV) != 0;
    }
    bool warned() const { return !host.fake.of(hal::note::warn).empty(); }
};

/// A machine to be made several times in one test, once for each variant.
struct ResetLab final : Reset {
    void TestBody() override {}
    explicit ResetLab(const reset_setup& s) { build(s); }
    explicit ResetLab(std::string_view variant, bool one_group = false) {
        build(variant, one_group);
    }
};

/// STE of a device in a paging domain, with ATS.
inline const std::string translated = "cdtable s1dss2 eats";

using variants = std::vector<std::string_view>;
/// All that there are but `none`, in the order of their table, from and to these names.
inline variants all_variants(std::string_view from = "R1", std::string_view to = "M3") {
    variants out;
    bool in = false;
    for (const reset_variant& v : reset_variants()) {
        in |= v.name == from;
        if (in) out.push_back(v.name);
        if (v.name == to) break;
    }
    return out;
}
inline bool is_one_of(std::string_view name, const variants& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace drydock::sw::test
