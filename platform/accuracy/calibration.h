// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/accuracy/blocks.h"
#include "platform/accuracy/dpc_pattern.h"
#include "platform/accuracy/model_times.h"
#include "platform/accuracy/pattern.h"

namespace drydock::accuracy {

/// The least of many latencies, in cycles, and how many were so short: what is longer has waited.
struct least {
    std::int64_t cycles = std::numeric_limits<std::int64_t>::max();
    std::uint64_t alike = 0, count = 0;

    void add(std::int64_t c) { add({c, 1, 1}); }
    void add(const least& o) {
        if (o.cycles < cycles) cycles = o.cycles, alike = 0;
        if (o.cycles == cycles) alike += o.alike;
        count += o.count;
    }
};

/// A line through points, by least squares.
struct line {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;

    void add(double px, double py);
    void add(const line& o);
    struct fit {
        double slope, intercept, residual;  ///< residual: root mean square
    };
    /// None of points with a single x.
    std::optional<fit> result() const;
};

/// What recordings of the blocks in SystemVerilog tell of their times.
struct calibration_samples {
    std::array<least, all_model_times.size()> latencies;  ///< by model_time
    line work;  ///< of the invalidate engine: set probes of a request, cycles

    least& of(unsigned model_times::*which);
    void add(const calibration_samples& o);
};
nlohmann::json packed(const calibration_samples&);
calibration_samples samples_of(const nlohmann::json&);

/// Records what a pattern makes of the blocks in SystemVerilog, or of the models, and looks at
/// their boundary.
calibration_samples observe(const pattern&, fidelity = fidelity::rtl,
                            unsigned invalidations = invalidations_per_pattern);
calibration_samples observe(const dpc_pattern&, fidelity = fidelity::rtl,
                            unsigned containments = containments_per_pattern);

/// A time as it was measured, and as the model has it.
struct estimate {
    std::string_view name, origin;
    std::optional<double> measured;  ///< cycles; none: the patterns say nothing of it
    unsigned model = 0;
    std::string how;

    bool agrees() const;
};
std::vector<estimate> estimates(const calibration_samples&, const model_times& models);

std::string as_text(const std::vector<estimate>&);
nlohmann::json as_json(const std::vector<estimate>&);

}  // namespace drydock::accuracy
