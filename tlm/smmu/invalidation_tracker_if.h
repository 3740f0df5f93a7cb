// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "tlm/base/ids.h"
#include "tlm/base/time.h"

namespace drydock::smmu {

/// The queue's own number for one ATC_INV command that waits for its completion.
using invalidation_id = std::uint32_t;

/// What an ATC_INV asks for, decoded (SMMUv3 4.5; SMMUv3).
struct invalidation {
    std::uint16_t port = 0;                  ///< root port that owns the target bus
    base::routing_id function;               ///< target
    std::optional<base::substream_id> ssid;  ///< PASID prefix
    std::uint64_t body = 0;                  ///< 64-bit message body: address, S, Global
    base::span_id span{};                    ///< observers only
};

/// Invalidate Completion as it reaches the tracker: every older posted write of its port is
/// performed.
struct invalidate_completion {
    std::uint16_t port = 0;
    base::routing_id function;
    std::uint32_t itag_vector = 0;  ///< bit n = ITag n
    std::uint8_t cc = 1;            ///< Completion Count field, 0 means 8
};

/// Owns the ITags (PCIe ATS: 32) and the timeouts. Shaped for back-pressure like atc_if: no call
/// answers in the same instant, an accepted input is sampled at the next clock edge.
struct invalidation_tracker_if {
    virtual ~invalidation_tracker_if() = default;
    /// false: not ready (no free ITag, or the function has its queue depth outstanding); repeat the
    /// same one after ready().
    virtual bool try_invalidate(invalidation_id, const invalidation&) = 0;
    virtual void completion(const invalidate_completion&) = 0;
    /// Nobody below can answer (fail_fast on a downed link, or UR at the root complex): done,
    /// without timeout.
    virtual void give_up(base::itag) = 0;
    /// There is room again for what try_send refused.
    virtual void resume() = 0;
};

struct invalidation_tracker_client {
    virtual ~invalidation_tracker_client() = default;
    /// Send the Invalidate Request. false while its port cannot take it; the tracker repeats after
    /// resume().
    virtual bool try_send(invalidation_id, base::itag, const invalidation&) = 0;
    /// The ITag is free again. lost: the timeout passed, the range may still be cached.
    virtual void finished(invalidation_id, bool lost) = 0;
    virtual void ready() = 0;
};

}  // namespace drydock::smmu
