// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/errors.h"

#include <algorithm>
#include <cmath>

namespace drydock::accuracy {

std::int64_t percentile(std::vector<std::int64_t> samples, double per_cent) {
    if (samples.empty()) return 0;
    std::sort(samples.begin(), samples.end());
    const auto rank =
        static_cast<std::size_t>(std::ceil(per_cent / 100 * static_cast<double>(samples.size())));
    return samples[std::max<std::size_t>(rank, 1) - 1];
}

void error_samples::add(base::ps twin, base::ps rtl) {
    differences_.push_back(twin.count - rtl.count);
    sum_of_times_ += rtl.count;
}

void error_samples::add(const error_samples& other) {
    differences_.insert(differences_.end(), other.differences_.begin(), other.differences_.end());
    sum_of_times_ += other.sum_of_times_;
}

errors error_samples::result() const {
    errors e;
    e.count = differences_.size();
    if (e.count == 0) return e;
    std::vector<std::int64_t> absolute;
    std::int64_t sum = 0, sum_absolute = 0;
    for (const std::int64_t d : differences_) {
        absolute.push_back(std::abs(d));
        sum += d;
        sum_absolute += std::abs(d);
    }
    const auto n = static_cast<double>(e.count);
    e.mean = static_cast<double>(sum) / n;
    e.mean_absolute = static_cast<double>(sum_absolute) / n;
    e.mean_time = static_cast<double>(sum_of_times_) / n;
    e.max = *std::max_element(absolute.begin(), absolute.end());
    e.p99 = percentile(std::move(absolute), 99);
    return e;
}

}  // namespace drydock::accuracy
