// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tlm/endpoint/atc_if.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::accuracy {

/// What was handed to an ATC and when. Its own numbers are not part of it: an answer to a request
/// is "of the n-th request", a release is "of this lookup".
struct atc_stimulus {
    enum class kind : std::uint8_t {
        enable,
        lookup,
        fill,
        invalidate,
        release,
        completion_room  ///< the posted queue has room from here on, or none
    };
    base::ps at{};
    kind what{};
    bool room = false;
    endpoint::atc_access access{};
    std::uint32_t number = 0;  ///< of the lookup, of the request that is answered, of the function
    endpoint::atc_key key{};
    endpoint::completion_entry entry{};
    endpoint::invalidate invalidate{};
};

/// What was handed to an invalidation tracker and when.
struct tracker_stimulus {
    enum class kind : std::uint8_t { invalidate, completion, room };
    base::ps at{};
    kind what{};
    bool room = false;  ///< of the port for requests, from here on
    smmu::invalidation_id id = 0;
    smmu::invalidation invalidation{};
    smmu::invalidate_completion completion{};
};

/// Of pages of 4 KiB or more, fewer than 2^16 functions and 4,095 PASIDs.
inline std::uint64_t name_of(const endpoint::atc_key& k) {
    return k.va.value ^ std::uint64_t{k.rid.value} << 48 ^
           (k.ssid ? std::uint64_t{k.ssid->value} + 1 : 0);
}

struct recording {
    std::vector<atc_stimulus> atc;
    std::vector<tracker_stimulus> tracker;
};

/// When an invalidate was where inside a block; `never` where it did not come to.
struct atc_times {
    base::ps taken = base::never, started = base::never, processed = base::never,
             drained = base::never, completed = base::never;
};
struct tracker_times {
    base::ps accepted = base::never, sent = base::never, answered = base::never,
             finished = base::never;
};

}  // namespace drydock::accuracy
