// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/event_queue.h"

#include <utility>

#include "tlm/smmu/little_endian.h"

namespace drydock::smmu {
namespace {

constexpr unsigned event_bytes = 32;  // SMMUv3 7.3

}  // namespace

event_queue::event_queue(base::place_id place, base::context& ctx, const smmu_config& c,
                         register_map& regs, memory_port& memory, msi& interrupts,
                         global_errors& errors, event_queue_client& client)
    : ctx_(ctx),
      place_(place),
      regs_(regs),
      msi_(interrupts),
      errors_(errors),
      client_(client),
      merging_(c.merge_events),
      queue_(memory, regs.eventq_base, regs.eventq_prod, regs.eventq_cons, c.eventqs, event_bytes,
             *this) {}

void event_queue::enable(bool on) {
    enabled_ = on;
    if (on) return write_next();
    const std::size_t kept = queue_.writing() && !writing_stall_ ? 1 : 0;
    const std::size_t dropped = waiting_.size() - kept;
    for (std::size_t i = 0; i < dropped; ++i) lose(waiting_[kept + i], false);
    const waiting_record first = kept != 0 ? waiting_.front() : waiting_record{};
    waiting_.clear();
    if (kept != 0) waiting_.push(first);
    settle(dropped);
}

/// Like the newest record that software has still to read.
bool event_queue::merges(const event_record& record) const {
    if (waiting_.size() > 0) return waiting_.back().record == record;
    return !queue_.empty() && newest_ == record;
}

void event_queue::submit(const event_record& record, base::span_id span, bool may_merge) {
    ++submitted_;
    if (merging_ && may_merge && merges(record)) return settle(1);
    const waiting_record w{record, span};
    if (!enabled_ || errors_.active(global_error::eventq_abt)) {
        lose(w, false);
        settle(1);
        return;
    }
    waiting_.push(w);
    write_next();
}

void event_queue::submit_stall(const event_record& record, base::span_id span) {
    stalls_.push({record, span});
    write_next();
}

void event_queue::write_next() {
    const bool open = enabled_ && !errors_.active(global_error::eventq_abt);
    if (open && !queue_.writing() && !stalls_.empty() && !queue_.full()) {
        writing_stall_ = true;
        queue_.write(bytes_of(stalls_.front().record.words));
    }
    while (!waiting_.empty() && !queue_.writing()) {
        const bool aborted = errors_.active(global_error::eventq_abt);
        if (aborted || queue_.full()) {
            lose(waiting_.take(), !aborted);
            if (!aborted) queue_.overflow();
            settle(1);
            continue;
        }
        queue_.write(bytes_of(waiting_.front().record.words));
    }
}

void event_queue::lose(const waiting_record& w, bool overflow) {
    if (ctx_.probe.wants(base::kind::event_lost))
        ctx_.probe.emit(base::kind::event_lost, place_, ctx_.now(), w.span,
                        static_cast<std::uint64_t>(w.record.id()), w.record.stream().value,
                        overflow);
}

void event_queue::settle(std::uint64_t n) {
    if (n == 0) return;
    settled_ += n;
    client_.event_settled();
}

void event_queue::record_settled(bool aborted, bool was_empty) {
    const bool stall = std::exchange(writing_stall_, false);
    const waiting_record w = stall ? stalls_.take() : waiting_.take();
    if (aborted) {
        lose(w, false);
        errors_.raise(global_error::eventq_abt);
    } else {
        if (ctx_.probe.wants(base::kind::event_recorded))
            ctx_.probe.emit(base::kind::event_recorded, place_, ctx_.now(), w.span,
                            static_cast<std::uint64_t>(w.record.id()), w.record.stream().value,
                            w.record.input_address(), w.record.substream());
        newest_ = w.record;
        if (was_empty && (regs_.irq_ctrlack.value & irq_ctrl::eventq) != 0)
            msi_.send(msi_source::eventq, regs_.eventq_irq);
    }
    if (stall)
        client_.event_settled();  // no SYNC waited for it, EVENTQEN's acknowledge may
    else
        settle(1);
    write_next();
}

}  // namespace drydock::smmu
