// SPDX-License-Identifier: Apache-2.0
// Verbs by which a hazard steers software and devices, seen by what comes of them.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// Two devices of one group, each below a root port of its own, and a page of a client on A.
std::string machine(const std::string& software = "reset: {variant: M2}") {
    return R"(machine:
  smmu: {invalidate_timeout: 200us}
  irq: {gerror: {cpu: 3}}
  ports:
    rp0: {device: {name: A, like: generic_ats_endpoint, flr_time: 1ms}}
    rp1: {device: {name: B, like: generic_ats_endpoint, flr_time: 1ms}}
software: {pci: {flr_wait: 1ms}, )" +
           software + R"(}
clients:
  P: {kind: dma_client, device: A, buffer: 16KiB}
)";
}
const std::string grouped =
    "reset: {variant: M2}, group: {G: [A, B]}, domain: {D1: {attach: G}, D2: {kind: paging}}";

json act(const std::string& software, const std::string& entries) {
    return play(machine(software), "{when: 1us, use: {client: P}}, " + entries, "20ms");
}
json act(const std::string& entries) { return act("reset: {variant: M2}", entries); }

int result(const json& r, const char* task) { return r.at("tasks").at(task).at("result"); }
std::int64_t fired(const json& r, const char* monitor, const char* device) {
    return expect::fired(r, monitor, device);
}
std::int64_t issued(const json& r, const char* device) {
    return r.at("devices").at(device).at("invalidations").at("issued");
}

TEST(HazardVerbs, an_unmap_takes_a_page_from_the_device_that_has_cached_it) {
    const json r =
        act("{when: 1ms, task: U, unmap: {client: P}}, "
            "{when: 2ms, task: V, unmap: {client: P}}, "
            "{when: 3ms, use: {client: P}}");
    EXPECT_EQ(result(r, "U"), 2) << "class atc";
    EXPECT_EQ(result(r, "V"), -ENOENT);
    EXPECT_EQ(fired(r, "stale_access", "A"), 0);
}

TEST(HazardVerbs, a_device_uses_what_its_ATC_has_kept) {
    const std::string entries =
        "{when: 1ms, inject: {device: A, fault: swallow_invalidates}}, "
        "{when: 1ms, task: U, unmap: {client: P}}, ";
    EXPECT_EQ(fired(act(entries + "{when: 5ms, use: {client: P}}"), "stale_access", "A"), 1);
    EXPECT_EQ(fired(act(entries + "{when: 5ms, use: {client: P, op: read, count: 4}}"),
                    "stale_access", "A"),
              4);
    EXPECT_EQ(fired(act(entries + "{when: 5ms, use: {client: P, page: 1}}"), "stale_access", "A"),
              0)
        << "another page is still mapped";
    EXPECT_EQ(fired(act(entries + "{when: 5ms, use: {client: P, device: B}}"), "stale_access", ""),
              0)
        << "B has no translation of it and gets none";
}

TEST(HazardVerbs, what_a_reset_or_a_closed_bus_master_forbids_a_device_does_not_do) {
    // Reset by its FLR the function does nothing, and remembers nothing of it.
    const json r = act("reset: {variant: none}",
                       "{when: 1ms, task: R, reset: {device: A, method: flr}}, "
                       "{when: R at r0, task: U, cpu: 1, unmap: {client: P}}, "
                       "{when: R at r0, use: {client: P}}");
    EXPECT_EQ(result(r, "U"), 2);
    EXPECT_GT(fired(r, "invalidate_in_reset", "A"), 0);
    EXPECT_EQ(fired(r, "stale_access", ""), 0);
    EXPECT_EQ(fired(r, "blocked_dma", ""), 0);
}

TEST(HazardVerbs, devices_of_a_group_are_invalidated_together) {
    const std::string unmap = "{when: 1ms, task: U, unmap: {client: P}}",
                      nothing = "{when: 1ms, use: {client: P}}";
    const auto more = [&](const std::string& software, const char* device) {
        return issued(act(software, unmap), device) - issued(act(software, nothing), device);
    };
    EXPECT_EQ(more("reset: {variant: M2}", "A"), 1);
    EXPECT_EQ(more("reset: {variant: M2}", "B"), 0);
    EXPECT_EQ(more(grouped, "A"), 1);
    EXPECT_EQ(more(grouped, "B"), 1);
}

