// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "rtl/adapter/signal_sink.h"

namespace drydock::rtl {

/// Named parameter sets of rtl/dpc_containment.sv.
enum class containment_set : std::uint8_t {
    small,  ///< 1 TLP of each way per cycle
    large   ///< 8
};

/// The ports of rtl/dpc_containment.sv, named as there; enumerations carry the codes of
/// rtl/dpc_containment_pkg.sv. Free of SystemC and of Verilator.
struct dpc_containment_pins {
    static constexpr unsigned most_lanes = 8;
    struct tlp {
        bool valid = false;
        std::uint8_t what = 0;     ///< class_t
        std::uint8_t message = 0;  ///< message_t, upward
        std::uint16_t source = 0;  ///< Requester ID, upward
    };
    struct inputs {
        bool tick = false;
        bool control_valid = false;
        std::uint8_t control_enable = 0;
        bool control_complete_ur = false;
        bool trigger_valid = false;
        std::uint8_t trigger_cause = 0;
        bool trigger_fatal = false;
        std::uint16_t trigger_source = 0;
        bool release = false;
        std::array<tlp, most_lanes> up{}, down{};
    };
    struct verdict {
        bool judged = false;
        std::uint8_t is = 0;  ///< verdict_t
    };
    struct outputs {
        bool answer_valid = false;
        std::uint8_t answer = 0;
        bool released = false, release_too_early = false;
        std::array<verdict, most_lanes> up{}, down{};
        bool contained_by_trigger = false, contained_by_message = false, rp_idle = false;
        // status_o
        bool triggered = false, rp_busy = false;
        std::uint8_t reason = 0, reason_extension = 0;
        std::uint16_t source = 0;
    };

    virtual ~dpc_containment_pins() = default;
    virtual unsigned lanes() const = 0;
    /// One rising edge with the inputs as they stand.
    virtual void clock() = 0;
    /// Shows the ports and registers as they stand.
    void show(signal_sink&) const;
    virtual void show_state(signal_sink&) const = 0;

    inputs in;
    outputs out;
};

/// The Verilated block, out of reset.
std::unique_ptr<dpc_containment_pins> make_dpc_containment(containment_set, bool rp_extensions,
                                                           bool rp_busy_stuck);

}  // namespace drydock::rtl
