// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "platform/accuracy/dpc_pattern.h"
#include "platform/accuracy/pattern.h"
#include "tlm/base/context.h"
#include "tlm/endpoint/atc_if.h"
#include "tlm/root_complex/containment_if.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::accuracy {

enum class fidelity : std::uint8_t { tlm, rtl };

/// What the patterns know of a parameter set of the ATC.
struct atc_shape {
    unsigned entries, ways, uses, requests, queue;
};
atc_shape shape_of(const pattern&);
/// ITags of the tracker's parameter set.
unsigned itags_of(const pattern&);

inline constexpr base::ps block_clock{1'000};

std::unique_ptr<endpoint::atc_if> make_atc(fidelity, const pattern&, base::context&,
                                           endpoint::atc_client&);
std::unique_ptr<smmu::invalidation_tracker_if> make_tracker(fidelity, const pattern&,
                                                            base::context&,
                                                            smmu::invalidation_tracker_client&);
std::unique_ptr<root_complex::containment_if> make_dpc(fidelity, const dpc_pattern&, base::context&,
                                                       root_complex::containment_client&);

}  // namespace drydock::accuracy
