// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "platform/accuracy/blocks.h"
#include "platform/accuracy/lives.h"
#include "platform/scenario/load.h"
#include "platform/simulate.h"

namespace drydock::accuracy {

/// A scenario that is run with the three blocks in SystemVerilog and with their models.
struct machine_of {
    std::string file;
    std::vector<std::string> changes;  ///< as `-c`
};
/// Those that `drydock accuracy` runs by itself; the program carries their files with it.
std::span<const machine_of> built_in_machines();

/// The run with ATC, invalidation tracker and DPC containment of one kind. A shared object that the
/// scenario names stands for the block in SystemVerilog.
scenario::run with_fidelity(scenario::run r, fidelity f);

/// Simulates, telling of every transaction (platform/simulate.h).
using simulate_told_function =
    std::function<nlohmann::json(const scenario::run&, progress&, latency::listener&)>;
/// What a child sends of a run: {"lives","seconds","outcome","sim_time_ps"}.
nlohmann::json run_machine(const scenario::run&, progress&, const simulate_told_function&);

/// The invalidations, or the unmaps, of a device (of all for unmaps of a group's domain).
struct device_times {
    base::span_class of{};
    std::string device;
    struct {
        std::uint64_t completed = 0, lost = 0;
        std::int64_t p50 = 0, p99 = 0;  ///< ps
    } rtl, twin;
    std::uint64_t compared = 0;  ///< completed in both
    std::uint64_t differ = 0;    ///< of these, of another length
    std::int64_t most = 0;       ///< by so much, ps
    std::string first_difference;
};

/// Neighbours in the order of the blocks in SystemVerilog that the models finish the other way,
/// by the stage in which they part.
struct inversions {
    std::uint64_t count = 0;
    std::map<std::string, std::uint64_t> causes;
    std::string first;  ///< which two, and by what
};

struct machine_times {
    std::string file, run;
    std::string command;  ///< repeats it, with the models
    std::string rtl_outcome, twin_outcome;
    std::vector<device_times> devices;
    inversions order;
    base::ps sim_time{};
    double rtl_seconds = 0, twin_seconds = 0;
};

machine_times compare_runs(const scenario::run&, const std::string& file, const nlohmann::json& rtl,
                           const nlohmann::json& twin);

}  // namespace drydock::accuracy
