// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "platform/latency/listener.h"
#include "platform/profile/bins.h"

namespace drydock::profile {

/// How the durations of one group of transactions are spread: over durations with the time of each
/// stage, over the run's time, and over blocks of it. Bounded whatever the number of transactions.
class spread {
public:
    static constexpr scale fine{7}, coarse{3};  ///< bins of 0.8 % and 12.5 %
    static constexpr std::size_t blocks = 64, dot_columns = 1024;
    static constexpr std::size_t stages = 20;  ///< of a plan, and those beyond it

    void add(const latency::transaction& t);
    std::uint64_t count() const { return count_; }
    /// The mean of the bin in which the median lies; 0 of none.
    base::ps median() const;

    /// {"count","total_ps","max_ps","bins":[[lowest ps, count, total ps, most ps]..],
    ///  "octaves":[[lowest ps, count, {stage: total ps}]..],
    ///  "blocks":{"width_ps","of":[[[bin's place in "bins", count]..]..]},
    ///  "dots":{"width_ps","of":[[column, lowest ps, count]..]}}
    nlohmann::json to_json() const;

private:
    struct bin {
        std::uint64_t count = 0;
        base::ps total{}, most{};
    };
    struct octave {
        std::uint64_t count = 0;
        std::array<base::ps, stages> of{};
    };
    nlohmann::json octaves() const;
    nlohmann::json block_counts(const std::map<std::uint32_t, std::size_t>& place) const;
    nlohmann::json dots() const;

    std::uint64_t count_ = 0;
    base::ps total_{}, most_{};
    std::map<std::uint32_t, bin> bins_;
    std::map<std::uint32_t, octave> octaves_;
    std::array<std::string_view, stages> names_{};
    columns<tally> blocks_{blocks}, dots_{dot_columns};
};

}  // namespace drydock::profile
