// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemc>

#include "tlm/base/timeline.h"

namespace drydock::base {

inline sc_core::sc_time to_sc(ps t) {
    return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(t.count));
}
inline ps from_sc(const sc_core::sc_time& t) { return ps{static_cast<std::int64_t>(t.value())}; }

/// Drives one timeline under the SystemC kernel: one SC_METHOD and one sc_event for all our models.
/// The kernel's time resolution must be 1 ps.
class timeline_kernel final : public sc_core::sc_module, timeline::driver {
public:
    timeline_kernel(sc_core::sc_module_name name, timeline& t);

    /// Simulates for a while, or until timeline.stop() or until nothing is left; may be called
    /// again to go on.
    void run(ps duration = never) { go(duration, false); }
    /// As run(), where nobody but our models looks at SystemC's time: while no SystemC event is
    /// pending it stands still, which spares a trip through the kernel at every instant.
    void run_alone(ps duration = never) { go(duration, true); }
    /// Goes on with the timeline after whoever paused it has done its part. Callable from an
    /// SC_THREAD.
    void resume();
    /// Brings now() to the kernel's time: for adapters whose third-party module calls in by itself.
    void sync() { timeline_.advance(from_sc(sc_core::sc_time_stamp())); }

private:
    void start_of_simulation() override;
    void go(ps duration, bool alone);
    void work();
    bool run_stretch();
    void earlier(ps when) override;

    timeline& timeline_;
    sc_core::sc_event wake_;
    ps armed_ = never;
    ps end_ = never;  // of the run
    bool alone_ = false;
    bool working_ = false;
};

}  // namespace drydock::base
