// SPDX-License-Identifier: Apache-2.0
// A hazard's file: orders, oracle, what its variants are expected to be, and what is refused.
#include "tests/platform/wrong_input.h"

namespace drydock::tests {
namespace {

/// A good hazard; `replace` changes one piece of its text, which must be there.
std::string hazard(const std::string& old_text = "", const std::string& new_text = "") {
    std::string s = R"(title: H-00
machine:
  smmus: {s0: {}, s1: {}}
  ports:
    rp0: {device: {name: A, like: generic_ats_endpoint}}
    rp1: {device: {name: B, like: generic_ats_endpoint}}
    rp2: {smmu: s1, device: {name: C, like: generic_ats_endpoint}}
    rp3: {device: {name: plain, like: myricom_10g}}
software:
  group: {G: [A, B]}
  domain: {D1: {attach: G}, D2: {kind: paging}}
  devices: {C: {attach_deferred: true, driver: false}}
  ops: {blocked_domain: static}
clients:
  P: {kind: dma_client, device: A, buffer: 16KiB}
matrix: {software.reset.variant: [none, M2], software.cerror_sync: [repeated, skipped]}
timeline:
  - {when: 1ms, use: {client: P, page: 3}}
  - {when: 2ms, task: RA, reset: {device: A, method: flr}}
  - {when: RA at p4 of A, hold: RA, optional: true}
  - {when: RA at r0, task: U, cpu: 1, unmap: {client: P, page: 0}}
  - {when: U in flight, fail: {site: attach_dev, error: EIO}}
orders:
  first: [{when: 3ms, release: RA}]
  second: [{when: 4ms, release: RA}, {when: 5ms, task: T, call: {device: A, function: pci_dev_reset_iommu_done}}]
end: {when: [RA returned, U returned], plus: 1ms}
oracle: {after: [RA at d4], device: A, fire: [stuck], silent: [{stale_access: B}], result: {RA: EBUSY}}
expect:
  hit: {M2: first, none+skipped: any}
  clean: {none: [first, second], M2+skipped: second}
sheet:
  clean: {M2: first}
explain: {M2: it is so}
)";
    if (old_text.empty()) return s;
    const auto at = s.find(old_text);
    EXPECT_NE(at, std::string::npos) << old_text;
    return s.replace(at, old_text.size(), new_text);
}

std::string expected_of(const scenario::loaded& l, const std::string& name) {
    for (const scenario::run& r : l.runs)
        if (r.name == name) return r.hazard->expected;
    return "no such run";
}

TEST(Hazard, each_order_is_a_run_with_its_own_entries) {
    const scratch s;
    const auto l = scenario::load(s.file("h.yaml", hazard()), {});
    ASSERT_EQ(l.runs.size(), 8u);
    EXPECT_EQ(l.runs[0].name, "none,repeated,first");
    EXPECT_EQ(l.runs[1].name, "none,repeated,second");
    EXPECT_EQ(l.runs[1].timeline.size(), l.runs[0].timeline.size() + 1);
    EXPECT_EQ(l.runs[1].hazard->order, "second");
    EXPECT_EQ(l.runs[1].hazard->variant, "none,repeated");
    EXPECT_NE(l.runs[1].command.find("-c order=second"), std::string::npos) << l.runs[1].command;
    scenario::overrides one;
    one.set = {"order=second", "software.cerror_sync=skipped"};
    EXPECT_EQ(scenario::load(s.file("h.yaml", hazard()), one).runs.size(), 2u);
}

TEST(Hazard, the_key_that_says_most_of_a_run_is_what_is_expected_of_it) {
    const scratch s;
    const auto l = scenario::load(s.file("h.yaml", hazard()), {});
    EXPECT_EQ(expected_of(l, "M2,repeated,first"), "hit");
    EXPECT_EQ(expected_of(l, "M2,repeated,second"), "") << "the file says nothing of it";
    EXPECT_EQ(expected_of(l, "M2,skipped,second"), "clean");
    EXPECT_EQ(expected_of(l, "none,repeated,second"), "clean");
    EXPECT_EQ(expected_of(l, "none,skipped,second"), "hit");
}

TEST(Hazard, a_source_that_says_otherwise_is_kept_with_the_reason) {
    const scratch s;
    const auto l = scenario::load(s.file("h.yaml", hazard()), {});
    EXPECT_EQ(l.runs[4].name, "M2,repeated,first");
    EXPECT_EQ(l.runs[4].hazard->sheet, "clean");
    EXPECT_EQ(l.runs[4].hazard->explain, "it is so");
    EXPECT_EQ(l.runs[5].hazard->sheet, "");
}

TEST(Hazard, the_pair_of_a_quarantine_is_the_reset_variant_that_came_with_it) {
    const scratch s;
    const auto l = scenario::load(
        s.file("h.yaml", hazard("software:\n", "software:\n  reset: {variant: published}\n")), [] {
            scenario::overrides o;
            o.set = {"software.cerror_sync=repeated", "order=second"};
            o.axes = {"software.reset.variant=published,none"};
            return o;
        }());
    EXPECT_EQ(l.runs[0].software.reset_variant, "M2") << "off: what is merged";
    EXPECT_EQ(l.runs[1].software.reset_variant, "none");
}

class WrongHazard : public WrongInput {};

TEST_P(WrongHazard, is_refused_at_its_place) {
    expect_refusal(hazard(GetParam().old_text, GetParam().new_text));
}

INSTANTIATE_TEST_SUITE_P(
    Software, WrongHazard,
    testing::Values(
        wrong{"G: [A, B]", "G: [A, D]", "10:18", "no device 'D'; expected one of A, B, C, plain"},
        wrong{"G: [A, B]", "G: [A, C]", "10:18", "behind different SMMUs"},
        wrong{"G: [A, B]", "G: [A], H: [B, A]", "10:26", "'A' is in group 'G' already"},
        wrong{"G: [A, B]", "A: [A, B]", "10:11", "has the name of a device"},
        wrong{"G: [A, B]", "G: []", "10:14", "the list is empty"},
        wrong{"attach: G", "attach: H", "11:25", "no device or group 'H'"},
        wrong{"D2: {kind", "blocked: {kind", "11:29", "'blocked' is a kind of domain"},
        wrong{"kind: paging", "kind: pages", "11:40", "expected one of paging, identity, sva"},
        wrong{"kind: paging", "kind: sva, attach: A", "11:40", "expected pasid: beside attach:"},
        wrong{"kind: paging", "pasid: 1", "11:41", "not attached at boot"},
        wrong{"kind: paging", "kind: identity, attach: A, pasid: 1", "11:40",
              "no place for an identity domain"},
        wrong{"kind: paging", "attach: plain, pasid: 1", "11:56", "no PASID capability"},
        wrong{"kind: paging", "attach: A", "11:42", "are attached at the same place"},
        wrong{"devices: {C", "devices: {D", "12:13", "no device 'D'"},
        wrong{"driver: false", "aliases: [C]", "12:50", "no alias of itself"},
        wrong{"devices: {C: {attach_deferred: true", "devices: {A: {identity: true", "12:41",
              "client 'P' needs a driver of 'A'"},
        wrong{"blocked_domain: static", "blocked_domain: off", "13:25",
              "expected one of static, none"},
        wrong{"  ops:", "  switches: [no_such]\n  ops:", "13:14", "no switch 'no_such'"}));

INSTANTIATE_TEST_SUITE_P(
    Timeline, WrongHazard,
    testing::Values(
        wrong{"page: 3", "page: 4", "18:40", "page: 4 is out of range; expected 0..3"},
        wrong{"use: {client: P, page: 3", "use: {client: Q, page: 3", "18:31", "no client 'Q'"},
        wrong{"page: 3", "count: 65", "18:41", "expected a whole number, 1..64"},
        wrong{"page: 3", "bytes: 8KiB", "18:41", "bytes: 8KiB is out of range; expected 1B..4KiB"},
        wrong{"page: 3", "op: execute", "18:38", "expected one of read, write"},
        wrong{"page: 3", "device: D", "18:42", "no device 'D'"},
        wrong{"use: {client", "task: X, use: {client", "18:23", "'task' beside 'use'"},
        wrong{"task: U, cpu: 1, unmap", "unmap", "21:5", "'task' is missing"},
        wrong{"RA at p4 of A", "RA at p4 of D", "20:12", "no device 'D'"},
        wrong{"RA at p4 of A", "\"RA at p4 #0\"", "20:12", "points count from #1"},
        wrong{"RA at p4 of A", "RA at i3", "20:28", "hardware passes i3"},
        wrong{"RA at p4 of A", "X at p4", "20:12", "no task 'X'; expected one of RA, U"},
        wrong{"optional: true", "optional: maybe", "20:47", "expected true or false"},
        wrong{"U in flight", "U in memory", "22:12", "expected one of batch, queue, flight"},
        wrong{"site: attach_dev", "site: attach", "22:38",
              "no site of failures 'attach'; expected one of attach_dev"},
        wrong{"error: EIO", "error: EMAD", "22:57", "expected a name such as ENOMEM"},
        wrong{"error: EIO", "device: D", "22:58", "no device 'D'"},
        wrong{"function: pci_dev_reset_iommu_done", "function: pci_dev_reset", "25:87",
              "no function to call 'pci_dev_reset'"},
        wrong{"fail: {site: attach_dev, error: EIO}", "task: F, free: {domain: D3}", "22:49",
              "no domain to free 'D3'; expected one of D1, D2"},
        wrong{"fail: {site: attach_dev, error: EIO}", "task: F, attach: {device: A, domain: D3}",
              "22:62", "no domain 'D3'"},
        wrong{"fail: {site: attach_dev, error: EIO}", "task: F, remove: {device: D}", "22:51",
              "no device 'D'"},
        wrong{"fail: {site: attach_dev, error: EIO}", "task: F, bind: {devise: A}", "22:41",
              "unknown key 'devise'"},
        wrong{"unmap: {client: P, page: 0", "unmap: {client: P, page: 2, pages: 3", "21:74",
              "pages: 3 is out of range; expected 1..2 (from page 2 on"},
        wrong{"unmap: {client: P, page: 0", "unmap: {client: P, pages: 0", "21:65",
              "expected a whole number, 1..65536"},
        wrong{"fail: {site: attach_dev, error: EIO}", "inject: {smmu: s2, fault: service_failure}",
              "22:40", "no SMMU 's2'; expected one of s0, s1"},
        wrong{"fail: {site: attach_dev, error: EIO}", "inject: {smmu: s0, fault: deaf}", "22:51",
              "expected fault: service_failure"},
        wrong{"fail: {site: attach_dev, error: EIO}", "inject: {smmu: s0}", "22:33",
              "expected fault: service_failure"},
        wrong{"fail: {site: attach_dev, error: EIO}", "inject: {device: A, fault: service_failure}",
              "22:52", "expected smmu: in place"},
        wrong{"fail: {site: attach_dev, error: EIO}",
              "inject: {smmu: s0, fault: service_failure, count: 2}", "22:68",
              "'count' beside smmu:"},
        wrong{"fail: {site: attach_dev, error: EIO}", "task: F, reset: {device: A, method: d3cold}",
              "22:50", "expected software.devices: power_off"}));

INSTANTIATE_TEST_SUITE_P(
    Drivers, WrongHazard,
    testing::Values(
        wrong{"driver: false", "frozen: maybe", "12:48", "expected one of need_reset, can_recover"},
        wrong{"driver: false", "remove: never", "12:48", "expected one of stops, waits_for"},
        wrong{"driver: false", "power_off: 101s", "12:51", "is out of range; expected 0s to 100s"},
        wrong{"kind: dma_client, device: A, buffer: 16KiB",
              "kind: vfio, device: plain, buffer: 16KiB, vm: {pasid: 1}", "15:61",
              "device 'plain' (myricom_10g) has no PASID capability"},
        wrong{"buffer: 16KiB", "buffer: 16KiB, vm: {pasid: 1}", "15:55", "expected kind: vfio"}));

INSTANTIATE_TEST_SUITE_P(
    Judgement, WrongHazard,
    testing::Values(
        wrong{"fire: [stuck]", "fire: [stack]", "27:47", "did you mean 'stuck'?"},
        wrong{"{stale_access: B}", "{stale_access: D}", "27:79", "no device 'D'"},
        wrong{"RA: EBUSY", "RA: BUSY", "27:97", "no error of the kernel"},
        wrong{"RA: EBUSY", "P: EBUSY", "27:93", "no task that returns 'P'"},
        wrong{"device: A, fire: [stuck], silent: [{stale_access: B}], result: {RA: EBUSY}",
              "device: A", "27:9", "nothing would be a hit"},
        wrong{"after: [RA at d4]", "after: [RB at d4]", "27:18", "no task 'RB'"},
        wrong{"hit: {M2: first", "hit: {M3: first", "29:9", "no variant 'M3'"},
        wrong{"hit: {M2: first", "hit: {M2: third", "29:13", "no order 'third'"},
        wrong{"hit: {M2: first", "hit: {M2: any, none: first", "30:11", "both hit and clean"},
        wrong{"  hit: {M2", "  red: {M2", "29:3", "expected hit: or clean:"},
        wrong{"explain: {M2", "explain: {none", "32:11", "expected explain: to say why"},
        wrong{"oracle: {after: [RA at d4], device: A, fire: [stuck], silent: [{stale_access: B}], "
              "result: {RA: EBUSY}}\n",
              "", "31:3", "'sheet' without oracle:"},
        wrong{"orders:\n", "order: third\norders:\n", "23:8", "no order 'third'"}));

}  // namespace
}  // namespace drydock::tests
