// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/conform/bandwidth.h"

namespace drydock::conform {

/// A row of a bandwidth table such as pcie-bench publishes: a transfer and what the table says.
struct bandwidth_row {
    transfer what;
    double write_gbps = 0, read_gbps = 0;
};

/// Reads a table in CSV; the first line names the columns: gen (gen3), lanes (x8), mps_bytes,
/// mrrs_bytes, rcb_bytes, payload_bytes, write_gbps, read_gbps in any order, others are ignored.
/// @throws scenario::bad_input with line and column
std::vector<bandwidth_row> parse_bandwidth_table(std::string_view text, const std::string& file);

/// What comes of the comparison.
struct bandwidth_verdict {
    static constexpr double row_limit = 1.5, mean_limit = 0.7;  ///< percent
    std::string text;                                           ///< a line per row, then the sums
    unsigned passed = 0, failed = 0;
    double mean_error = 0;  ///< percent, of all values
    bool ok() const { return failed == 0 && mean_error <= mean_limit; }
};

/// Simulates every row twice, with the DLLP accounting of pcie-bench (compared with the table) and
/// with mechanistic DLLPs (printed beside it). One call per process.
bandwidth_verdict compare_bandwidth(const std::vector<bandwidth_row>& rows);

}  // namespace drydock::conform
