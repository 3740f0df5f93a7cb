// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/command_trace.h"

#include <array>

namespace drydock::smmu {
namespace {

constexpr unsigned chunk_commands = 4;

}  // namespace

void command_trace::visible(const queue_geometry& g, std::uint32_t from, std::uint32_t to) {
    if (!listening()) return;
    if (notes_.size() != g.entries()) notes_.assign(g.entries(), note{});
    std::array<std::uint8_t, chunk_commands * command_bytes> bytes;
    for (std::uint32_t left = g.used(to, from); left > 0;) {
        const std::uint32_t n = std::min({left, chunk_commands, g.entries() - g.index(from)});
        const unsigned got =
            memory_.peek(g.address(from), std::span(bytes).first(n * command_bytes));
        for (std::uint32_t i = 0; i < n; ++i, from = g.advanced(from, 1)) {
            note& entry = notes_[g.index(from)];
            entry = {};
            if (got < (i + 1) * command_bytes) continue;
            if (static_cast<opcode>(bytes[i * command_bytes]) != opcode::atc_inv) continue;
            entry = {ctx_.provenance.writer_of(g.address(from)), ctx_.now()};
            if (entry.span != base::no_span) stage(entry.span, 2);
        }
        left -= n;
    }
}

void command_trace::next(const queue_geometry& g, std::uint32_t position) {
    if (!listening()) return;
    head_since_ = ctx_.now();
    cause_ = head_ = head_atc_inv_ = base::no_span;
    const std::uint32_t slot = g.index(position);
    if (slot >= notes_.size() || notes_[slot].span == base::no_span) return;
    const note& n = notes_[slot];
    const bool waited = longest_.until > n.visible && ctx_.now() > n.visible;
    stage(n.span, 3, waited ? longest_.span : base::no_span);
}

void command_trace::fetched(const queue_geometry& g, std::uint32_t position,
                            const raw_command& raw) {
    if (ctx_.probe.wants(base::kind::command_fetched))
        ctx_.probe.emit(base::kind::command_fetched, place_, ctx_.now(),
                        ctx_.provenance.writer_of(g.address(position)), raw[0] & 0xff,
                        g.index(position), raw[0], raw[1]);
    if (!listening()) return;
    head_ = ctx_.provenance.writer_of(g.address(position));
    head_atc_inv_ = opcode_of(raw) == opcode::atc_inv ? head_ : base::no_span;
    if (head_atc_inv_ != base::no_span) stage(head_atc_inv_, 4);
}

void command_trace::decoded() {
    if (head_atc_inv_ != base::no_span && listening()) stage(head_atc_inv_, 5);
}

void command_trace::left(const queue_geometry& g, std::uint32_t position, opcode op,
                         bool queue_empty) {
    if (ctx_.probe.wants(base::kind::command_done))
        ctx_.probe.emit(base::kind::command_done, place_, ctx_.now(),
                        ctx_.provenance.writer_of(g.address(position)),
                        static_cast<std::uint64_t>(op), g.index(position));
    if (op == opcode::sync && ctx_.probe.wants(base::kind::sync_done))
        ctx_.probe.emit(base::kind::sync_done, place_, ctx_.now(),
                        ctx_.provenance.writer_of(g.address(position)), g.index(position));
    if (!listening()) return;
    const base::ps held = ctx_.now() - head_since_;
    if (queue_empty)
        longest_ = {};
    else if (held >= longest_.held)
        longest_ = {cause_ != base::no_span ? cause_ : head_, held, ctx_.now()};
}

void command_trace::stopped(base::span_id cause) {
    if (listening()) longest_ = {cause, ctx_.now() - head_since_, ctx_.now()};
}

void command_trace::synced(base::span_id waited_for) {
    if (listening())
        for (const base::span_id s : uncovered_)
            stage(s, 15, waited_for == s ? base::no_span : waited_for);
    uncovered_.clear();
}

}  // namespace drydock::smmu
