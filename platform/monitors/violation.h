// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tlm/base/ids.h"
#include "tlm/base/time.h"

namespace drydock::monitors {

/// broken decides a run's outcome; known_gap is listed apart and decides nothing unless a scenario
/// expects it.
enum class violation_class : std::uint8_t { broken, known_gap };

constexpr std::string_view word(violation_class c) {
    return c == violation_class::broken ? "broken" : "known_gap";
}

/// One cause: its first occurrence, and how often it repeated.
struct violation {
    std::string monitor;
    violation_class severity = violation_class::broken;
    std::string device;  ///< scenario's name of the device, "cpu3", a lock or a place; "" if none
    base::ps time{};     ///< of the first occurrence
    base::ps told{};     ///< when the last one was found; of a state at the end that is the end
    std::vector<base::span_id>
        spans;                ///< of the first occurrences, at most `kept_spans`, no repeats
    std::string rule;         ///< the rule that was broken, one sentence
    std::string text;         ///< what happened the first time
    std::uint64_t count = 0;  ///< occurrences

    static constexpr std::size_t kept_spans = 4;
};

}  // namespace drydock::monitors
