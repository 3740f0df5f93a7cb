// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel_calls.h"

#include <array>
#include <stdexcept>
#include <string>

#include "sw/software.h"

namespace drydock::sw {

namespace {

struct entry {
    named_thing thing;
    int (*call)(software&, pci_dev&);
};

constexpr auto table = std::to_array<entry>({
    {{"pci_dev_reset_iommu_prepare", "as before a reset, without one"},
     [](software& s, pci_dev& d) { return s.core().prepare(d); }},
    {{"pci_dev_reset_iommu_done", "as after a reset, also where nobody has prepared"},
     [](software& s, pci_dev& d) {
         s.core().done(d);
         return 0;
     }},
    {{"reset_method_store", "sysfs asks each reset method whether the device could use it"},
     [](software& s, pci_dev& d) { return reset_method_store(d, {}, s.core(), s.reset_config()); }},
    {{"iommu_report_device_broken", "as the IOMMU driver does when a device has not answered"},
     [](software& s, pci_dev& d) {
         s.core().iommu_report_device_broken(d.dev);
         return 0;
     }},
});

}  // namespace

std::span<const named_thing> kernel_calls() {
    static constexpr auto names = things_of(table);
    return names;
}

int call_kernel(std::string_view function, software& s, pci_dev& d) {
    for (const entry& e : table)
        if (e.thing.name == function) return e.call(s, d);
    throw std::invalid_argument("no function '" + std::string(function) + "' to call");
}

}  // namespace drydock::sw
