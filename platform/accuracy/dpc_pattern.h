// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "platform/accuracy/model_times.h"
#include "tlm/base/time.h"
#include "tlm/root_complex/containment_if.h"

namespace drydock::accuracy {

/// What goes on at a port while DPC containment is measured: again and again it is triggered, and
/// software releases it.
struct dpc_pattern {
    const char* name;
    const char* text;  ///< what it is for, one line
    bool calibrates;   ///< pattern set A; the others (set B) judge

    model_times times{};  ///< of the block at transaction level
    bool large = true;    ///< parameter set: eight lanes, or one
    unsigned lanes = 8;   ///< TLPs of each way for one edge
    root_complex::containment_cause cause = root_complex::containment_cause::fatal_message;
    bool complete_with_ur = true;
    bool root_port_extensions = true;
    base::ps rp_busy{1'000'000};

    unsigned burst = 1;               ///< TLPs of each way at once
    base::ps up_gap{37'300};          ///< between bursts upward
    base::ps down_gap{53'900};        ///< between bursts downward
    base::ps quiet{900'000};          ///< from a release to the next trigger
    base::ps reaction{400'000};       ///< of software, from containment to its first release
    base::ps release_again{250'000};  ///< after one that came too early
};

/// Half of them calibrate.
std::span<const dpc_pattern> dpc_patterns();

inline constexpr base::ps dpc_clock{500};
inline constexpr unsigned containments_per_pattern = 512;

}  // namespace drydock::accuracy
