// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw::test {

/// The machine of Reset, whose SMMU waits in vain for the ATCs of some StreamIDs: their next SYNC
/// ends with CERROR_ATC_INV_SYNC. A and B each have a page mapped again and again.
struct Quarantine : Reset {
    std::set<u32> dead;
    hal::duration atc_timeout = 1ms;
    std::map<std::string, unsigned> atc_invs;  ///< "A", "B": sent after boot

    void start(std::string_view q, bool one_group = false, quarantine_switches s = {},
               std::string_view variant = "M2", arm_smmu_options o = {}) {
        start(reset_setup{.variant = variant,
                          .one_group = one_group,
                          .quarantine = q,
                          .switches = s,
                          .driver = o});
    }
    void start(const reset_setup& s) {
        build(s);
        host.on_command = [this, inner = host.on_command](const taken_command& c) {
            if (waiting_) return false;
            const auto sid = static_cast<u32>(c.words[0] >> 32);
            if (c.opcode() == CMDQ_OP_ATC_INV) {
                ++atc_invs[sid == 0x100 ? "A" : "B"];
                lost_ |= dead.count(sid) != 0;
            }
            if (c.opcode() != CMDQ_OP_CMD_SYNC || !lost_) return inner(c);
            lost_ = false;
            waiting_ = true;
            host.fake.at(k.now() + atc_timeout, [this] {
                waiting_ = false;
                host.raise_cerror(3);
            });
            return false;
        };
    }
    /// Resets protected by nobody, and an A that answers no more.
    void start_dead(std::string_view q, quarantine_switches s = {}) {
        start(q, false, s, "none");
        dead = {0x100};
    }
    void map(pci_dev& d) { map(d, *d.dev.group->domain); }
    void map(pci_dev& d, iommu_domain& domain) {
        EXPECT_EQ(core->iommu_map(domain, page, 0x4000'0000 + d.rid() * 0x1000ull, 4096,
                                  IOMMU_READ | IOMMU_WRITE),
                  0);
    }
    unmap_class unmap(pci_dev& d) {
        return core->iommu_unmap(*d.dev.group->domain, page, 4096, d.rid());
    }
    /// Maps and unmaps a page of d. @return how long the unmap took
    hal::duration unmap_one(pci_dev& d, unsigned cpu = 0) {
        hal::duration took{};
        in_task(
            [&] {
                map(d);
                const auto begun = k.now();
                unmap(d);
                took = k.now() - begun;
            },
            cpu);
        return took;
    }
    /// The same of A, and what is to be seen when the flush has just returned.
    void unmap_and(const std::function<void()>& look) {
        in_task([&] {
            map(*a);
            unmap(*a);
            look();
        });
    }
    /// The same beside others, on CPU 1. `returned` says when.
    void start_unmap() {
        k.run_task("U", 1, [this] {
            map(*a);
            unmap(*a);
            returned = true;
            broken_at_return = to_master(a->dev).ats_broken;
        });
    }
    bool returned = false, broken_at_return = false;
    void attach_elsewhere() {
        in_task([&] {
            EXPECT_EQ(core->iommu_attach_group(core->paging_domain_alloc("D2"), *a->dev.group), 0);
        });
    }
    void report() { core->iommu_report_device_broken(a->dev); }
    /// A report of A in the middle of a reset of it, which it survives.
    void report_during_reset() {
        start_reset(*a);
        k.run_task("report", 1, [&] {
            k.sleep(10ms);
            report();
        });
        run_for(1s);
        EXPECT_EQ(reset_result(*a), 0);
    }
    bool fenced(pci_dev& d) const {
        return to_master(d.dev).ats_broken && ste_word(d.rid()).find("eats") == std::string::npos;
    }
    bool blocked(pci_dev& d) { return core->dev_to_gdev(d.dev)->blocked; }
    unsigned flrs(pci_dev& d) { return host.functions[d.rid()]->flrs; }
    bool used_after_free() const {
        for (const auto& n : host.fake.of(hal::note::object))
            if (n.b == 1) return true;
        return false;
    }
    std::size_t reached(std::string_view point) const {
        const auto all = points();
        return static_cast<std::size_t>(std::count(all.begin(), all.end(), point));
    }
    /// Holds the named task at a point; k.release(name) lets it go.
    void hold_at(std::string task, std::string point, bool once = true) {
        host.fake.on_hold = [=, this](std::string_view t, std::string_view p, u16) {
            if (t.find(task) == std::string_view::npos || p != point) return false;
            if (once) host.fake.on_hold = nullptr;
            return true;
        };
    }
    void run_for(hal::duration d) { host.fake.run(k.now() + d); }

    static constexpr dma_addr_t page = 0x1000'0000;

private:
    bool lost_ = false, waiting_ = false;
};

/// The same, by variants.
struct quarantine_variants : Quarantine, ::testing::WithParamInterface<const char*> {
    std::string_view q() const { return GetParam(); }
};
struct EachQuarantine : quarantine_variants {};  // off, Q1 .. Q5
struct Lenient : quarantine_variants {};         // off, Q1: the flush returns without a fence
struct Fencing : quarantine_variants {};         // Q2 .. Q5
struct ByEats : quarantine_variants {};          // Q2 .. Q4
struct ByDevice : quarantine_variants {};        // Q3, Q4: reports are per device
struct TellingErrors : quarantine_variants {};   // Q3 .. Q5: a lost ATC_INV has its own error

inline const auto each_quarantine = ::testing::Values("off", "Q1", "Q2", "Q3", "Q4", "Q5");
inline const auto fencing = ::testing::Values("Q2", "Q3", "Q4", "Q5");
inline const auto by_eats = ::testing::Values("Q2", "Q3", "Q4");
inline const auto by_device = ::testing::Values("Q3", "Q4");

inline std::string variant_name(const ::testing::TestParamInfo<const char*>& i) { return i.param; }

}  // namespace drydock::sw::test
