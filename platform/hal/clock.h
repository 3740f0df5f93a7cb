// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "platform/hal/time.h"
#include "sw/hal/task.h"
#include "tlm/base/timeline.h"

namespace drydock::hal_systemc {

/// Software's alarms on the timeline, in its last phase: each alarm is a timeline client of its own
/// name.
class clock final : public sw::hal::clock {
public:
    explicit clock(base::timeline& t) : timeline_(t) {}

    sw::hal::time_point now() const override { return to_sw(timeline_.now()); }
    sw::hal::alarm_id make_alarm(std::string_view name, sw::hal::alarm_client& client) override {
        alarm& a = alarms_.emplace_back(client);
        a.id = timeline_.join(name, a);
        return static_cast<sw::hal::alarm_id>(alarms_.size() - 1);
    }
    void set_alarm(sw::hal::alarm_id id, sw::hal::time_point when) override {
        alarm& a = alarms_[id];
        timeline_.cancel(a.pending);
        a.pending = timeline_.at(to_base(when), base::phase::software, a.id);
    }
    void cancel_alarm(sw::hal::alarm_id id) override { timeline_.cancel(alarms_[id].pending); }

private:
    struct alarm final : base::timeline_client {
        explicit alarm(sw::hal::alarm_client& c) : client(c) {}
        void on_time(std::uint64_t) override { client.on_alarm(); }
        sw::hal::alarm_client& client;
        base::timeline::client_id id = 0;
        base::timeline::handle pending;
    };
    base::timeline& timeline_;
    std::deque<alarm> alarms_;  // they stay where they are: the timeline knows their addresses
};

}  // namespace drydock::hal_systemc
