// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/innocent_quarantined.h"

#include <utility>

namespace drydock::monitors {

innocent_quarantined::innocent_quarantined(reporter& r)
    : monitor("innocent_harmed", r,
              {base::kind::sw_op_begin, base::kind::sw_op_end, base::kind::function_state,
               base::kind::itag_timeout, base::kind::sw_call, base::kind::event_lost}),
      ready_(r.probe().text("ready")),
      operational_(r.probe().text("operational")),
      eats_(r.probe().text("arm_smmu_disable_eats")),
      ats_(r.probe().text("arm_smmu_disable_ats_of_broken")),
      reset_(r.probe().text("arm_smmu_reset_broken_device")) {}

void innocent_quarantined::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::sw_op_begin:
            open_[{e.where, e.a}] = e.b & 0xffff;
            return;
        case base::kind::sw_op_end:
            open_.erase({e.where, e.a});
            return;
        case base::kind::function_state: {
            if (e.b == ready_ || e.b == operational_) return;
            device& d = devices_[e.a & 0xffff];
            fenced_ -= d.fenced ? 1 : 0;
            d = {};
            return;
        }
        case base::kind::itag_timeout:
            devices_[e.b & 0xffff].broken = true;
            return;
        case base::kind::sw_call:
            if (e.a == eats_ || e.a == ats_ || e.a == reset_) judged(e);
            return;
        case base::kind::event_lost:
            return event_lost(e);
        default:
            return;
    }
}

void innocent_quarantined::judged(const base::event& e) {
    device& d = devices_[e.b & 0xffff];
    if (e.a != reset_) fenced_ += std::exchange(d.fenced, true) ? 0 : 1;
    if (!d.broken)
        return hit(rid(e.b), e, 1, "a device that has answered all is not taken for broken",
                   text(e.a));
    if (e.a != reset_) return;
    for (const auto& [of, function] : open_)
        if (function == (e.b & 0xffff))
            return hit(rid(e.b), e, 2, "a device is not reset in the middle of its driver's work",
                       place(of.first) + ": " + text(of.second) + " is under way");
}

void innocent_quarantined::event_lost(const base::event& e) {
    if (fenced_ == 0) return;
    const auto function = function_of(e.where, e.b);
    if (!function) return;
    const device* d = devices_.find(function->value);
    if (d != nullptr && d->broken) return;
    hit(*function, e, 3, "the events of a fenced device leave room for those of others",
        "an event record of it was lost");
}

std::optional<base::routing_id> innocent_quarantined::function_of(base::place_id smmu,
                                                                  std::uint64_t stream) {
    const auto [known, is_new] = functions_.try_emplace({smmu, stream});
    if (is_new)
        known->second = hardware_ == nullptr
                            ? rid(stream)
                            : hardware_->function_of(
                                  place(smmu), base::stream_id{static_cast<std::uint32_t>(stream)});
    return known->second;
}

void innocent_quarantined::hit(base::routing_id of, const base::event& e, std::uint64_t rule,
                               std::string_view rule_text, std::string what) {
    found({of.value, 16 + rule}, e.span, [&] {
        return finding{e.time,         e.span, report().device_name(of), of, std::string(rule_text),
                       std::move(what)};
    });
}

}  // namespace drydock::monitors
