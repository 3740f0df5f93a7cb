// SPDX-License-Identifier: Apache-2.0
#include "platform/compare/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

namespace drydock::compare {
namespace {

constexpr std::array<statistic, 6> all_statistics{
    {{"mean", 0}, {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}}};

}  // namespace

std::span<const statistic> statistics() { return all_statistics; }

distribution distribution_of(const nlohmann::json& group) {
    distribution d;
    for (const auto& b : group.at("bins")) {
        const auto n = b.at(1).get<std::uint64_t>();
        d.value.push_back(b.at(2).get<double>() / static_cast<double>(n));
        d.count.push_back(n);
        d.total_count += n;
    }
    for (const auto& block : group.at("blocks").at("of")) {
        auto& to = d.blocks.emplace_back();
        for (const auto& entry : block)
            to.emplace_back(entry.at(0).get<std::size_t>(), entry.at(1).get<std::uint64_t>());
    }
    // Empty time before the first transaction and after the last is no part of the sample.
    while (!d.blocks.empty() && d.blocks.back().empty()) d.blocks.pop_back();
    const auto first = std::find_if(d.blocks.begin(), d.blocks.end(),
                                    [](const auto& block) { return !block.empty(); });
    d.blocks.erase(d.blocks.begin(), first);
    for (const auto& o : group.at("octaves")) {
        distribution::octave& to = d.octaves.emplace_back();
        to.lowest = o.at(0).get<double>();
        to.count = o.at(1).get<std::uint64_t>();
        for (const auto& [stage, ps] : o.at(2).items())
            to.stages.emplace_back(stage, ps.get<double>());
    }
    return d;
}

double evaluate(const statistic& s, std::span<const double> value,
                std::span<const std::uint64_t> count) {
    const std::uint64_t n = std::accumulate(count.begin(), count.end(), std::uint64_t{0});
    if (n == 0) return 0;
    if (s.quantile == 0) {
        double sum = 0;
        for (std::size_t i = 0; i < value.size(); ++i)
            sum += value[i] * static_cast<double>(count[i]);
        return sum / static_cast<double>(n);
    }
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(s.quantile * static_cast<double>(n) - 1e-9)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < value.size(); ++i)
        if ((seen += count[i]) >= rank) return value[i];
    return value.back();
}

std::vector<std::pair<std::string, double>> stage_means(const distribution& d, double quantile) {
    // From the slowest octave down, until enough are in; of the last one a share.
    const double wanted = std::max(
        1.0, (1 - quantile) * static_cast<double>(std::max<std::uint64_t>(d.total_count, 1)));
    std::map<std::string, double> sum;
    double taken = 0;
    for (auto o = d.octaves.rbegin(); o != d.octaves.rend() && taken < wanted; ++o) {
        const auto n = static_cast<double>(o->count);
        const double share = std::min(1.0, (wanted - taken) / n);
        for (const auto& [stage, ps] : o->stages) sum[stage] += ps * share;
        taken += n * share;
    }
    std::vector<std::pair<std::string, double>> means;
    means.reserve(sum.size());
    for (const auto& [stage, ps] : sum) means.emplace_back(stage, taken > 0 ? ps / taken : 0);
    return means;
}

}  // namespace drydock::compare
