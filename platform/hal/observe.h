// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sw/hal/observe.h"
#include "tlm/base/context.h"

namespace drydock::hal_systemc {

/// Says whether a task that reached a point has to wait there; a scenario's steering implements it.
struct steering {
    virtual ~steering() = default;
    /// @param device routing ID, 0 if the point names none
    virtual bool hold(std::string_view task, std::string_view point, std::uint16_t device) = 0;
};

/// The kind of each note of software, in the order of sw::hal::note.
inline constexpr std::array<base::kind, static_cast<std::size_t>(sw::hal::note::count_)>
    kind_of_note{
        base::kind::span_begin,        base::kind::span_end,          base::kind::stage,
        base::kind::sw_point,          base::kind::sw_call,           base::kind::sw_return,
        base::kind::sw_task,           base::kind::sw_irqs_off,       base::kind::sw_irqs_on,
        base::kind::sw_interrupt,      base::kind::sw_lock,           base::kind::sw_unlock,
        base::kind::sw_might_sleep,    base::kind::sw_warn,           base::kind::sw_log,
        base::kind::sw_attach,         base::kind::sw_detach,         base::kind::sw_map,
        base::kind::sw_unmap_begin,    base::kind::sw_unmap_complete, base::kind::sw_page,
        base::kind::sw_device_blocked, base::kind::sw_op_due,         base::kind::sw_op_begin,
        base::kind::sw_op_end,         base::kind::sw_refcount,       base::kind::sw_poll_timeout,
        base::kind::sw_view,           base::kind::sw_object,         base::kind::sw_lock_wait,
    };

constexpr base::kind kind_of(sw::hal::note n) { return kind_of_note[static_cast<std::size_t>(n)]; }

/// Software's notes go to the probe, stamped with the timeline's time; holds to the steering.
class observe final : public sw::hal::observe {
public:
    observe(base::context& ctx, steering* s) : ctx_(ctx), steering_(s) {}

    void steer(steering* s) { steering_ = s; }

    bool wants(sw::hal::note n) const override { return ctx_.probe.wants(kind_of(n)); }
    void emit(sw::hal::note n, sw::hal::place_id where, sw::hal::span_id span, sw::u64 a, sw::u64 b,
              sw::u64 c, sw::u64 d) override {
        ctx_.probe.emit(kind_of(n), where, ctx_.now(), base::span_id{span}, a, b, c, d);
    }
    sw::hal::place_id place(std::string_view name) override { return ctx_.probe.place(name); }
    sw::hal::text_id text(std::string_view s) override;
    sw::hal::span_id new_span() override { return ctx_.probe.new_span().value; }
    bool hold(std::string_view task, std::string_view point, sw::u16 device) override {
        return steering_ != nullptr && steering_->hold(task, point, device);
    }

private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const {
            return std::hash<std::string_view>{}(s);
        }
    };
    base::context& ctx_;
    steering* steering_;
    // The probe's own table is searched linearly; never iterated, so its order is in no result.
    std::unordered_map<std::string, sw::hal::text_id, hash, std::equal_to<>> texts_;
};

}  // namespace drydock::hal_systemc
