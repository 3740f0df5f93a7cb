// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/stuck.h"

namespace drydock::monitors {

stuck::stuck(reporter& r)
    : monitor("stuck", r,
              {base::kind::sw_device_blocked, base::kind::sw_attach, base::kind::sw_view,
               base::kind::sw_return, base::kind::cerror, base::kind::sync_done,
               base::kind::command_fetched, base::kind::span_begin, base::kind::span_end,
               base::kind::sw_call, base::kind::itag_timeout, base::kind::function_state}),
      blocked_(r.probe().text("blocked")),
      none_(r.probe().text("none")),
      ready_(r.probe().text("ready")),
      operational_(r.probe().text("operational")),
      dead_(r.probe().text("dead")),
      report_(r.probe().text("iommu_report_device_broken")),
      q1_report_(r.probe().text("arm_smmu_report_broken")),
      quarantine_(r.probe().text("iommu_quarantine_device")),
      eats_(r.probe().text("arm_smmu_disable_eats")),
      ats_(r.probe().text("arm_smmu_disable_ats_of_broken")),
      unfence_(r.probe().text("arm_smmu_reset_device_done")) {}

void stuck::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::sw_device_blocked: {
            device& d = devices_[static_cast<std::uint16_t>(e.a)];
            if (!d.held() && e.b != 0) d.since = e.time, d.span = e.span;
            d.blocked = e.b != 0;
            return;
        }
        case base::kind::sw_attach: {
            if (e.b != 0) return;  // of a PASID
            device& d = devices_[static_cast<std::uint16_t>(e.a)];
            if (!d.held() && e.d == blocked_) d.since = e.time, d.span = e.span;
            d.parked = e.d == blocked_;
            return;
        }
        case base::kind::sw_view:
            if (e.b == 0)
                devices_[static_cast<std::uint16_t>(e.a)].wants = e.d != blocked_ && e.d != none_;
            return;
        case base::kind::sw_return:
            return returned(e);
        case base::kind::sw_call:
            return called(e);
        case base::kind::itag_timeout:
            devices_[static_cast<std::uint16_t>(e.b)].ill = true;
            return;
        case base::kind::function_state:
            if (e.b == ready_ || e.b == operational_ || e.b == dead_) return;
            devices_[static_cast<std::uint16_t>(e.a)].ill = false;
            devices_[static_cast<std::uint16_t>(e.a)].reported = false;
            return;
        case base::kind::cerror:
            stopped_.try_emplace(e.where, e.time, e.span);
            return;
        case base::kind::sync_done:
        case base::kind::command_fetched:  // a queue that fetches isn't stopped
            if (!stopped_.empty()) stopped_.erase(e.where);
            return;
        case base::kind::span_begin:
            if (static_cast<base::span_class>(e.a) != base::span_class::reset) return;
            reset_spans_[e.span.value] = static_cast<std::uint16_t>(e.c);
            ++devices_[static_cast<std::uint16_t>(e.c)].resets;
            return;
        case base::kind::span_end:
            if (const std::uint16_t* function = reset_spans_.find(e.span.value)) {
                --devices_[*function].resets;
                reset_spans_.erase(e.span.value);
            }
            return;
        default:
            return;
    }
}

void stuck::called(const base::event& e) {
    if (e.a != report_ && e.a != q1_report_ && e.a != eats_ && e.a != ats_ && e.a != unfence_)
        return;
    device& d = devices_[static_cast<std::uint16_t>(e.b)];
    d.reported |= e.a == report_ || e.a == q1_report_;
    d.fenced = e.a == eats_ || e.a == ats_ || (d.fenced && e.a != unfence_);
}

void stuck::returned(const base::event& e) {
    if (e.a == quarantine_) devices_[static_cast<std::uint16_t>(e.b)].quarantined = e.c == 0;
    const std::string& call = text(e.a);
    if (call.find("attach") == std::string::npos || call.find("detach") != std::string::npos)
        return;
    device& d = devices_[static_cast<std::uint16_t>(e.b)];
    const auto result = static_cast<std::int64_t>(e.c);
    if (result < 0 && !d.refused) {
        d.since = e.time;
        d.span = e.span;
        d.call = call;
        d.result = result;
    }
    d.refused = result < 0;
}

void stuck::finish(base::ps) {
    // A retry lets simulated time pass, and events change what is kept here meanwhile.
    const auto devices = devices_;
    const auto stopped = stopped_;
    for (const auto& [function, d] : devices)
        if (d.resets != 0)
            continue;
        else if ((d.held() || d.refused) && !(d.quarantined && d.ill))
            judge(function, d);
        else if (!d.held())
            judge_quarantine(function, d);
    for (const auto& [where, since] : stopped) {
        if (retry_ != nullptr && retry_->command_queue(place(where))) continue;
        found({where, 2}, since.second, [&, w = where, s = since] {
            return finding{s.first,
                           s.second,
                           place(w),
                           {},
                           "no command queue stays stopped",
                           "stopped by CERROR since " + readable(s.first)};
        });
    }
}

void stuck::judge_quarantine(std::uint16_t function, const device& d) {
    const bool forgotten = d.reported && d.ill, left_fenced = d.fenced && !d.ill;
    if (!forgotten && !left_fenced) return;
    const base::routing_id rid{function};
    found({function, forgotten ? 3u : 4u}, d.span, [&] {
        return finding{d.since,
                       d.span,
                       report().device_name(rid),
                       rid,
                       "a broken device is blocked or reset, and one that was reset is free again",
                       forgotten ? "reported as broken, and nothing came of it"
                                 : "reset since, and its ATS is fenced still"};
    });
}

void stuck::judge(std::uint16_t function, const device& d) {
    const base::routing_id rid{function};
    if (retry_ != nullptr && retry_->attach(rid) && !devices_[function].astray()) return;
    found({function, d.held() ? 0u : 1u}, d.span, [&] {
        return finding{
            d.since,
            d.span,
            report().device_name(rid),
            rid,
            "a device does not stay blocked or refused with nothing pending that could lift it",
            d.held() ? "blocked since " + readable(d.since)
                     : d.call + " returned " + std::to_string(d.result)};
    });
}

}  // namespace drydock::monitors
