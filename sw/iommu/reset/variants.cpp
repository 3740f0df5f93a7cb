// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/variants.h"

#include <stdexcept>
#include <string>

namespace drydock::sw {

const std::vector<reset_variant>& reset_variants() {
    static const std::vector<reset_variant> all{
        {"none", "before 2025: no prepare, no done", make_reset_none},
        {"R1", "RFC v1: group mutex held across the whole reset", make_reset_r1},
        {"R2", "RFC v2: pending_reset of the device, attaching deferred", make_reset_r2},
        {"R3", "v3: as R2, group->blocking_domain, flag set last", make_reset_r3},
        {"R4", "v4: attaching refused; aliases and PFs with VFs bypassed", make_reset_r4},
        {"R5", "v5: group->resetting_domain, groups of one device only", make_reset_r5},
        {"M1", "v6 to v8, merged in 7.0: resetting_domain, any group", make_reset_m1},
        {"N1", "ATC series v1, v2: M1, prepared twice is fine, done only after success",
         make_reset_n1},
        {"N2", "nested fix v2: M1 with a count per group", make_reset_n2},
        {"N3", "proposal: reset_ndevs of the group, reset_depth of the device", make_reset_n3},
        {"N4", "nested fix v4: reset_depth, recovery_cnt", make_reset_n4},
        {"N6", "nested fix v6: N4 with blocked of the device", make_reset_n6},
        {"M2", "merged for 7.1: blocked, reset_depth, recovery_cnt, detach passes", make_reset_m2},
        {"M3", "ATC series v3 to v6: M2, done(result), why a device is blocked", make_reset_m3},
    };
    return all;
}

std::unique_ptr<reset_ops> make_reset_variant(std::string_view name) {
    std::string known;
    for (const reset_variant& v : reset_variants()) {
        if (v.name == name) return v.make();
        known += (known.empty() ? "" : ", ") + std::string(v.name);
    }
    throw std::invalid_argument("reset variant '" + std::string(name) +
                                "' is unknown; there are: " + known);
}

}  // namespace drydock::sw
