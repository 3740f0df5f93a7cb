// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "tlm/base/time.h"

namespace drydock::endpoint {

/// Misbehaviour that a scenario may ask of a function. Everything is off by default; a count says
/// how many of the next occasions are hit, `always` all of them.
struct faults {
    static constexpr std::uint32_t always = UINT32_MAX;

    // -- Invalidate Requests --
    std::uint32_t swallow_invalidates = 0;  ///< vanish at the function, as in a reset
    std::uint32_t deaf_until_reset = 0;     ///< the same, until the function is reset
    std::uint32_t complete_early = 0;       ///< completed at once, and the ATC is never told
    // -- Invalidate Completions --
    std::uint32_t lose_completions = 0;       ///< not sent though the work is done
    std::uint32_t delay_completions = 0;      ///< sent `delay` later
    std::uint32_t duplicate_completions = 0;  ///< sent twice
    std::uint32_t reorder_completions = 0;    ///< sent behind the next one
    std::uint32_t late_completions = 0;  ///< sent when the same ITag is used by another request
    std::uint32_t wrong_itag = 0;        ///< name the ITag above
    std::uint32_t wrong_cc = 0;          ///< say that two are sent, and one is
    // -- data and requests --
    std::uint32_t poison_writes = 0;    ///< DMA writes go out poisoned
    std::uint32_t malform_writes = 0;   ///< DMA writes go out with byte enables that no rule allows
    std::uint32_t corrupt_digests = 0;  ///< data goes out with an ECRC that does not fit it
    std::uint32_t swallow_requests = 0;    ///< DMA reads never reach the link: Completion Timeout
    std::uint32_t abort_requests = 0;      ///< reads of its BARs end with Completer Abort
    std::uint32_t refuse_requests = 0;     ///< requests to its BARs are Unsupported Requests
    std::uint32_t poison_completions = 0;  ///< reads of its BARs are answered with poisoned data
    std::uint32_t stray_completions = 0;   ///< completions that nobody waits for, at once
    // -- the function --
    std::uint32_t forge_addresses = 0;  ///< translated data goes to the page beside the one granted
    std::uint32_t ignore_flr = 0;       ///< Initiate FLR has no effect
    std::uint32_t never_ready = 0;      ///< an FLR does not end
    std::uint32_t pri_flood = 0;        ///< Page Requests, 10 a microsecond, that nobody allowed
    std::uint32_t deaf = 0;  ///< requests have no effect: RRS, or no answer; its DMA goes on
    std::uint32_t silent_death = 0;  ///< nothing is answered or sent any more, the link stays up

    base::ps delay{100'000'000};

    /// Takes one occasion from a count.
    static bool take(std::uint32_t& count) {
        if (count == 0) return false;
        if (count != always) --count;
        return true;
    }
};

struct fault_info {
    std::string_view name;  ///< as a scenario writes it
    std::uint32_t faults::*count;
};

inline constexpr std::array<fault_info, 24> fault_table{{
    {"swallow_invalidates", &faults::swallow_invalidates},
    {"deaf_until_reset", &faults::deaf_until_reset},
    {"complete_early", &faults::complete_early},
    {"lose_completions", &faults::lose_completions},
    {"delay_completions", &faults::delay_completions},
    {"duplicate_completions", &faults::duplicate_completions},
    {"reorder_completions", &faults::reorder_completions},
    {"late_completions", &faults::late_completions},
    {"wrong_itag", &faults::wrong_itag},
    {"wrong_cc", &faults::wrong_cc},
    {"poison_writes", &faults::poison_writes},
    {"malform_writes", &faults::malform_writes},
    {"corrupt_digests", &faults::corrupt_digests},
    {"swallow_requests", &faults::swallow_requests},
    {"abort_requests", &faults::abort_requests},
    {"refuse_requests", &faults::refuse_requests},
    {"poison_completions", &faults::poison_completions},
    {"stray_completions", &faults::stray_completions},
    {"forge_addresses", &faults::forge_addresses},
    {"ignore_flr", &faults::ignore_flr},
    {"never_ready", &faults::never_ready},
    {"pri_flood", &faults::pri_flood},
    {"deaf", &faults::deaf},
    {"silent_death", &faults::silent_death},
}};

}  // namespace drydock::endpoint
