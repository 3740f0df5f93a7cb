// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "platform/scenario/scenario.h"
#include "tlm/base/time.h"

namespace drydock {

namespace base {
struct context;
}
namespace latency {
struct listener;
}

/// What a run writes and when it may stop early; changes no result but that.
struct run_files {
    std::filesystem::path folder;  ///< exists, empty, the run's own; empty path: write no file
    std::optional<scenario::waves_window> waves;
    std::vector<std::string> waves_of;  ///< instances that waves.fst shows; empty: all
    std::optional<scenario::waves_window> trace, pcap;
    bool trace_all = false;  ///< the trace of a whole run has TLPs and credits too
    scenario::events_level events = scenario::events_level::life;
    nlohmann::json header;  ///< summary.json's `drydock` object, for the header of every file
    bool profile = true;    ///< profile.json and waits.jsonl, for report, explain and compare
    bool until_violation = false;  ///< end at the first violation of class `broken`
    unsigned log = 0;  ///< lines on stderr: 0 none, 1 events of interest, 2 every transaction too
    bool log_in_colour = false;
};

/// How the run tells how far it is, and learns that it shall stop. Cheap: call it every few
/// thousand events.
struct progress {
    /// @param end when the run will end as far as known now, `never` if not
    virtual void advance(base::ps now, base::ps end, std::uint64_t events) = 0;
    /// INT or TERM came: close the files and return what there is.
    virtual bool stop() const = 0;

protected:
    ~progress() = default;
};

/// The simulation failed on its way (an exception, SC_FATAL). Its files are complete and show what
/// it came to.
struct run_fault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Builds the machine of a run, simulates it and returns its entry of summary.json's `runs`,
/// without `name`, `command`, `verdict` and `expectations`. Called once per process (the SystemC
/// kernel cannot be reset).
/// @throws scenario::bad_input for what only a built machine can know (a parameter that no
/// component declares)
/// @throws run_fault while it runs, std::exception for any other internal fault
nlohmann::json simulate(const scenario::run& r, const run_files& files, progress& p);

/// The same with clients of the timeline or observers of the probe that join before the machine is
/// built; they outlive the call. Those that take no part change no result.
nlohmann::json simulate_with(const scenario::run& r, const run_files& files, progress& p,
                             const std::function<void(base::context&)>& companions);

/// The same, telling of every transaction as it ends; writes no file.
nlohmann::json simulate_told(const scenario::run& r, progress& p, latency::listener& l);

/// All parameters of the machine of a run after building it, as `drydock params` prints them:
/// [{"name","value","default","unit","range","origin","description"}], sorted by name. Once per
/// process.
nlohmann::json parameters_of(const scenario::run& r);

/// The configuration space of every function of a run's machine after its software has booted and
/// before a client starts, as `lspci -xxxx` prints it: a string. Once per process.
/// @throws as simulate
nlohmann::json configuration_of(const scenario::run& r);

}  // namespace drydock
