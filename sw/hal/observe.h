// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sw/hal/types.h"

namespace drydock::sw::hal {

/// What software tells of itself; the fields of each are those of the hardware side's table of the
/// same name (the platform joins the two and checks it).
enum class note : u8 {
    span_begin,      // class, parent, device, detail
    span_end,        // result, detail
    stage,           // boundary, waited_for, detail
    point,           // point, device
    call,            // function, device
    ret,             // function, device, result
    task,            // cpu, state
    irqs_off,        // cpu
    irqs_on,         // cpu, held
    interrupt,       // cpu, irq, begins
    lock,            // lock, task, flags, waited
    unlock,          // lock, task, flags, held
    might_sleep,     // what, task, atomic
    warn,            // text, device
    log,             // text, device, level
    attach,          // stream, substream, domain, type
    detach,          // stream, substream, domain
    map,             // domain, iova, phys, bytes
    unmap_begin,     // domain, iova, phys, bytes
    unmap_complete,  // domain, iova, phys, class
    page,            // phys, owner, pages, name
    device_blocked,  // device, blocked, domain
    op_due,          // op, device, missed
    op_begin,        // op, device
    op_end,          // op, device, result, duration
    refcount,        // object, count, rest
    poll_timeout,    // what, waited
    view,            // stream, substream, domain, type
    object,          // object, state
    lock_wait,       // lock, task, owner, state
    count_
};

/// Classes of spans that software gives birth to; numbers as on the hardware side.
enum class span_class : u8 {
    none,
    unmap,
    atc_inv,
    tlbi,
    cfgi,
    sync,
    translation,
    page_request,
    dma,
    reset,
    call
};

/// Software's one door for data about itself. Nothing in sw/ decides by what it returns.
struct observe {
    virtual ~observe() = default;
    virtual bool wants(note) const = 0;
    virtual void emit(note, place_id where, span_id, u64 a = 0, u64 b = 0, u64 c = 0,
                      u64 d = 0) = 0;
    virtual place_id place(std::string_view hierarchical_name) = 0;
    virtual text_id text(std::string_view) = 0;
    virtual span_id new_span() = 0;
    /// A named point was reached by a task (p0.., r0.., i1..): a scenario may want it held here.
    /// @return true if the task must wait; the kernel then suspends it until released
    virtual bool hold(std::string_view task, std::string_view point, u16 device) = 0;
};

}  // namespace drydock::sw::hal
