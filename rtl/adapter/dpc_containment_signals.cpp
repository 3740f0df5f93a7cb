// SPDX-License-Identifier: Apache-2.0
// Ports of rtl/dpc_containment.sv for a waveform, named as there; of a lane in its scope.
#include <array>
#include <string>
#include <string_view>

#include "rtl/adapter/dpc_containment_pins.h"

namespace drydock::rtl {
namespace {

using std::string_view;

// dpc_containment_pkg.sv
constexpr std::array<string_view, 4> triggers{"Off", "Fatal", "Nonfatal", "Reserved"};
constexpr std::array<string_view, 5> causes{"OwnError", "NonfatalMessage", "FatalMessage", "RpPio",
                                            "Software"};
constexpr std::array<string_view, 3> classes{"Posted", "NonPosted", "Completion"};
constexpr std::array<string_view, 3> messages{"None", "ErrNonfatal", "ErrFatal"};
constexpr std::array<string_view, 4> verdicts{"Pass", "Discard", "CompleteUr", "CompleteCa"};
constexpr std::array<string_view, 3> answers{"Contained", "NotEnabled", "Ignored"};

}  // namespace

void dpc_containment_pins::show(signal_sink& f) const {
    f("tick_i", 1, in.tick);
    f("control_valid_i", 1, in.control_valid);
    f("control_enable_i", 2, in.control_enable, triggers);
    f("control_complete_ur_i", 1, in.control_complete_ur);
    f("trigger_valid_i", 1, in.trigger_valid);
    f("trigger_cause_i", 3, in.trigger_cause, causes);
    f("trigger_fatal_i", 1, in.trigger_fatal);
    f("trigger_source_i", 16, in.trigger_source);
    f("answer_valid_o", 1, out.answer_valid);
    f("answer_o", 2, out.answer, answers);
    f("release_i", 1, in.release);
    f("released_o", 1, out.released);
    f("release_too_early_o", 1, out.release_too_early);
    for (unsigned l = 0; l < lanes(); ++l) {
        const std::string lane = "lane" + std::to_string(l) + ".";
        f(lane + "up_valid_i", 1, in.up[l].valid);
        f(lane + "up_class_i", 2, in.up[l].what, classes);
        f(lane + "up_message_i", 2, in.up[l].message, messages);
        f(lane + "up_source_i", 16, in.up[l].source);
        f(lane + "up_judged_o", 1, out.up[l].judged);
        f(lane + "up_verdict_o", 2, out.up[l].is, verdicts);
        f(lane + "down_valid_i", 1, in.down[l].valid);
        f(lane + "down_class_i", 2, in.down[l].what, classes);
        f(lane + "down_judged_o", 1, out.down[l].judged);
        f(lane + "down_verdict_o", 2, out.down[l].is, verdicts);
    }
    f("contained_by_trigger_o", 1, out.contained_by_trigger);
    f("contained_by_message_o", 1, out.contained_by_message);
    f("rp_idle_o", 1, out.rp_idle);
    f("status_triggered_o", 1, out.triggered);
    f("status_rp_busy_o", 1, out.rp_busy);
    f("status_reason_o", 2, out.reason);
    f("status_reason_extension_o", 2, out.reason_extension);
    f("status_source_o", 16, out.source);
    show_state(f);
}

}  // namespace drydock::rtl
