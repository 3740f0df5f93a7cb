// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace drydock::base {

/// One of the things that may come next at a point where order is free.
struct candidate {
    std::string_view name;  ///< who or what, for steering files and the replay string
    std::uint64_t key = 0;  ///< the caller's own handle
};

/// Asked wherever order is free; no other code decides order. Steering by scenarios, holds and
/// explorers are implementations.
struct choice {
    virtual ~choice() = default;
    /// @param point  name of the decision, e.g. "run_queue"
    /// @param among  at least one candidate, in default order
    /// @return index into among; 0 is the default answer
    virtual std::size_t choose(std::string_view point, std::span<const candidate> among) = 0;
};

/// Always the first.
struct default_choice final : choice {
    std::size_t choose(std::string_view, std::span<const candidate>) override { return 0; }
};

}  // namespace drydock::base
