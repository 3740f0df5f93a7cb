// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/host.h"

#include <algorithm>

namespace drydock::rtl {

host::host(std::string_view name, base::context& ctx, base::ps period, clocked& what,
           bool look_ahead)
    : ctx_(ctx),
      clock_(period),
      what_(what),
      id_(ctx.timeline.join(name, *this)),
      look_ahead_(look_ahead) {}

void host::arm(base::ps when, std::uint64_t op) {
    if (when >= armed_at_) return;
    ctx_.timeline.cancel(armed_);
    armed_at_ = when;
    armed_ = ctx_.timeline.at(when, base::phase::rtl, id_, op);
}

base::ps host::wake() {
    const base::ps edge = next_edge();
    if (!running_) arm(edge);
    return edge;
}

void host::wake_at(base::ps when) {
    tick_ = when == base::never ? when : clock_.edge_at_or_after(when);
    if (!running_ && tick_ != base::never) arm(tick_);
}

void host::compute(base::ps at) {
    edge_time_ = at;
    if (tick_ <= at) tick_ = base::never;
    ++edges_;
    left_ = what_.edge();
}

void host::on_time(std::uint64_t op) {
    armed_at_ = base::never;
    armed_ = {};
    running_ = true;
    if (op != hand_out_op) compute(ctx_.now());
    run_ahead();
    running_ = false;
}

/// Hands out what the edge at now() left, then computes edges up to the one with results, to the
/// one that leaves nothing to do, or to the next record of anybody.
void host::run_ahead() {
    bool more = left_ == clocked::state::busy;
    if (left_ == clocked::state::results) more = what_.hand_out();
    base::ps next = edge_time_ + clock_.period();
    if (look_ahead_ && more) {
        const base::ps limit = ctx_.timeline.next();
        while (more && next < limit) {
            compute(next);
            if (left_ == clocked::state::results) return arm(next, hand_out_op);
            more = left_ == clocked::state::busy;
            next += clock_.period();
        }
    }
    if (more) arm(next);
    if (tick_ != base::never) arm(std::max(tick_, next));
}

}  // namespace drydock::rtl
