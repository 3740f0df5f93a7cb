// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <vector>

#include "platform/lockstep/comparison.h"
#include "platform/scenario/fidelity.h"
#include "tlm/base/signals.h"
#include "tlm/root_complex/containment_if.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::machine {

/// What stands behind the interfaces of a run's invalidation trackers and containment blocks.
/// Outlives them.
class root_blocks {
public:
    explicit root_blocks(const scenario::fidelity& f) : fidelity_(f) {}

    /// Empty: the block at transaction level.
    /// @param ways  of the SMMU to root ports  @throws scenario::bad_input if the block has fewer
    smmu::invalidation_tracker_maker trackers(unsigned ways);
    root_complex::containment_maker containments();

    /// Signals of every Verilated block go there; it outlives the run.
    void record_to(base::signal_recorder* to) const;

    /// By name, of each pair in lockstep, up to now. Ends the comparison: what only one of two has
    /// said until now counts as a difference.
    nlohmann::json findings();
    /// @throws std::logic_error naming the first difference
    void check() const;

private:
    scenario::fidelity fidelity_;
    std::deque<lockstep::findings> findings_;
    std::vector<lockstep::pair*> pairs_;  ///< by place in findings_
    std::vector<base::signal_source*> sources_;
};

}  // namespace drydock::machine
