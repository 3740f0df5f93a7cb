// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/signals.h"
#include "waves/device_names.h"

namespace drydock::waves {

/// Who wrote a file and how to repeat it. Nothing in it may depend on clock, host or path.
struct file_header {
    std::string identity =
        "{}";             ///< one line, a JSON object: version, command, seed, scenario, hash, run
    std::string version;  ///< program's version
    device_names names;
};

/// A file that records the probe's events. Attaching one changes no result.
struct sink {
    virtual ~sink() = default;
    /// Completes the file; later events are not recorded. The destructor does the same, without
    /// reporting.
    /// @throws std::runtime_error if the file could not be written
    virtual void close() = 0;
    /// Events or values that the file could not take (all lanes busy). 0 for events.jsonl.
    virtual std::uint64_t overflowed() const = 0;
    /// Where blocks with signals of their own (base::signal_source) record them; null: not here.
    virtual base::signal_recorder* signals() { return nullptr; }
};

/// events.jsonl: a header line, then one JSON object a line with the keys t (ps), kind, where, span
/// and the fields of `base::kind_table` by name. Levels detail and tlp show every event of their
/// level. Level life keeps to what a reader can follow: operations that repeat by the ten thousand
/// (unmap, atc_inv, page_request) become one line each when they end, of kind "unmap" and so on,
/// with the lengths of their stages in ps as "stages":[..] (null: boundary not reached) and, where
/// these do not cover it, the whole as "took"; those still open at the end say "open":true. Inside
/// of them it leaves out calls, points and SYNCs.
/// @throws std::runtime_error if the file cannot be made
std::unique_ptr<sink> open_events(base::context& ctx, const std::filesystem::path& file,
                                  base::event_level level, const file_header& header);

/// Part of the run that a file shows.
struct window {
    base::ps from{0};
    base::ps to = base::never;
    /// Both count from the first violation that decides an outcome; from is not above 0. The events
    /// of -from are kept in memory until then.
    bool at_violation = false;
};
struct fst_options {
    unsigned lanes = 32;  ///< overlapping transactions shown per place and class, 1..64
    bool tlps = true;     ///< a lane group for the TLPs of each link direction
    /// Instances to show with all that is in them: a scope's name or some of its components,
    /// "smmu", "sva0", "rp0_link.up". Empty: all.
    std::vector<std::string> instances = {};
};

/// waves.fst for GTKWave. Scopes are the places' names split at '.'; states are words; transactions
/// are text on the lowest free lane, name_0, name_1, ..., begun with their id
/// (waves/transaction_id.h); times in ps. Variables appear with their first value. What several
/// transactions say within one instant is all there: a lane keeps the last words of that instant,
/// states and notes are joined by "; ". The scope `markers` holds what the timeline did, the faults
/// among it, and the first violation.
/// @throws std::runtime_error if the file cannot be made, std::invalid_argument for options out of
/// range
std::unique_ptr<sink> open_fst(base::context& ctx, const std::filesystem::path& file, window shown,
                               const file_header& header, fst_options options = {});

}  // namespace drydock::waves
