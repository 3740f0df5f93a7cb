// SPDX-License-Identifier: Apache-2.0
// What a scenario expects of a run, and which files the run leaves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/scenario/place.h"
#include "platform/scenario/timeline.h"
#include "tlm/base/time.h"

namespace drydock::scenario {

using base::ps;

/// One line of `expect:` that holds for this run, in the file's words.
struct expectation {
    std::string name;      ///< "stale_access", "ep0.timeouts", "R.result"
    std::string relation;  ///< ">= 5", "< 1%", "0", "fires", "fires: nic"
    place where;
};

/// A monitor that fires, for a device if one is named.
struct firing {
    std::string monitor, device;
};
/// What makes a hazard a hit.
struct oracle {
    std::vector<condition> after;  ///< what counts happens after the last of these
    std::vector<firing> fire;      ///< all of them
    std::vector<firing> any;       ///< one of them
    std::vector<firing> silent;    ///< none of them, in a hit as in a clean run
    std::vector<std::pair<std::string, int>> results;  ///< task and what it returns
    place where;
};
/// A hazard's cell: what is to come of this run, and why.
struct hazard {
    scenario::oracle oracle;
    /// Path and value of each axis but the order, in the file's order.
    std::vector<std::pair<std::string, std::string>> axes;
    std::string variant;   ///< their values: "Q4,no_unfence"
    std::string order;     ///< the one of `orders:` that this run takes; empty: there are none
    std::string expected;  ///< hit | clean; empty: the file says nothing of it
    std::string sheet;     ///< what its source says where that differs; empty: it does not
    std::string explain;   ///< why
};

enum class events_level : std::uint8_t { off, life, detail, tlp };

struct waves_window {
    ps from{};
    ps to = base::never;
    bool at_violation = false;  ///< both count from the first violation; `from` is not above 0
};

struct outputs {
    events_level events = events_level::life;
    std::optional<waves_window> waves;
    std::vector<std::string> waves_of;  ///< instances that waves.fst shows; empty: all
    std::optional<waves_window> trace;
    bool trace_all = false;  ///< TLPs and credits of the whole run too
    std::optional<waves_window> pcap;
    bool report = true;  ///< report.html, and what explain and compare read
};

}  // namespace drydock::scenario
