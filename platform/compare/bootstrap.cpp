// SPDX-License-Identifier: Apache-2.0
#include "platform/compare/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "tlm/base/rng.h"

namespace drydock::compare {
namespace {

/// Draws from one side; its counts are those of the latest draw.
class resampler {
public:
    resampler(const distribution& d, std::string_view side)
        : d_(d), rng_(1, "compare", side), counts_(d.count.size()) {}

    const distribution::counts& draw() {
        std::fill(counts_.begin(), counts_.end(), 0);
        for (std::size_t i = 0; i < d_.blocks.size(); ++i)
            for (const auto& [bin, n] : d_.blocks[rng_.below(d_.blocks.size())]) counts_[bin] += n;
        return counts_;
    }

private:
    const distribution& d_;
    base::rng rng_;
    distribution::counts counts_;
};

bool enough(const distribution& d) { return d.total_count > 0 && d.blocks.size() >= fewest_blocks; }

}  // namespace

std::vector<difference> differences(const distribution& a, const distribution& b) {
    std::vector<difference> all;
    for (const statistic& s : statistics())
        all.push_back({s.name, evaluate(s, a.value, a.count), evaluate(s, b.value, b.count), {}});
    if (!enough(a) || !enough(b)) return all;
    std::vector<std::vector<double>> seen(all.size());
    resampler of_a(a, "a"), of_b(b, "b");
    for (unsigned r = 0; r < replicates; ++r) {
        const auto &in_a = of_a.draw(), &in_b = of_b.draw();
        for (std::size_t i = 0; i < all.size(); ++i)
            seen[i].push_back(evaluate(statistics()[i], b.value, in_b) -
                              evaluate(statistics()[i], a.value, in_a));
    }
    constexpr std::size_t low = replicates / 40, high = replicates - replicates / 40 - 1;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (statistics()[i].quantile == 1) continue;
        std::sort(seen[i].begin(), seen[i].end());
        all[i].interval = {seen[i][low], seen[i][high]};
    }
    return all;
}

}  // namespace drydock::compare
