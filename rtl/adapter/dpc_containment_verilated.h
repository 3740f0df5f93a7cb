// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "rtl/adapter/dpc_containment_pins.h"
#include "rtl/adapter/verilated_model.h"
#include "rtl/adapter/verilated_runtime.h"

namespace drydock::rtl {

/// A Verilated parameter set of rtl/dpc_containment.sv.
template <class Model, unsigned Lanes>
class verilated_dpc_containment : public dpc_containment_pins {
public:
    verilated_dpc_containment(bool rp_extensions, bool rp_busy_stuck) {
        model_->rp_extensions_i = rp_extensions;
        model_->rp_busy_stuck_i = rp_busy_stuck;
        reset();
    }

    unsigned lanes() const override { return Lanes; }

    void clock() override {
        drive();
        model_.edge();
        read();
    }

    void show_state(signal_sink& f) const override {
        static constexpr std::array<std::string_view, 3> states{"Open", "Contained", "Busy"};
        static constexpr std::array<std::string_view, 4> triggers{"Off", "Fatal", "Nonfatal",
                                                                  "Reserved"};
        static constexpr std::array<std::string_view, 5> causes{
            "OwnError", "NonfatalMessage", "FatalMessage", "RpPio", "Software"};
        const auto& r = *model_->rootp;
#define DRYDOCK_CONTAINMENT(name) r.dpc_containment__DOT__##name
        const bool busy = DRYDOCK_CONTAINMENT(busy_q);
        f("gate.state", 2, busy ? 2 : DRYDOCK_CONTAINMENT(active_q), states);
        f("gate.cause", 3, DRYDOCK_CONTAINMENT(cause_q), causes);
        f("gate.trigger_enable", 2, DRYDOCK_CONTAINMENT(enable_q), triggers);
        f("gate.complete_ur", 1, DRYDOCK_CONTAINMENT(complete_ur_q));
        f("gate.ticks", 5, DRYDOCK_CONTAINMENT(ticks_q));
#undef DRYDOCK_CONTAINMENT
    }

protected:
    void reset() {
        drive();
        model_.reset();
        read();
    }

    verilated_model<Model> model_{"dpc_containment"};

private:
    void drive() {
        model_->tick_i = in.tick;
        model_->control_valid_i = in.control_valid;
        model_->control_enable_i = in.control_enable;
        model_->control_complete_ur_i = in.control_complete_ur;
        model_->trigger_valid_i = in.trigger_valid;
        model_->trigger_cause_i = in.trigger_cause;
        model_->trigger_fatal_i = in.trigger_fatal;
        model_->trigger_source_i = in.trigger_source;
        model_->release_i = in.release;
        for (unsigned l = 0; l < Lanes; ++l) {
            model_->up_valid_i[l] = in.up[l].valid;
            model_->up_class_i[l] = in.up[l].what;
            model_->up_message_i[l] = in.up[l].message;
            model_->up_source_i[l] = in.up[l].source;
            model_->down_valid_i[l] = in.down[l].valid;
            model_->down_class_i[l] = in.down[l].what;
        }
    }
    void read() {
        out.answer_valid = model_->answer_valid_o != 0;
        out.answer = model_->answer_o;
        out.released = model_->released_o != 0;
        out.release_too_early = model_->release_too_early_o != 0;
        for (unsigned l = 0; l < Lanes; ++l) {
            out.up[l] = {model_->up_judged_o[l] != 0, model_->up_verdict_o[l]};
            out.down[l] = {model_->down_judged_o[l] != 0, model_->down_verdict_o[l]};
        }
        out.contained_by_trigger = model_->contained_by_trigger_o != 0;
        out.contained_by_message = model_->contained_by_message_o != 0;
        out.rp_idle = model_->rp_idle_o != 0;
        // status_t, its first field highest
        const std::uint32_t status = model_->status_o;
        out.triggered = (status & 1) != 0;
        out.reason = status >> 1 & 3;
        out.rp_busy = (status >> 3 & 1) != 0;
        out.reason_extension = status >> 4 & 3;
        out.source = static_cast<std::uint16_t>(status >> 6);
    }
};

}  // namespace drydock::rtl