TEST(HazardVerbs, a_domain_by_its_name_is_attached_to_the_whole_group) {
    const json r = act(grouped,
                       "{when: 1ms, task: T, attach: {device: B, domain: D2}}, "
                       "{when: 2ms, task: U, unmap: {client: P}}, "
                       "{when: 3ms, task: F, free: {domain: D1}}, "
                       "{when: 4ms, task: F2, free: {domain: D1}}");
    EXPECT_EQ(result(r, "T"), 0);
    EXPECT_EQ(result(r, "U"), 0) << "D1 has no device left: nothing is invalidated";
    EXPECT_EQ(result(r, "F"), 0);
    EXPECT_EQ(result(r, "F2"), -ENOENT);
}

TEST(HazardVerbs, a_done_that_nobody_prepared_warns) {
    const json r =
        act("{when: 1ms, task: T, call: {device: A, function: pci_dev_reset_iommu_done}}");
    EXPECT_EQ(fired(r, "warn", "A"), 1);
    const json both =
        act("{when: 1ms, task: T, call: {device: A, function: "
            "pci_dev_reset_iommu_prepare}}, {when: T returned, task: V, call: "
            "{device: A, function: pci_dev_reset_iommu_done}}");
    EXPECT_EQ(result(both, "T"), 0);
    EXPECT_EQ(fired(both, "warn", ""), 0);
}

TEST(HazardVerbs, a_device_is_removed_and_found_again_with_its_client) {
    const json r =
        act("{when: 1ms, task: H, remove: {device: A}}, "
            "{when: H returned, task: H2, remove: {device: A}}, "
            "{when: H2 returned, task: U, unmap: {client: P}}, "
            "{when: U returned, task: H3, add: {device: A}}, "
            "{when: H3 returned, use: {client: P}}, "
            "{when: H3 returned, task: H4, add: {device: A}}, "
            "{when: 10ms, task: V, unmap: {client: P}}");
    EXPECT_EQ(result(r, "H"), 0);
    EXPECT_EQ(result(r, "H2"), -ENODEV);
    EXPECT_EQ(result(r, "U"), -ENOENT) << "its buffer went with it";
    EXPECT_EQ(result(r, "H3"), 0);
    EXPECT_EQ(result(r, "H4"), -ENODEV);
    EXPECT_EQ(result(r, "V"), 2);
}

TEST(HazardVerbs, a_driver_lets_go_of_its_device_and_takes_it_again) {
    const json r =
        act("{when: 1ms, task: T, bind: {device: A}}, "
            "{when: 2ms, task: T2, unbind: {device: A}}, "
            "{when: 3ms, task: T3, unbind: {device: A}}, "
            "{when: 4ms, task: T4, bind: {device: A}}, "
            "{when: 5ms, task: U, unmap: {client: P}}");
    EXPECT_EQ(result(r, "T"), -EBUSY);
    EXPECT_EQ(result(r, "T2"), 0);
    EXPECT_EQ(result(r, "T3"), -ENODEV);
    EXPECT_EQ(result(r, "T4"), 0);
    EXPECT_EQ(result(r, "U"), 2);
}

TEST(HazardVerbs, a_first_mapping_meets_the_fence_of_a_reset) {
    const std::string deferred =
        "reset: {variant: M2}, devices: {B: {attach_deferred: true, driver: false}}";
    const json r = act(deferred,
                       "{when: 1ms, task: R, reset: {device: B, method: flr}}, "
                       "{when: R at p4, task: T, cpu: 1, map: {device: B}}, "
                       "{when: R returned, task: T2, map: {device: B}}");
    EXPECT_EQ(result(r, "R"), 0);
    EXPECT_EQ(result(r, "T"), -EBUSY);
    EXPECT_EQ(result(r, "T2"), 0);
}

