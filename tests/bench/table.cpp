// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/table.h"

#include <algorithm>
#include <cstdio>

namespace drydock::bench {
namespace {

std::vector<row>& rows() {
    static std::vector<row> all;
    return all;
}

}  // namespace

void note(row r) {
    auto& all = rows();
    const auto same =
        std::find_if(all.begin(), all.end(), [&](const row& o) { return o.measure == r.measure; });
    if (same != all.end())
        *same = std::move(r);
    else
        all.push_back(std::move(r));
}

bool print_table() {
    bool all_met = true;
    std::fprintf(stderr, "\n%-58s %-32s %-14s %s\n", "measure", "value", "limit", "met");
    for (const row& r : rows()) {
        std::fprintf(stderr, "%-58s %-32s %-14s %s\n", r.measure.c_str(), r.value.c_str(),
                     r.limit.c_str(), r.met ? "yes" : "NO");
        all_met = all_met && r.met;
    }
    return all_met;
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

std::string text(const char* format, double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, format, value);
    return buffer;
}

}  // namespace drydock::bench
