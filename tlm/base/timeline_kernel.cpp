// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/timeline_kernel.h"

namespace drydock::base {

timeline_kernel::timeline_kernel(sc_core::sc_module_name name, timeline& t)
    : sc_module(name), timeline_(t) {
    timeline_.set_driver(this);
    SC_HAS_PROCESS(timeline_kernel);
    SC_METHOD(work);
    sensitive << wake_;
    dont_initialize();
}

void timeline_kernel::start_of_simulation() {
    timeline_.seal();
    armed_ = never;
    if (timeline_.next() != never) earlier(timeline_.next());
}

void timeline_kernel::resume() {
    timeline_.resume();
    if (!working_) wake_.notify();
}

void timeline_kernel::go(ps duration, bool alone) {
    timeline_.go_on();
    alone_ = alone;
    if (sc_core::sc_get_status() == sc_core::SC_PAUSED) {
        armed_ = never;  // a stop left what was pending without a wake-up
        if (timeline_.next() != never) earlier(timeline_.next());
    }
    if (duration == never) {
        end_ = never;
        sc_core::sc_start();
    } else {
        end_ = timeline_.now() + duration;
        sc_core::sc_start(to_sc(end_ - from_sc(sc_core::sc_time_stamp())));
        if (!timeline_.stopped()) sync();
    }
    alone_ = false;
}

void timeline_kernel::work() {
    working_ = true;
    timeline_.advance(from_sc(sc_core::sc_time_stamp()));
    armed_ = never;
    const bool idle = timeline_.run_due() && (!alone_ || run_stretch());
    working_ = false;
    if (timeline_.stopped()) {
        sc_core::sc_pause();
        return;
    }
    if (idle && timeline_.next() != never) earlier(timeline_.next());
}

/// One instant after the other while SystemC has nothing to do. @return as timeline::run_due()
bool timeline_kernel::run_stretch() {
    while (timeline_.next() < end_ && !sc_core::sc_pending_activity()) {
        timeline_.advance(timeline_.next());
        if (!timeline_.run_due()) return false;
    }
    return true;
}

void timeline_kernel::earlier(ps when) {
    if (working_ || timeline_.paused() || when >= armed_) return;
    const ps now = from_sc(sc_core::sc_time_stamp());
    armed_ = when;
    wake_.notify(to_sc(when > now ? when - now : ps{}));
}

}  // namespace drydock::base