TEST(HazardVerbs, a_site_fails_as_often_as_it_is_told_to) {
    const std::string reset =
        "{when: 2ms, task: R, reset: {device: A, method: flr}}, "
        "{when: R returned, task: R2, reset: {device: A, method: flr}}, ";
    const json r = act(reset + "{when: 1ms, fail: {site: attach_dev, device: A}}");
    EXPECT_EQ(result(r, "R"), -ENOMEM) << "prepare() cannot block it: no reset";
    EXPECT_EQ(result(r, "R2"), 0);
    const json other = act(reset + "{when: 1ms, fail: {site: attach_dev, device: B}}");
    EXPECT_EQ(result(other, "R"), 0);
    const json named =
        act(reset + "{when: 1ms, fail: {site: blocking_domain_alloc, error: EIO, count: 2}}");
    EXPECT_EQ(result(named, "R"), -EIO);
    EXPECT_EQ(result(named, "R2"), -EIO);
}

TEST(HazardVerbs, an_ATC_INV_can_be_met_in_the_batch_in_the_queue_and_in_flight) {
    std::int64_t last = 0;
    for (const char* place : {"batch", "queue", "flight"}) {
        const json r =
            act("{when: 1ms, task: U, unmap: {client: P}}, {when: U in " + std::string(place) +
                ", task: T, cpu: 1, attach: {device: A, domain: default}}");
        const std::int64_t at = r.at("tasks").at("T").at("started_ps");
        EXPECT_GT(at, last) << place;
        last = at;
    }
}

TEST(HazardVerbs, an_interrupt_handler_is_held_like_any_task) {
    const std::string entries =
        "{when: 1ms, inject: {device: A, fault: swallow_invalidates}}, "
        "{when: 2ms, task: U, unmap: {client: P}}";
    const json free = act(entries);
    const json held = act(entries + ", {when: I at i4, hold: I}, {when: 5ms, release: I}");
    const auto returned = [](const json& r) {
        return r.at("tasks").at("U").at("returned_ps").get<std::int64_t>();
    };
    EXPECT_LT(returned(free), 5'000'000'000);
    EXPECT_GT(returned(held), 5'000'000'000) << "nobody acknowledged the error until then";
}

TEST(HazardVerbs, the_nth_release_is_for_the_nth_hold_whichever_comes_first) {
    const std::string reset =
        "{when: 2ms, task: R, reset: {device: A, method: flr}}, "
        "{when: R at p4, hold: R}, ";
    const auto at = [](const json& r) {
        return r.at("tasks").at("R").at("returned_ps").get<std::int64_t>();
    };
    const std::int64_t early = at(act(reset + "{when: 1ms, release: R}"));
    EXPECT_GT(at(act(reset + "{when: 10ms, release: R}")), 10'000'000'000);
    EXPECT_LT(early, 5'000'000'000) << "it need not wait at all";
    const json twice = act(reset +
                           "{when: R at d1, hold: R}, {when: 1ms, release: R}, "
                           "{when: 10ms, release: R}");
    EXPECT_GT(at(twice), 10'000'000'000) << "the second hold has a release of its own";
}

TEST(HazardVerbs, a_point_is_counted_and_may_be_of_one_device) {
    const std::string resets =
        "{when: 1ms, task: R, reset: {device: A, method: flr}}, "
        "{when: R returned, task: R2, reset: {device: B, method: flr}}, ";
    const json second = act(resets +
                            "{when: W at p4, task: T, call: {device: A, function: "
                            "pci_dev_reset_iommu_prepare}}");
    EXPECT_FALSE(second.at("tasks").contains("T")) << "no worker prepares";
    const json b = act(resets +
                       "{when: R2 at p4 of A, task: T, attach: {device: A, domain: "
                       "default}}, {when: R2 at p4 of B, task: T2, attach: {device: A, "
                       "domain: default}}");
    EXPECT_FALSE(b.at("tasks").contains("T"));
    EXPECT_TRUE(b.at("tasks").contains("T2"));
}

}  // namespace
}  // namespace drydock::tests
