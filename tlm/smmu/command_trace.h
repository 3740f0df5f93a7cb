// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/smmu/commands.h"
#include "tlm/smmu/record_queue.h"

namespace drydock::smmu {

/// Tells the stages of ATC_INV commands in the command queue (boundaries 2 to 5 and 15) and who
/// stood in front of them. Only watches; does nothing while nobody listens.
class command_trace {
public:
    command_trace(base::place_id place, base::context& ctx, memory_port& memory)
        : ctx_(ctx), place_(place), memory_(memory) {}

    /// PROD has moved from `from` to `to`: boundary 2.
    void visible(const queue_geometry&, std::uint32_t from, std::uint32_t to);
    /// The command at `position` is the next one and was visible: boundary 3.
    void next(const queue_geometry&, std::uint32_t position);
    /// It is here: boundary 4.
    void fetched(const queue_geometry&, std::uint32_t position, const raw_command&);
    /// It has been decoded: boundary 5.
    void decoded();
    /// It waits at the head for somebody else's sake.
    void waits_for(base::span_id other) { cause_ = other; }
    /// It has left the head.
    void left(const queue_geometry&, std::uint32_t position, opcode, bool queue_empty);
    /// It has stopped the queue, because of another.
    void stopped(base::span_id cause);
    /// Boundary 15 of every ATC_INV begun since the last call.
    void synced(base::span_id waited_for);

    /// Span of the command at the head.
    base::span_id span() const { return head_; }
    /// An ATC_INV has been taken off the queue and waits for a SYNC.
    void covers(base::span_id s) {
        if (s != base::no_span && listening()) uncovered_.push_back(s);
    }

private:
    struct note {
        base::span_id span{};  ///< of an ATC_INV, else none
        base::ps visible{};
    };
    bool listening() const { return ctx_.probe.wants(base::kind::stage); }
    void stage(base::span_id s, unsigned boundary, base::span_id waited_for = {}) {
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), s, boundary, waited_for.value);
    }

    base::context& ctx_;
    base::place_id place_;
    memory_port& memory_;
    std::vector<note> notes_;  ///< by slot of the queue
    std::vector<base::span_id> uncovered_;
    base::span_id head_{};
    base::span_id head_atc_inv_{};  ///< head_ if it is an ATC_INV
    base::span_id cause_{};         ///< for whom the head waits
    base::ps head_since_{};
    struct {
        base::span_id span{};
        base::ps held{};
        base::ps until{};
    } longest_;  ///< who held the head longest since the queue was last empty
};

}  // namespace drydock::smmu
