// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "tlm/base/ids.h"
#include "tlm/base/tick_grid.h"

namespace drydock::base {
struct context;
}

namespace drydock::root_complex {

/// Why a Downstream Port contains: DPC Trigger Reason and its extension (PCIe).
enum class containment_cause : std::uint8_t {
    own_error,         ///< reason 0: unmasked uncorrectable error detected by the port
    nonfatal_message,  ///< reason 1: ERR_NONFATAL received
    fatal_message,     ///< reason 2: ERR_FATAL received
    rp_pio,            ///< reason 3, extension 0
    software           ///< reason 3, extension 1
};

struct containment_trigger {
    containment_cause cause = containment_cause::own_error;
    bool fatal = false;         ///< severity of an own error
    base::routing_id source{};  ///< reporter of a message
};

/// What software has set in DPC Control.
struct containment_control {
    std::uint8_t trigger_enable = 0;  ///< 0 off, 1 ERR_FATAL, 2 ERR_NONFATAL or ERR_FATAL
    bool complete_with_ur = false;    ///< Completion Control: UR, else CA
};

enum class containment_way : std::uint8_t { up, down };
enum class containment_class : std::uint8_t { posted, non_posted, completion };

/// What the block needs to know of a TLP.
struct containment_tlp {
    containment_class what = containment_class::posted;
    bool err_nonfatal = false, err_fatal = false;  ///< upward messages
    base::routing_id requester{};
};

/// What becomes of a TLP.
enum class containment_verdict : std::uint8_t { pass, discard, complete_ur, complete_ca };
/// What becomes of a trigger: `ignored` because containment holds already.
enum class containment_answer : std::uint8_t { contained, not_enabled, ignored };
enum class containment_channel : std::uint8_t { trigger, up, down };

struct containment_config {
    base::ps clock{500};
    bool root_port_extensions = false;  ///< RP Busy exists
    base::ps rp_busy{1'000'000};        ///< after a trigger; never: it is stuck
    unsigned lanes = 8;                 ///< TLPs of each way that are taken for one edge, 1..8
    unsigned trigger_cycles = 0;  ///< from a trigger's sampling edge to its answer and containment
    unsigned release_cycles = 0;  ///< from a release's sampling edge to the end of containment
    unsigned verdict_cycles = 0;  ///< from a TLP's sampling edge to what becomes of it

    /// On which the end of RP Busy is judged. @pre rp_busy != never
    base::tick_grid grid() const { return {rp_busy, clock}; }
};

/// Downstream Port Containment: who starts it, what it does to each TLP, RP Busy. Shaped for
/// back-pressure like atc_if: no call answers in the same instant, an accepted input is sampled at
/// the block's next clock edge. Of one edge's inputs DPC Control comes first, then the end of RP
/// Busy, the trigger, the release, TLPs upward, TLPs downward; TLPs of one way in the order of the
/// calls.
struct containment_if {
    virtual ~containment_if() = default;
    /// Always taken; the last one before an edge counts.
    virtual void control(const containment_control&) = 0;
    /// try_*: false means not ready; repeat only after containment_client::ready(channel).
    virtual bool try_trigger(const containment_trigger&) = 0;
    virtual bool try_tlp(containment_way, const containment_tlp&) = 0;
    /// Software has cleared Trigger Status. Always taken; released() or release_too_early() follows
    /// if it contains.
    virtual void release() = 0;
};

struct containment_client {
    virtual ~containment_client() = default;
    /// From here on everything is refused; said before the verdicts of TLPs behind the trigger.
    virtual void contained(const containment_trigger&) = 0;
    virtual void released() = 0;
    /// RP Busy is 1: containment stays (choice).
    virtual void release_too_early() = 0;
    /// RP Busy is 0 again.
    virtual void rp_idle() = 0;
    /// One for each try_trigger that was taken, in order.
    virtual void answered(containment_answer) = 0;
    /// One for each try_tlp that was taken, in order of each way.
    virtual void judged(containment_way, containment_verdict) = 0;
    virtual void ready(containment_channel) = 0;
};

/// Makes the block of a port.
using containment_maker = std::function<std::unique_ptr<containment_if>(
    std::string_view name, base::context&, const containment_config&, containment_client&)>;

}  // namespace drydock::root_complex
