// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/base/time.h"

/// LTSSM at TLM level: how long the ways between its states take (PCIe, model numbers).
namespace drydock::pcie {

/// L0 to Disabled (or Hot Reset): until Data Link Layer Link Active reads 0.
inline constexpr base::ps link_down_visible{1'000'000'000};  // 1 ms

/// Recovery without a change of speed.
inline constexpr base::ps link_recovery_time{10'000'000};  // 10 us

/// Detect to L0; from gen3 on with equalisation.
constexpr base::ps link_training_time(unsigned gen) {
    return base::ps{(gen <= 2 ? 20 : 50) * std::int64_t{1'000'000'000}};
}

/// What a downstream port's link takes.
struct link_times {
    base::ps down_visible = link_down_visible;
    base::ps training{};  ///< Detect to L0
    static constexpr link_times of(unsigned gen) {
        return {link_down_visible, link_training_time(gen)};
    }
};

}  // namespace drydock::pcie
