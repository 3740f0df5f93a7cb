// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "platform/accuracy/blocks.h"
#include "platform/accuracy/calibration.h"
#include "platform/accuracy/recording.h"

namespace drydock::accuracy {

struct atc_answers {
    std::vector<atc_times> times;       ///< by number of the invalidate
    std::vector<std::uint32_t> order;   ///< in which they were completed
    std::vector<std::uint32_t> probes;  ///< sets that it looked into; of the model alone
    least hits;                         ///< cycles from a lookup's sampling edge to its answer
    least fills;  ///< cycles from an answer's sampling edge to those of lookups that waited for it
    double seconds = 0;  ///< of wall time
};
struct tracker_answers {
    std::vector<tracker_times> times;
    std::vector<std::uint32_t> order;
    double seconds = 0;
};

/// Hands a block what was recorded, each piece at its instant, or as soon after it as the block
/// takes it. Translation Completions and releases go to the requests and uses that the block itself
/// has made for the same pages and lookups.
atc_answers replay_atc(fidelity, const pattern&, const std::vector<atc_stimulus>&,
                       unsigned invalidations);
tracker_answers replay_tracker(fidelity, const pattern&, const std::vector<tracker_stimulus>&,
                               unsigned invalidations);

}  // namespace drydock::accuracy
