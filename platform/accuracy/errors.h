// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tlm/base/time.h"

namespace drydock::accuracy {

/// Of one time in many invalidates: what the block at transaction level says minus what the block
/// in SystemVerilog says, ps.
struct errors {
    std::uint64_t count = 0;
    double mean = 0, mean_absolute = 0;
    std::int64_t p99 = 0, max = 0;  ///< of the absolute error; nearest rank
    double mean_time = 0;           ///< of the block in SystemVerilog

    /// Mean absolute error in per cent of the mean time.
    double per_cent() const { return mean_time > 0 ? 100 * mean_absolute / mean_time : 0; }
};

/// The samples that errors are made of.
class error_samples {
public:
    error_samples() = default;
    error_samples(std::vector<std::int64_t> differences, std::int64_t sum_of_times)
        : differences_(std::move(differences)), sum_of_times_(sum_of_times) {}

    const std::vector<std::int64_t>& differences() const { return differences_; }
    std::int64_t sum_of_times() const { return sum_of_times_; }
    void add(base::ps twin, base::ps rtl);
    void add(const error_samples& other);
    errors result() const;

private:
    std::vector<std::int64_t> differences_;
    std::int64_t sum_of_times_ = 0;
};

/// Of the closed loop with either block, ps.
struct closed_percentiles {
    std::int64_t twin_p50 = 0, twin_p99 = 0, rtl_p50 = 0, rtl_p99 = 0;
};

/// Value at the nearest rank; 0 without samples.
std::int64_t percentile(std::vector<std::int64_t> samples, double per_cent);

}  // namespace drydock::accuracy
