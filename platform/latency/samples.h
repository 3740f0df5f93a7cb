// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "tlm/base/time.h"

namespace drydock::latency {

/// Percentiles by nearest rank: the smallest sample that at least p of all are at or below. All 0
/// when there is no sample.
struct distribution {
    std::uint64_t count = 0;
    base::ps total{};
    base::ps p50{}, p90{}, p99{}, p999{}, p9999{}, max{};
};

/// Exact samples of a duration, kept in blocks: adding never moves what is there. 4 bytes a sample
/// up to 4.29 ms, 8 bytes for the rare longer ones.
class samples {
public:
    /// @param t >= 0
    void add(base::ps t);
    std::uint64_t count() const { return short_count_ + long_.size(); }
    /// Sorts a copy: for the end of the run.
    distribution summary() const;

private:
    static constexpr std::size_t block = 4096;
    std::vector<std::unique_ptr<std::uint32_t[]>> short_;
    std::uint64_t short_count_ = 0;
    std::vector<std::int64_t> long_;
    base::ps total_{};
};

/// {"count","total_ps","p50_ps","p90_ps","p99_ps","p999_ps","p9999_ps","max_ps"}
nlohmann::json to_json(const distribution& d);

}  // namespace drydock::latency
