// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace drydock::bench {

/// A number beside its limit, for the table at the end of the run.
struct row {
    std::string measure;
    std::string value;
    std::string limit;
    bool met = false;
};

/// Keeps the row; the same measure again replaces it.
void note(row r);
/// Prints all rows to standard error (standard output may be the benchmark's JSON).
/// @return whether every limit was met
bool print_table();

/// The middle one of an odd number of values, else the upper of the two in the middle.
double median(std::vector<double> values);
/// printf of one number.
std::string text(const char* format, double value);

}  // namespace drydock::bench
