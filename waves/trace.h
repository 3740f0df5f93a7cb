// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "waves/sink.h"

namespace drydock::waves {

/// A number of the machine that no event tells; read when something happens at its place.
struct gauge {
    std::string where;  ///< place: "ep0.atc"
    std::string name;   ///< "ATC entries"
    std::function<std::uint64_t()> read;
};

struct trace_options {
    bool wire = false;  ///< TLPs and credits too: twice as many records
    /// Name of the stage that ends at a boundary of kind::stage, "" if there is none.
    std::string_view (*stage_name)(std::uint64_t boundary) = nullptr;
    std::vector<gauge> gauges = {};
};

/// trace.json.gz in Chrome's trace-event format, for Perfetto (ui.perfetto.dev): a process per
/// component, a thread per place in it; each transaction an async span named by its id
/// (waves/transaction_id.h) with its stages nested; arrows of an invalidation from its command over
/// the SMMU and the function to its completion; counters. Times are in us as the format wants, with
/// up to six digits, so exact, but a viewer rounds them to ns: args hold the ps.
///
/// What that viewer wants: spans that share category and id are one track, named by the first of
/// them, and tracks of one name are drawn as one; so ids are lanes (waves/trace_lanes.h), and the
/// first thing on each is an instant that says "INV ep0". Slices of a thread must nest, else it
/// drops them; so the legs of arrows have threads of their own.
/// @throws std::runtime_error if the file cannot be made
std::unique_ptr<sink> open_trace(base::context& ctx, const std::filesystem::path& file,
                                 window shown, const file_header& header, trace_options options);

}  // namespace drydock::waves
