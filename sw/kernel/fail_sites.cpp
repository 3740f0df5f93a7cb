// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/fail_sites.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "sw/kernel/kernel.h"

namespace drydock::sw {

namespace {

constexpr auto sites = std::to_array<named_thing>({
    {"attach_dev", "attach of a domain to a device's RID"},
    {"set_dev_pasid", "attach of a domain to a device's PASID"},
    {"blocking_domain_alloc", "a group's blocking domain is allocated"},
    {"default_domain_alloc", "a group's default domain is allocated"},
    {"gfp_atomic", "Q1: the item for a device that does not answer is allocated in the interrupt"},
});

}  // namespace

std::span<const named_thing> fail_sites() { return sites; }

void kernel::make_fail(std::string_view site, std::optional<u16> device, int error, u32 count) {
    const auto known = std::find_if(sites.begin(), sites.end(),
                                    [&](const named_thing& s) { return s.name == site; });
    if (known == sites.end())
        throw std::invalid_argument("no site of failures '" + std::string(site) + "'");
    armed_.push_back({known->name, device, error, count});
}

int kernel::take_failure(std::string_view site, u16 device) {
    for (auto it = armed_.begin(); it != armed_.end(); ++it) {
        if (it->site != site || (it->device && *it->device != device)) continue;
        const int error = it->error;
        if (--it->left == 0) armed_.erase(it);
        log(4, "made to fail: " + std::string(site), device);
        return error;
    }
    return 0;
}

}  // namespace drydock::sw
