// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/base/time.h"

namespace drydock::endpoint {

/// Shape of an ATC.
struct atc_config {
    unsigned entries = 512;       ///< power of two; 0: ATS without a cache
    unsigned ways = 4;            ///< power of two, 1..entries
    unsigned request_slots = 32;  ///< outstanding Translation Requests, 1..256
    unsigned uses = 256;  ///< lookups in progress and translations in use together, 1..65535
    unsigned invalidate_queue = 32;  ///< 1..32 (PCIe ATS: queue depth 0 means 32)
    base::ps clock{1'000};           ///< period
    // Times, in cycles; the defaults are those of rtl/atc.sv (`drydock accuracy --calibrate`).
    unsigned lookup_cycles = 2;      ///< from the sampling edge to the answer
    unsigned fill_cycles = 0;        ///< from an answer's sampling edge until it is kept and used
    unsigned invalidate_cycles = 0;  ///< the engine works on each, beside its probes
    unsigned probe_cycles = 1;       ///< the engine works on each set that it looks into
    unsigned completion_cycles = 0;  ///< from the edge of a drain's end to the completion
    bool ignore_when_disabled =
        false;            ///< negative policy: Invalidate Requests while Enable=0 get no answer
    bool shared = false;  ///< by several functions: each is enabled, disabled and reset by itself
    bool silent = false;  ///< tells observers nothing: one that runs beside another
    bool retry_after_ur = false;  ///< ask again after UR without being enabled anew (PCIe says no)
};

}  // namespace drydock::endpoint
