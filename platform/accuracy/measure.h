// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "platform/accuracy/errors.h"
#include "platform/accuracy/pattern.h"

namespace drydock::accuracy {

/// Where an invalidate is inside the two blocks, in this order.
enum class stage : std::uint8_t {
    itag_wait,
    atc_queue,
    atc_process,
    drain,
    completion_queue,
    match
};
inline constexpr std::size_t stages = 6;
inline constexpr std::array<const char*, stages> stage_names{
    "itag_wait", "atc_queue", "atc_process", "drain", "completion_queue", "match"};

/// The same recorded stimulus into both blocks.
struct open_loop {
    error_samples atc;      ///< accepted to Invalidate Completion
    error_samples tracker;  ///< accepted to finished
    std::array<error_samples, stages> by_stage;
    bool same_order = true;
    std::uint64_t calls = 0;  ///< handed to the blocks
    double twin_seconds = 0, rtl_seconds = 0;
};

/// The same machine around either block.
struct closed_loop : closed_percentiles {
    std::uint64_t inversions = 0;  ///< pairs of neighbours that finish in another order
    std::string first_inversion;   ///< which two, and by what
    double twin_seconds = 0, rtl_seconds = 0;
};

struct measurement {
    const pattern* of = nullptr;
    unsigned invalidations = 0;
    open_loop open;
    closed_loop closed;
};

/// Whether a percentile is within the target of the closed loop, ps.
bool within_closed_loop(std::int64_t twin, std::int64_t rtl);
/// The difference in per cent of the block in SystemVerilog; 0 of nothing.
double off_per_cent(std::int64_t twin, std::int64_t rtl);

measurement measure(const pattern&, unsigned invalidations = invalidations_per_pattern);

/// What is not as it should be (docs/accuracy.md), one line each; empty: all targets are met. Only
/// patterns that do not calibrate are judged.
std::vector<std::string> missed_targets(const std::vector<measurement>&);

}  // namespace drydock::accuracy
