// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/stuck.h"

namespace drydock::monitors {

stuck::stuck(reporter& r)
    : monitor("stuck", r,
              {base::kind::sw_device_blocked, base::kind::sw_attach, base::kind::sw_view,
               base::kind::sw_return, base::kind::cerror, base::kind::sync_done,
               base::kind::command_fetched, base::kind::span_begin, base::kind::span_end}),
      blocked_(r.probe().text("blocked")),
      none_(r.probe().text("none")) {}

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

void stuck::returned(const base::event& e) {
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
        if ((d.held() || d.refused) && d.resets == 0) judge(function, d);
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
