// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "platform/scenario/place.h"

namespace drydock::scenario {

/// What stands behind a block's interface.
struct block_fidelity {
    enum class kind : std::uint8_t {
        tlm,       ///< the transaction-level twin
        rtl,       ///< the Verilated block
        lockstep,  ///< the Verilated block drives the machine, the twin runs beside it
    };
    kind is = kind::tlm;
    std::string object;  ///< a shared object of script/rtl-build; empty: the built-in block
    place where;

    bool has_rtl() const { return is != kind::tlm; }
    bool has_twin() const { return is == kind::lockstep; }
};

/// `fidelity:` of a scenario, each block by itself.
struct fidelity {
    block_fidelity atc;
    block_fidelity invalidation_tracker;
    block_fidelity dpc;
};

}  // namespace drydock::scenario
