// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/accuracy/dpc_machine.h"
#include "platform/accuracy/errors.h"

namespace drydock::accuracy {

/// What DPC containment takes time for, each from what is handed in to its answer.
enum class dpc_stage : std::uint8_t {
    trigger,      ///< to containment: the gate is closed
    pass,         ///< of a TLP
    discard,      ///< of a TLP
    complete_ur,  ///< of a request: the completion is made
    complete_ca,
    rp_busy,  ///< from containment until RP Busy is 0
    release   ///< or its refusal while RP Busy is 1
};
inline constexpr std::size_t dpc_stages = 7;
inline constexpr std::array<const char*, dpc_stages> dpc_stage_names{
    "trigger", "pass", "discard", "complete_ur", "complete_ca", "rp_busy", "release"};

struct dpc_measurement : closed_percentiles {  ///< from containment to its release
    const dpc_pattern* of = nullptr;
    unsigned containments = 0;
    std::array<error_samples, dpc_stages> by_stage;  ///< open loop
    bool same_order = true;                          ///< and the same verdicts
    std::uint64_t calls = 0;
    double twin_seconds = 0, rtl_seconds = 0;
};

dpc_measurement measure(const dpc_pattern&, unsigned containments = containments_per_pattern);

/// As those of measure.h.
std::vector<std::string> missed_targets(const std::vector<dpc_measurement>&);

/// A measurement on its way from the child that made it; nothing is lost.
nlohmann::json packed(const dpc_measurement&);
dpc_measurement unpacked(const nlohmann::json&, const dpc_pattern& of);

}  // namespace drydock::accuracy
