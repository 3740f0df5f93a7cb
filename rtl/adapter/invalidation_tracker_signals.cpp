// SPDX-License-Identifier: Apache-2.0
// Ports of rtl/invalidation_tracker.sv for a waveform, named as there; of a requester in its scope.
#include <string>

#include "rtl/adapter/invalidation_tracker_pins.h"

namespace drydock::rtl {

void invalidation_tracker_pins::show(signal_sink& f) const {
    const limits l = has();
    f("tick_i", 1, in.tick);
    f("request_valid_i", l.requesters, in.request_valid);
    f("request_ready_o", l.requesters, out.request_ready);
    for (unsigned r = 0; r < l.requesters; ++r) {
        const std::string requester = "requester" + std::to_string(r) + ".request_";
        f(requester + "function_i", 16, in.requests[r].function);
        f(requester + "port_i", 8, in.requests[r].port);
        f(requester + "depth_i", 6, in.requests[r].depth);
    }
    f("taken_valid_o", 1, out.taken_valid);
    f("taken_itag_o", 5, out.taken_itag);
    f("send_valid_o", 1, out.send_valid);
    f("send_ready_i", 1, in.send_ready);
    f("send_itag_o", 5, out.send_itag);
    f("port_room_i", l.ports, in.port_room);
    f("completion_valid_i", 1, in.completion_valid);
    f("completion_function_i", 16, in.completion_function);
    f("completion_port_i", 8, in.completion_port);
    f("completion_itags_i", 32, in.completion_itags);
    f("completion_cc_i", 3, in.completion_cc);
    f("unexpected_not_outstanding_o", 32, out.not_outstanding);
    f("unexpected_wrong_function_o", 32, out.wrong_function);
    f("unexpected_cc_differs_o", 32, out.cc_differs);
    f("give_up_i", 32, in.give_up);
    f("done_o", 32, out.done);
    f("given_up_o", 32, out.given_up);
    f("expired_o", 32, out.expired);
    f("drain_valid_i", 1, in.drain_valid);
    f("drained_o", 1, out.drained);
    f("drained_lost_o", 32, out.drained_lost);
    f("outstanding_o", 32, out.outstanding);
    show_state(f);
}

}  // namespace drydock::rtl
