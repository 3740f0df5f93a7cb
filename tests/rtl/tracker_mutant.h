// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rtl/adapter/invalidation_tracker_pins.h"

namespace drydock::test {

/// rtl/invalidation_tracker.sv as it is (0), or broken for the n-th of
/// invalidation_tracker_mutants.
std::unique_ptr<rtl::invalidation_tracker_pins> make_tracker_mutant(unsigned which);

}  // namespace drydock::test
