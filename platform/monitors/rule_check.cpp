// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/rule_check.h"

namespace drydock::monitors {
namespace {

constexpr std::uint64_t request_at_function = 8;  // boundary of an invalidation's stages

}  // namespace

rule_check::rule_check(reporter& r)
    : monitor("rule_check", r,
              {base::kind::error_logged, base::kind::sw_point, base::kind::stage,
               base::kind::invalidate_ignored}),
      d4_(r.probe().text("d4")),
      s_(r.probe().text("s")),
      pasid_text_(r.probe().text(pasid_enable_text)) {}

void rule_check::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::error_logged:
            if (e.b == pasid_text_) h66(rid(e.a), e.time, e.span);
            return;
        case base::kind::sw_point: {
            if (e.a != d4_ && e.a != s_) return;
            bool& open = between_d4_and_s_[e.b & 0xffff];
            if (open != (e.a == d4_)) open_ += e.a == d4_ ? 1 : std::uint64_t(-1);
            open = e.a == d4_;
            return;
        }
        case base::kind::stage:
            if (open_ != 0 && e.a == request_at_function) h67(e.c, e);
            return;
        case base::kind::invalidate_ignored:
            if (open_ != 0) h67(e.a, e);
            return;
        default:
            return;
    }
}

void rule_check::pasid_enable_changed(base::routing_id function, bool ats_enabled, base::ps now,
                                      base::span_id span) {
    if (ats_enabled) h66(function, now, span);
}

void rule_check::h66(base::routing_id function, base::ps t, base::span_id span) {
    found({function.value, 66}, span, [&] {
        return finding{t,
                       span,
                       report().device_name(function),
                       function,
                       "H-66: PASID Enable is not written while ATS Enable is 1",
                       std::string(pasid_enable_text),
                       violation_class::known_gap};
    });
}

void rule_check::h67(std::uint64_t function, const base::event& e) {
    const bool* open = between_d4_and_s_.find(function & 0xffff);
    if (open == nullptr || !*open) return;
    found({function & 0xffff, 67}, e.span, [&] {
        return finding{
            e.time,
            e.span,
            report().device_name(rid(function)),
            rid(function),
            "H-67: no Invalidate Request is sent before the function's state is restored",
            "an Invalidate Request reached it between d4 and s",
            violation_class::known_gap};
    });
}

}  // namespace drydock::monitors
