// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "rtl/adapter/invalidation_tracker_pins.h"
#include "rtl/adapter/verilated_model.h"
#include "rtl/adapter/verilated_runtime.h"

namespace drydock::rtl {

/// A Verilated parameter set of rtl/invalidation_tracker.sv.
template <class Model, unsigned Itags, unsigned Ports, unsigned Requesters>
class verilated_invalidation_tracker : public invalidation_tracker_pins {
public:
    explicit verilated_invalidation_tracker(unsigned pool) {
        model_->pool_i = static_cast<std::uint8_t>(pool);
        reset();
    }

    limits has() const override { return {Itags, Ports, Requesters}; }

    void settle() override {
        drive();
        model_->eval();
        read();
    }

    void clock() override {
        drive();
        model_.edge();
        read();
    }

    void show_state(signal_sink& f) const override {
        static constexpr std::array<std::string_view, 3> states{"Free", "Unsent", "Sent"};
        static constexpr std::array<std::string_view, 2> syncs{"Idle", "Draining"};
        const auto& r = *model_->rootp;
#define DRYDOCK_TRACKER(name) r.invalidation_tracker__DOT__##name
        f("next_itag", 5, DRYDOCK_TRACKER(next_q));
        f("sync.state", 1, DRYDOCK_TRACKER(draining_q), syncs);
        f("sync.awaited", 32, DRYDOCK_TRACKER(awaited_q));
        f("sync.lost", 32, DRYDOCK_TRACKER(lost_q));
        for (unsigned i = 0; i < Itags; ++i) {
            const std::string itag = "itag" + std::to_string(i) + ".";
            const bool used = DRYDOCK_TRACKER(used_q) >> i & 1;
            const bool unsent = DRYDOCK_TRACKER(unsent_q) >> i & 1;
            f(itag + "state", 2, used ? unsent ? 1 : 2 : 0, states);
            f(itag + "function", 16, DRYDOCK_TRACKER(function_q)[i]);
            f(itag + "completions", 3, DRYDOCK_TRACKER(received_q)[i]);
            f(itag + "ticks", 5, DRYDOCK_TRACKER(ticks_q)[i]);
        }
#undef DRYDOCK_TRACKER
    }

protected:
    void reset() {
        drive();
        model_.reset();
        settle();
    }

    verilated_model<Model> model_{"invalidation_tracker"};

private:
    void drive() {
        model_->tick_i = in.tick;
        model_->request_valid_i = in.request_valid & ((1u << Requesters) - 1);
        for (unsigned r = 0; r < Requesters; ++r) {
            model_->request_function_i[r] = in.requests[r].function;
            model_->request_port_i[r] = in.requests[r].port;
            model_->request_depth_i[r] = in.requests[r].depth;
        }
        model_->send_ready_i = in.send_ready;
        model_->port_room_i = in.port_room & static_cast<std::uint32_t>((1ull << Ports) - 1);
        model_->completion_valid_i = in.completion_valid;
        model_->completion_function_i = in.completion_function;
        model_->completion_port_i = in.completion_port;
        model_->completion_itags_i = in.completion_itags;
        model_->completion_cc_i = in.completion_cc & 7;
        model_->give_up_i = in.give_up;
        model_->drain_valid_i = in.drain_valid;
    }
    void read() {
        out.request_ready = model_->request_ready_o;
        out.taken_valid = model_->taken_valid_o != 0;
        out.taken_itag = model_->taken_itag_o;
        out.send_valid = model_->send_valid_o != 0;
        out.send_itag = model_->send_itag_o;
        out.not_outstanding = model_->unexpected_o[0];
        out.wrong_function = model_->unexpected_o[1];
        out.cc_differs = model_->unexpected_o[2];
        out.done = model_->done_o;
        out.given_up = model_->given_up_o;
        out.expired = model_->expired_o;
        out.drained = model_->drained_o != 0;
        out.drained_lost = model_->drained_lost_o;
        out.outstanding = model_->outstanding_o;
    }
};

}  // namespace drydock::rtl
