// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "sw/iommu/iommu.h"
#include "tests/sw/kernel/fake_host.h"

namespace drydock::sw {
namespace {

using log_lines = std::vector<std::string>;

/// A driver that only writes down what it is told, and fails where a test says so.
struct fake_driver final : iommu_ops {
    struct fake_domain final : iommu_domain {
        fake_domain(fake_driver& d, iommu_domain_type t, u32 number, std::string n)
            : iommu_domain(t, number, std::move(n)), driver(d) {}
        int attach_dev(device& dev, iommu_domain* old) override {
            return driver.told(dev, name, old);
        }
        int set_dev_pasid(device& dev, u32 pasid, iommu_domain* old) override {
            return driver.told(dev, name + ":" + std::to_string(pasid), old);
        }
        fake_driver& driver;
    };
    std::unique_ptr<iommu_domain> make(iommu_domain_type t, u32 id, std::string n) {
        return std::make_unique<fake_domain>(*this, t, id, std::move(n));
    }
    iommu_domain& identity_domain() override { return identity; }
    iommu_domain* blocked_domain() override { return has_blocked ? &blocked : nullptr; }
    std::unique_ptr<iommu_domain> domain_alloc_paging(u32 id, std::string n) override {
        return make(iommu_domain_type::paging, id, std::move(n));
    }
    std::unique_ptr<iommu_domain> domain_alloc_sva(u32 id, std::string n) override {
        return make(iommu_domain_type::sva, id, std::move(n));
    }
    int probe_device(device& d) override {
        d.iommu->max_pasids = 16;
        return 0;
    }
    int told(device& dev, const std::string& what, iommu_domain* old) {
        const std::string line = dev.name + " " + what;
        log.push_back(line + (old ? " from " + old->name : ""));
        if (on_call) on_call(dev);
        const auto at = fails.find(line);
        if (at == fails.end()) return 0;
        const int rc = at->second;
        fails.erase(at);
        return rc;
    }

    fake_domain identity{*this, iommu_domain_type::identity, 1, "identity"};
    fake_domain blocked{*this, iommu_domain_type::blocked, 2, "blocked"};
    bool has_blocked = true;
    log_lines log;
    std::map<std::string, int> fails;  ///< "device domain": error, once
    std::function<void(device&)> on_call;
};

struct Attach : testing::Test {
    test::fake_host host;
    kernel k{host.doors(), 2};
    fake_driver driver;
    iommu_core core{k, driver, make_reset_variant("M2")};
    std::vector<std::unique_ptr<pci_dev>> devices;

