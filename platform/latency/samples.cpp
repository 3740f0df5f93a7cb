// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/samples.h"

#include <algorithm>

namespace drydock::latency {

void samples::add(base::ps t) {
    total_ += t;
    if (t.count > UINT32_MAX) {
        long_.push_back(t.count);
        return;
    }
    if (short_count_ % block == 0) short_.push_back(std::make_unique<std::uint32_t[]>(block));
    short_.back()[short_count_ % block] = static_cast<std::uint32_t>(t.count);
    ++short_count_;
}

distribution samples::summary() const {
    distribution d;
    d.count = count();
    d.total = total_;
    if (d.count == 0) return d;
    std::vector<std::uint32_t> low;
    low.reserve(short_count_);
    for (std::uint64_t i = 0; i < short_count_; ++i) low.push_back(short_[i / block][i % block]);
    std::sort(low.begin(), low.end());
    std::vector<std::int64_t> high = long_;  // every one of these is above every one of `low`
    std::sort(high.begin(), high.end());
    const auto rank = [&](std::uint64_t numerator, std::uint64_t denominator) {
        const std::uint64_t at = (d.count * numerator + denominator - 1) / denominator - 1;
        return base::ps{at < low.size() ? std::int64_t{low[at]} : high[at - low.size()]};
    };
    d.p50 = rank(1, 2);
    d.p90 = rank(9, 10);
    d.p99 = rank(99, 100);
    d.p999 = rank(999, 1000);
    d.p9999 = rank(9999, 10000);
    d.max = rank(1, 1);
    return d;
}

nlohmann::json to_json(const distribution& d) {
    return {{"count", d.count},          {"total_ps", d.total.count}, {"p50_ps", d.p50.count},
            {"p90_ps", d.p90.count},     {"p99_ps", d.p99.count},     {"p999_ps", d.p999.count},
            {"p9999_ps", d.p9999.count}, {"max_ps", d.max.count}};
}

}  // namespace drydock::latency
