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
    /// Translations, DMA, TLPs and credits too, of which there are a hundred times more.
    bool everything = false;
    /// Name of the stage that ends at a boundary of kind::stage, "" if there is none.
    std::string_view (*stage_name)(std::uint64_t boundary) = nullptr;
    std::vector<gauge> gauges = {};
};

/// trace.json in Chrome's trace-event format, for Perfetto (ui.perfetto.dev): a process per
/// component, a thread per place in it; each transaction an async span named by its id
/// (waves/transaction_id.h) with its stages nested; flow arrows of an invalidation from its command
/// over the SMMU and the function to its completion; counters. Times are in us as the format wants,
/// with six digits, so exact; args hold ps.
/// @throws std::runtime_error if the file cannot be made
std::unique_ptr<sink> open_trace(base::context& ctx, const std::filesystem::path& file,
                                 window shown, const file_header& header, trace_options options);

}  // namespace drydock::waves
