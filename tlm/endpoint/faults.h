// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace drydock::endpoint {

/// Misbehaviour that a scenario may ask of a function. Everything is off by default; a count says
/// how many of the next occasions are hit, UINT32_MAX all of them.
struct faults {
    std::uint32_t swallow_invalidates =
        0;  ///< Invalidate Requests vanish at the function, as in a reset
    std::uint32_t lose_completions =
        0;                     ///< Invalidate Completions are not sent though the work is done
    bool never_ready = false;  ///< an FLR does not end

    /// Takes one occasion from a count.
    static bool take(std::uint32_t& count) {
        if (count == 0) return false;
        if (count != UINT32_MAX) --count;
        return true;
    }
};

}  // namespace drydock::endpoint
