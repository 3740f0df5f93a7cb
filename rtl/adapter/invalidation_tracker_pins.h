// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "rtl/adapter/signal_sink.h"

namespace drydock::rtl {

/// Named parameter sets of rtl/invalidation_tracker.sv.
enum class tracker_set : std::uint8_t {
    small,  ///< 8 ITags, 4 ports, 1 requester
    large   ///< 32 ITags, 32 ports, 4 requesters
};

/// The ports of rtl/invalidation_tracker.sv, named as there. Free of SystemC and of Verilator.
struct invalidation_tracker_pins {
    static constexpr unsigned most_requesters = 4;
    struct limits {
        unsigned itags, ports, requesters;
    };
    struct request {
        std::uint16_t function = 0;
        std::uint8_t port = 0;
        std::uint8_t depth = 32;
    };
    struct inputs {
        bool tick = false;
        std::uint8_t request_valid = 0;  ///< bit n: requester n
        std::array<request, most_requesters> requests{};
        bool send_ready = false;
        std::uint32_t port_room = UINT32_MAX;
        bool completion_valid = false;
        std::uint16_t completion_function = 0;
        std::uint8_t completion_port = 0;
        std::uint32_t completion_itags = 0;
        std::uint8_t completion_cc = 0;
        std::uint32_t give_up = 0;
        bool drain_valid = false;
    };
    struct outputs {
        std::uint8_t request_ready = 0;
        bool taken_valid = false;
        std::uint8_t taken_itag = 0;
        bool send_valid = false;
        std::uint8_t send_itag = 0;
        std::uint32_t not_outstanding = 0, wrong_function = 0, cc_differs = 0;  ///< unexpected_o
        std::uint32_t done = 0, given_up = 0, expired = 0;
        bool drained = false;
        std::uint32_t drained_lost = 0;
        std::uint32_t outstanding = 0;
    };

    virtual ~invalidation_tracker_pins() = default;
    virtual limits has() const = 0;
    /// What depends on the inputs within the cycle: request_ready and send_*.
    virtual void settle() = 0;
    /// One rising edge with the inputs as they stand.
    virtual void clock() = 0;
    /// Shows the ports and registers as they stand.
    void show(signal_sink&) const;
    virtual void show_state(signal_sink&) const = 0;

    inputs in;
    outputs out;
};

invalidation_tracker_pins::limits invalidation_tracker_limits(tracker_set);

/// The Verilated block, out of reset. @param pool  ITags in use, 1..limits::itags
std::unique_ptr<invalidation_tracker_pins> make_invalidation_tracker(tracker_set, unsigned pool);

}  // namespace drydock::rtl
