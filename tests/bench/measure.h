// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace drydock::bench {

/// What one experiment cost. Plain data: it comes back through a pipe.
struct measurement {
    double seconds = 0;       ///< CPU time of the measured part
    double bare_seconds = 0;  ///< CPU time of as many records on a bare timeline, same process
    std::uint64_t operations = 0;
    std::uint64_t records = 0;      ///< timeline records run
    std::uint64_t allocations = 0;  ///< calls of operator new
    std::uint64_t sets_probed = 0;
    std::uint64_t entries_touched = 0;
    std::uint64_t peak_bytes = 0;  ///< resident memory at its peak

    double per(std::uint64_t what) const {
        return operations == 0 ? 0 : static_cast<double>(what) / static_cast<double>(operations);
    }
};

/// CPU time of this process, s.
double cpu_seconds();
/// Calls of operator new in this process so far.
std::uint64_t allocations();

/// Runs the experiment in a child of its own (the SystemC kernel cannot be reset).
/// @throws std::runtime_error if the child fails
measurement in_child(const std::function<measurement()>& experiment);

/// CPU time of `records` records on a timeline with nothing else, `pending` of them waiting at a
/// time.
double bare_timeline_seconds(std::uint64_t records, unsigned pending);

}  // namespace drydock::bench
