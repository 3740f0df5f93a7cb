// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tlm/base/context.h"
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

/// Part of the run that a wave file shows.
struct window {
    base::ps from{0};
    base::ps to = base::never;
};
struct fst_options {
    unsigned lanes = 8;  ///< overlapping transactions shown per place and class, 1..64
    bool tlps = true;    ///< a lane group for the TLPs of each link direction
};

/// waves.fst for GTKWave. Scopes are the places' names split at '.'; states are words; transactions
/// are text on the lowest free lane, name_0, name_1, ...; times in ps. Variables appear with their
/// first value.
/// @throws std::runtime_error if the file cannot be made, std::invalid_argument for options out of
/// range
std::unique_ptr<sink> open_fst(base::context& ctx, const std::filesystem::path& file, window shown,
                               const file_header& header, fst_options options = {});

}  // namespace drydock::waves
