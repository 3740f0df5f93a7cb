// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "platform/scenario/build.h"

namespace drydock::scenario::build {
namespace {

/// Named by docs and hazards alike; the software reaches them by kernel::point().
constexpr std::array<std::pair<std::string_view, std::string_view>, 23> table{{
    {"p0", "prepare() before the group mutex"},
    {"p1", "prepare() holds the mutex, nothing changed yet"},
    {"p2", "RID attached to the blocking domain"},
    {"p3", "last PASID removed"},
    {"p4", "prepare() returned 0"},
    {"r0", "reset asserted"},
    {"r1", "the function answers configuration requests again"},
    {"d1", "done() holds the mutex"},
    {"d2", "RID attached again"},
    {"d3", "PASIDs set again"},
    {"d4", "done() returned"},
    {"s", "pci_restore_state() finished"},
    {"t0", "iommu_deferred_attach() has seen that the attach is still to come"},
    {"i1", "unmap: PTE cleared, TLBI and its SYNC done"},
    {"i2", "unmap: ATC_INV and its SYNC written"},
    {"i3", "unmap: an Invalidate Request of it is sent (hardware: nothing can be held here)"},
    {"i4", "CERROR_ATC_INV_SYNC and GERROR raised"},
    {"i5", "GERRORN acknowledge written"},
    {"i6", "flush returned, the page may be reused"},
    {"q0", "a device that does not answer is reported"},
    {"q1", "report: flag set, work queued"},
    {"q2", "worker passed the flag's test, mutex dropped"},
    {"q3", "worker's prepare() returned"},
}};

}  // namespace

const std::vector<std::string>& points() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> n;
        n.reserve(table.size());
        for (const auto& [name, meaning] : table) n.emplace_back(name);
        return n;
    }();
    return names;
}

std::string_view meaning_of_point(std::string_view point) {
    for (const auto& [name, meaning] : table)
        if (name == point) return meaning;
    return {};
}

bool of_hardware(std::string_view point) { return point == "i3"; }

const std::vector<standing_task>& standing_tasks() {
    static const std::vector<standing_task> all{
        {"I", "cpu", ".irq", "an interrupt handler, the GERROR interrupt among them"},
        {"W", "kworker/", "", "a worker of the work queue"},
        {"H", "irq/pciehp", "", "hot-plug events of a slot"},
        {"DPC", "irq/pcie-dpc", "", "recovery from Downstream Port Containment"},
        {"AER", "irq/aerdrv", "", "recovery from errors that AER reports"},
        {"EVTQ", "irq/arm-smmu-v3-evtq", "", "thread of the event queue"},
        {"PRIQ", "irq/arm-smmu-v3-priq", "", "thread of the PRI queue"},
    };
    return all;
}

}  // namespace drydock::scenario::build
