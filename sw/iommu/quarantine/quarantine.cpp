// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/quarantine/quarantine.h"

#include <stdexcept>

namespace drydock::sw {

std::unique_ptr<quarantine_ops> make_quarantine(std::string_view variant,
                                                const quarantine_environment& e) {
    if (variant == "off") return nullptr;
    if (variant == "Q1") return make_quarantine_q1(e);
    if (variant == "Q2") return make_quarantine_q2(e);
    if (variant == "Q3") return make_quarantine_q3(e);
    if (variant == "Q4") return make_quarantine_q4(e);
    if (variant == "Q5") return make_quarantine_q5(e);
    throw std::invalid_argument("quarantine variant '" + std::string(variant) +
                                "' is unknown; there are: off, Q1, Q2, Q3, Q4, Q5");
}

}  // namespace drydock::sw
