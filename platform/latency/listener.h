// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tlm/base/probe.h"

namespace drydock::latency {

/// How a transaction came to its end.
enum class ending : std::uint8_t { completed, timed_out, abandoned, open };

constexpr std::string_view word(ending e) {
    constexpr std::string_view words[] = {"completed", "timed_out", "abandoned", "open"};
    return words[static_cast<std::size_t>(e)];
}

/// A part of a transaction's life; they follow one another without a gap.
struct piece {
    std::string_view name;  ///< as in stages.h, or lost_stage, error_restart_stage, rest_stage
    std::size_t stage = 0;  ///< index in the plan, or a number of its own below 20
    base::ps from{}, until{};
};

/// One that is over, or still open when the run is.
struct transaction {
    base::span_class of{};
    base::span_id span{}, parent{};
    base::place_id where = 0;   ///< who told of its birth
    base::place_id client = 0;  ///< of the outermost span
    std::uint16_t device = 0;   ///< routing ID, 0: none
    base::ps begin{}, end{};
    ending ended{};
    std::span<const piece> pieces;
};

/// `waiter` waited for `holder` until now.
struct wait {
    base::span_id waiter{}, holder{};
    std::uint64_t boundary = 0;  ///< at the end of the wait
    base::ps began{}, ended{};
};

/// A command was at the head of its queue, from its fetch until the queue moved on.
struct hold {
    base::place_id queue = 0;
    base::span_id owner{};
    base::ps from{}, until{};
};

/// Who wants to know of each, as the collector finds out. Changes no result.
struct listener {
    virtual void ended(const transaction&) = 0;
    virtual void waited(const wait&) = 0;
    virtual void held(const hold&) = 0;

protected:
    ~listener() = default;
};

}  // namespace drydock::latency
