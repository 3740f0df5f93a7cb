// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "platform/accuracy/model_times.h"
#include "tlm/base/time.h"

namespace drydock::accuracy {

/// What goes on around the blocks while they are measured.
struct pattern {
    const char* name;
    const char* text;  ///< what it is for, one line
    bool calibrates;   ///< pattern set A; the others (set B) judge

    model_times times{};      ///< of the blocks at transaction level
    bool large = false;       ///< parameter set of the ATC and of the tracker
    unsigned functions = 1;   ///< that share the ATC
    unsigned pasids = 0;      ///< address spaces; 0: requests without PASID
    unsigned page_log2 = 12;  ///< of a translation

    // invalidations
    unsigned burst = 1;       ///< at once
    base::ps gap{2'000'000};  ///< between bursts
    unsigned range_log2_least = 12, range_log2_most = 12;
    unsigned all_percent = 0;     ///< of the whole address space
    unsigned global_percent = 0;  ///< with PASID: of every one

    // DMA
    unsigned occupancy_percent = 50;  ///< of the ATC's entries, before and by its working set
    base::ps lookup_gap{40'000};      ///< between uses; 0: no DMA
    unsigned reads = 16;              ///< outstanding at most
    unsigned write_percent = 50;      ///< of the uses
    base::ps read_latency{700'000};

    // link
    unsigned requests_down = 32;  ///< posted credits for Invalidate Requests
    base::ps write_time{16'000};  ///< a posted write on the link
    unsigned posted_queue = 16;   ///< entries, writes and completions
    base::ps latency_one_way{250'000};
    base::ps translation{500'000};  ///< Translation Request to Completion
};

inline constexpr unsigned invalidations_per_pattern = 512;

/// At least 24; half of them calibrate.
std::span<const pattern> patterns();

}  // namespace drydock::accuracy
