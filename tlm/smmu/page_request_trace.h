// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tlm/base/context.h"

namespace drydock::smmu {

/// Tells of page requests between their arrival and their response: boundaries 57 and 59 of their
/// spans (kind::stage), and who wrote an entry of the queue. For observers only; keeps nothing for
/// requests that nobody follows.
class page_request_trace {
public:
    page_request_trace(base::context& ctx, base::place_id place) : ctx_(ctx), place_(place) {}

    /// Written to the queue, or decided about without: it waits for its group's response.
    void taken(base::routing_id function, std::uint16_t group, bool last, base::span_id span) {
        if (span != base::no_span) take(function, group, last, span);
    }
    void written(base::phys_addr entry, std::uint64_t bytes, base::span_id span) {
        ctx_.provenance.written(entry, bytes, span);
    }
    /// Software's response to the group leaves.
    void answered(base::routing_id function, std::uint16_t group);
    /// The SMMU's own does: no stage of software lies before it.
    void answered_here(base::routing_id function, std::uint16_t group) {
        open_.erase(key(function, group));
    }

private:
    struct requests {
        std::vector<base::span_id> spans;
        bool complete = false;  ///< the last of the group was there
    };
    static std::uint32_t key(base::routing_id function, std::uint16_t group) {
        return std::uint32_t{function.value} << 16 | group;
    }
    void take(base::routing_id function, std::uint16_t group, bool last, base::span_id span);
    void stage(base::span_id span, std::uint64_t boundary);

    base::context& ctx_;
    base::place_id place_;
    std::unordered_map<std::uint32_t, requests> open_;  ///< by function and group; never iterated
};

}  // namespace drydock::smmu
