// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "sw/kernel/scheduler.h"

namespace drydock::sw {

/// What a lock tells of itself, alike for all kinds: notes `lock` and `unlock`. Monitors judge
/// order and length.
class lock_notes {
public:
    // flags of the notes; irqs_off and in_interrupt are added here
    static constexpr u64 spinning = 1, shared = 2, irqs_off = 4, in_interrupt = 8;

    lock_notes(scheduler& s, std::string name)
        : scheduler_(s), name_(std::move(name)), text_(s.text(name_)) {}

    const std::string& name() const { return name_; }
    void locked(task& t, u64 flags, hal::duration waited) const {
        ++t.locks;
        tell(hal::note::lock, t, flags, waited);
    }
    void unlocked(task& t, u64 flags, hal::duration held) const {
        --t.locks;
        tell(hal::note::unlock, t, flags, held);
    }
    /// A task has to wait for it; told before it does.
    void waits(const task& t, const task& owner) const {
        hal::observe& o = scheduler_.host().observe;
        if (o.wants(hal::note::lock_wait))
            o.emit(hal::note::lock_wait, t.place, t.span, text_, t.place, owner.place, 0);
    }
    /// The same of one that spins: if the owner is stuck under it, the owner waits for the CPU.
    void spins(const task& t, const task& owner) const {
        waits(t, owner);
        hal::observe& o = scheduler_.host().observe;
        if (t.cpu != owner.cpu || !t.masks_interrupts() || !o.wants(hal::note::lock_wait)) return;
        o.emit(hal::note::lock_wait, owner.place, owner.span,
               scheduler_.text("cpu" + std::to_string(t.cpu)), owner.place, t.place, 0);
    }
    /// @throws std::logic_error
    void must_own(bool owner) const {
        if (!owner)
            throw std::logic_error("kernel: '" + scheduler_.active()->name + "' unlocks '" + name_ +
                                   "', which it does not hold");
    }

private:
    void tell(hal::note n, const task& t, u64 flags, hal::duration time) const {
        hal::observe& o = scheduler_.host().observe;
        if (!o.wants(n)) return;
        flags |= (t.masks_interrupts() ? irqs_off : 0) | (t.interrupt ? in_interrupt : 0);
        o.emit(n, t.place, t.span, text_, t.place, flags, static_cast<u64>(time.count()));
    }

    scheduler& scheduler_;
    std::string name_;
    hal::text_id text_;
};

}  // namespace drydock::sw