    pci_dev& add(std::string name, const std::string& group = "G", int want = 0) {
        devices.push_back(std::make_unique<pci_dev>(
            k, 0x40'1000'0000, static_cast<u8>(devices.size() + 1), 0, std::move(name)));
        pci_dev& d = *devices.back();
        d.ats_cap = 0x220;
        d.dev.iommu = std::make_unique<dev_iommu>();
        d.dev.iommu->ids = {d.rid()};
        in_task([&] { EXPECT_EQ(core.iommu_probe_device(d.dev, group, false), want); });
        return d;
    }
    void in_task(const std::function<void()>& f) {
        bool done = false;
        k.run_task("t", 0, [&] {
            f();
            done = true;
        });
        host.run(k.now() + 1s);
        ASSERT_TRUE(done);
    }
    log_lines calls_of(const std::function<void()>& f) {
        driver.log.clear();
        in_task(f);
        return driver.log;
    }
    std::size_t warnings() const { return host.of(hal::note::warn).size(); }
};

TEST_F(Attach, LinuxFlow_1_M2_prepare_switches_the_rid_then_removes_the_pasids_and_done_reverses) {
    pci_dev& a = add("A");
    iommu_domain &s1 = core.sva_domain_alloc("S1"), &s2 = core.sva_domain_alloc("S2");
    in_task([&] {
        core.iommu_attach_device_pasid(s1, a.dev, 3);
        core.iommu_attach_device_pasid(s2, a.dev, 5);
    });
    log_lines asked;
    driver.on_call = [&](device& d) {
        asked.push_back(core.iommu_driver_get_domain_for_dev(d)->name);
    };
    EXPECT_EQ(
        calls_of([&] { EXPECT_EQ(core.prepare(a), 0); }),
        (log_lines{"A blocked from default(G)", "A blocked:3 from S1", "A blocked:5 from S2"}));
    EXPECT_EQ(
        calls_of([&] { core.done(a); }),
        (log_lines{"A default(G) from blocked", "A S1:3 from blocked", "A S2:5 from blocked"}));
    // `blocked` is set and cleared right at the switch of the RID, in both directions.
    EXPECT_EQ(asked, (log_lines{"default(G)", "blocked", "blocked",  //
                                "blocked", "default(G)", "default(G)"}));
    EXPECT_EQ(warnings(), 0u);
}

TEST_F(Attach, LinuxFlow_1_M2_a_prepare_that_fails_leaves_nothing_behind) {
    pci_dev& a = add("A");
    driver.fails["A blocked"] = -ENOMEM;
    in_task([&] { EXPECT_EQ(core.prepare(a), -ENOMEM); });
    const group_device& gdev = *core.dev_to_gdev(a.dev);
    EXPECT_EQ(gdev.reset_depth, 0u);
    EXPECT_FALSE(gdev.blocked);
    EXPECT_EQ(a.dev.group->recovery_cnt, 0u);
    EXPECT_FALSE(a.dev.group->lock.held());
    in_task([&] {
        EXPECT_EQ(core.iommu_attach_group(core.paging_domain_alloc("D2"), *a.dev.group), 0);
        EXPECT_EQ(core.prepare(a), 0);
        core.done(a);
    });
    EXPECT_EQ(warnings(), 0u);
}

TEST_F(Attach, H_25_M2_a_failed_reattach_warns_and_clears_the_flags_regardless) {
    pci_dev& a = add("A");
    in_task([&] { core.iommu_attach_device_pasid(core.sva_domain_alloc("S"), a.dev, 1); });
    in_task([&] { core.prepare(a); });
    driver.fails["A default(G)"] = -ENOMEM;
    driver.fails["A S:1"] = -ENOMEM;
    in_task([&] { core.done(a); });
    EXPECT_EQ(warnings(), 2u);
    EXPECT_FALSE(core.dev_to_gdev(a.dev)->blocked);
    EXPECT_EQ(a.dev.group->recovery_cnt, 0u);
    EXPECT_EQ(core.iommu_get_domain_for_dev(a.dev), a.dev.group->default_domain)
        << "software says translated, hardware is blocked";
}

TEST_F(Attach, LinuxFlow_1_a_driver_without_blocked_domain_gets_an_empty_paging_domain) {
    driver.has_blocked = false;
    pci_dev& a = add("A");
    EXPECT_EQ(calls_of([&] { EXPECT_EQ(core.prepare(a), 0); }),
              (log_lines{"A blocking(G) from default(G)"}));
    EXPECT_EQ(a.dev.group->blocking_domain->type, iommu_domain_type::paging);
    EXPECT_EQ(calls_of([&] { core.done(a); }), (log_lines{"A default(G) from blocking(G)"}));
}

TEST_F(Attach, H_03_require_direct_refuses_the_blocked_domain_outside_resets_only) {
    pci_dev& a = add("A");
    a.dev.iommu->require_direct = true;
    in_task([&] {
        EXPECT_EQ(core.iommu_attach_group(driver.blocked, *a.dev.group), -EINVAL);
        EXPECT_EQ(core.prepare(a), 0) << "the test was removed from prepare() (R3 and later)";
        core.done(a);
    });
    EXPECT_EQ(a.dev.group->domain, a.dev.group->default_domain);
}

TEST_F(Attach, a_group_attach_that_fails_at_one_member_puts_the_others_back) {
    pci_dev& a = add("A");
    add("B");
    iommu_domain& d2 = core.paging_domain_alloc("D2");
    driver.fails["B D2"] = -EINVAL;
    EXPECT_EQ(calls_of([&] { EXPECT_EQ(core.iommu_attach_group(d2, *a.dev.group), -EINVAL); }),
              (log_lines{"A D2 from default(G)", "B D2 from default(G)", "A default(G) from D2"}));
    EXPECT_EQ(a.dev.group->domain, a.dev.group->default_domain);
    EXPECT_EQ(warnings(), 0u);
}

TEST_F(Attach, a_pasid_attach_that_fails_at_one_member_is_taken_back) {
    pci_dev& a = add("A");
    add("B");
    iommu_domain &s = core.sva_domain_alloc("S"), &s2 = core.sva_domain_alloc("S2");
    driver.fails["B S:1"] = -ENOMEM;
    EXPECT_EQ(calls_of([&] { EXPECT_EQ(core.iommu_attach_device_pasid(s, a.dev, 1), -ENOMEM); }),
              (log_lines{"A S:1", "B S:1", "A blocked:1 from S"}));
    in_task([&] { EXPECT_EQ(core.iommu_attach_device_pasid(s, a.dev, 1), 0); });
    driver.fails["B S2:1"] = -ENOMEM;
    EXPECT_EQ(calls_of([&] { EXPECT_EQ(core.iommu_replace_device_pasid(s2, a.dev, 1), -ENOMEM); }),
              (log_lines{"A S2:1 from S", "B S2:1 from S", "A S:1 from S2"}));
    EXPECT_EQ(a.dev.group->pasid_array.at(1), &s);
}

TEST_F(Attach, a_detach_that_fails_blocks_the_device_and_warns) {
    pci_dev& a = add("A");
    in_task([&] {
        core.__iommu_group_alloc_blocking_domain(*a.dev.group);
        core.iommu_attach_group(core.paging_domain_alloc("D2"), *a.dev.group);
    });
    driver.fails["A default(G)"] = -ENOMEM;
    EXPECT_EQ(calls_of([&] { core.iommu_detach_group(*a.dev.group); }),
              (log_lines{"A default(G) from D2", "A blocked from D2"}));
    EXPECT_EQ(a.dev.group->domain, a.dev.group->default_domain);
    EXPECT_EQ(warnings(), 1u);
}

TEST_F(Attach, a_device_that_cannot_be_attached_is_not_added) {
    add("A");
    driver.fails["B default(G)"] = -ENODEV;
    pci_dev& b = add("B", "G", -ENODEV);
    EXPECT_EQ(core.groups().front()->devices.size(), 1u);
    EXPECT_EQ(b.dev.group, nullptr);
}

TEST_F(Attach, LinuxFlow_1_pasid_calls_return_the_error_that_fits) {
    pci_dev& a = add("A");
    iommu_domain &s = core.sva_domain_alloc("S"), &t = core.sva_domain_alloc("T");
    in_task([&] {
        EXPECT_EQ(core.iommu_attach_device_pasid(s, a.dev, IOMMU_NO_PASID), -EINVAL);
        EXPECT_EQ(core.iommu_attach_device_pasid(s, a.dev, 16), -EINVAL);
        EXPECT_EQ(core.iommu_replace_device_pasid(s, a.dev, 1), -EINVAL) << "nothing to replace";
        EXPECT_EQ(core.iommu_attach_device_pasid(s, a.dev, 15), 0);
        EXPECT_EQ(core.iommu_attach_device_pasid(t, a.dev, 15), -EBUSY);
        core.iommu_detach_device_pasid(a.dev, 1);  // not there: nothing happens
        core.iommu_detach_device_pasid(a.dev, 15);
        EXPECT_EQ(core.iommu_attach_device_pasid(t, a.dev, 15), 0);
    });
    EXPECT_EQ(warnings(), 0u);
}

}  // namespace
}  // namespace drydock::sw
