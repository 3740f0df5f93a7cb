// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "tlm/base/ids.h"
#include "tlm/base/tick_grid.h"
#include "tlm/base/time.h"

namespace drydock::base {
struct context;
}

namespace drydock::smmu {

inline constexpr unsigned itags = 32;  // PCIe ATS: ITag is 5 bits

/// The queue's own number for one ATC_INV command that waits for its completion.
using invalidation_id = std::uint32_t;

/// What an ATC_INV asks for, decoded (SMMUv3 4.5; SMMUv3).
struct invalidation {
    std::uint16_t port = 0;                  ///< root port that owns the target bus
    base::routing_id function;               ///< target
    std::optional<base::substream_id> ssid;  ///< PASID prefix
    std::uint64_t body = 0;                  ///< 64-bit message body: address, S, Global
    base::span_id span{};                    ///< observers only
    std::uint8_t requester = 0;              ///< which of the command queues asks
};

/// Invalidate Completion as it reaches the tracker: every older posted write of its port is
/// performed.
struct invalidate_completion {
    std::uint16_t port = 0;
    base::routing_id function;
    std::uint32_t itag_vector = 0;  ///< bit n = ITag n
    std::uint8_t cc = 1;            ///< Completion Count field, 0 means 8
};

struct invalidation_tracker_config {
    base::ps timeout{60'000'000'000'000};  ///< PCIe ATS: 60 s -0 % +50 %
    base::ps clock{1'000};
    unsigned itags = 32;        ///< ITags that there are, 1..32
    unsigned issue_cycles = 0;  ///< from the edge at which an ITag is owned to its request
    unsigned match_cycles = 0;  ///< from a completion's sampling edge until its ITags retire

    /// On which timeouts are judged.
    base::tick_grid grid() const { return {timeout, clock}; }
};

struct invalidation_tracker_counters {
    std::uint64_t issued = 0, completed = 0, timeouts = 0, given_up = 0;
    std::uint64_t unexpected = 0;  ///< ITags named by completions that nobody waited for
};

/// Owns the ITags and the timeouts. Shaped for back-pressure like atc_if: no call answers in the
/// same instant, an accepted input is sampled at the next clock edge. One invalidation and one
/// completion are sampled per edge and one request leaves. Of one edge's inputs the completion
/// comes first, then give_up, the timeout, the invalidation, drain; ITags that end at one edge are
/// told in that order, ascending.
struct invalidation_tracker_if {
    virtual ~invalidation_tracker_if() = default;
    /// Invalidate queue depth of a function: most requests outstanding, 1..32; 0 means 32 (PCIe
    /// ATS).
    virtual void set_queue_depth(base::routing_id, unsigned depth) = 0;
    /// false: not ready (no free ITag, or the function has its queue depth outstanding); repeat the
    /// same one after ready(), the lowest requester first.
    virtual bool try_invalidate(invalidation_id, const invalidation&) = 0;
    /// Always taken; completions wait for each other.
    virtual void completion(const invalidate_completion&) = 0;
    /// Nobody below can answer (fail_fast on a downed link, or UR at the root complex): done,
    /// without timeout.
    virtual void give_up(base::itag) = 0;
    /// There is room again for what try_send refused.
    virtual void resume() = 0;
    /// For a SYNC: drained() follows when every invalidation taken up to the next edge is finished.
    /// A second one before that takes the place of the first.
    virtual void drain() = 0;

    /// Invalidations taken and not finished.
    virtual unsigned outstanding() const = 0;
    virtual const invalidation_tracker_counters& count() const = 0;
};

struct invalidation_tracker_client {
    virtual ~invalidation_tracker_client() = default;
    /// Send the Invalidate Request. false while its port cannot take it; the tracker repeats after
    /// resume().
    virtual bool try_send(invalidation_id, base::itag, const invalidation&) = 0;
    /// The ITag is free again. lost: the timeout passed, the range may still be cached.
    virtual void finished(invalidation_id, bool lost) = 0;
    /// What drain() waited for is finished, these ITags of it by timeout.
    virtual void drained(std::uint32_t lost_itags) = 0;
    virtual void ready() = 0;
};

/// Makes the tracker of an SMMU.
using invalidation_tracker_maker = std::function<std::unique_ptr<invalidation_tracker_if>(
    std::string_view name, base::context&, const invalidation_tracker_config&,
    invalidation_tracker_client&)>;

}  // namespace drydock::smmu
