// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace drydock::compare {

/// The durations of one group of transactions, from a run's profile.json. In bins, each at most 0.8
/// % wide and counted as its mean, so exact where all of a bin are alike.
struct distribution {
    using counts = std::vector<std::uint64_t>;  ///< per bin

    std::vector<double> value;  ///< ps, rising
    counts count;
    std::uint64_t total_count = 0;
    /// The same by blocks of simulated time, all of one length: (bin, count).
    std::vector<std::vector<std::pair<std::size_t, std::uint64_t>>> blocks;
    /// Time per stage of those at or above a duration, rising: where the slow ones spend it.
    struct octave {
        double lowest = 0;
        std::uint64_t count = 0;
        std::vector<std::pair<std::string, double>> stages;
    };
    std::vector<octave> octaves;
};

/// @param group of profile.json's "groups"
/// @throws nlohmann::json::exception if it is none
distribution distribution_of(const nlohmann::json& group);

/// What a distribution is summed up by.
struct statistic {
    const char* name;
    double quantile;  ///< 0: the mean, 1: the longest
};
std::span<const statistic> statistics();

/// Of the durations `value`, each `count` times; 0 of none. Quantiles by nearest rank.
double evaluate(const statistic& s, std::span<const double> value,
                std::span<const std::uint64_t> count);

/// Mean time per stage of all (quantile 0), or of the slowest: those from that quantile on. In ps.
std::vector<std::pair<std::string, double>> stage_means(const distribution& d, double quantile);

}  // namespace drydock::compare
