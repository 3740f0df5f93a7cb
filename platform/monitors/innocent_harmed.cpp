// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/innocent_harmed.h"

namespace drydock::monitors {

innocent_harmed::innocent_harmed(reporter& r, base::ps limit)
    : monitor("innocent_harmed", r,
              {base::kind::sw_op_begin, base::kind::sw_op_end, base::kind::function_state,
               base::kind::sw_device_blocked, base::kind::invalidate_ignored,
               base::kind::itag_timeout, base::kind::sw_point, base::kind::sw_call}),
      limit_(limit),
      ready_(r.probe().text("ready")),
      operational_(r.probe().text("operational")),
      dma_(r.probe().text("dma")),
      r0_(r.probe().text("r0")),
      r1_(r.probe().text("r1")),
      eats_(r.probe().text("arm_smmu_disable_eats")),
      ats_(r.probe().text("arm_smmu_disable_ats_of_broken")),
      unfence_(r.probe().text("arm_smmu_reset_device_done")) {}

template <class Change>
void innocent_harmed::change(std::uint64_t function, base::ps now, Change&& c) {
    device& d = devices_[function & 0xffff];
    const bool before = d.guilty();
    c(d);
    if (before || d.guilty()) d.last_guilty = now;
}

void innocent_harmed::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::sw_op_begin:
            open_[{e.where, e.a}] = {e.time, e.span, static_cast<std::uint16_t>(e.b)};
            return;
        case base::kind::sw_op_end: {
            const auto op = open_.find({e.where, e.a});
            if (op == open_.end()) return;
            ended(op->first, op->second, e);
            open_.erase(op);
            return;
        }
        case base::kind::function_state:
            return change(e.a, e.time,
                          [&](device& d) { d.in_reset = e.b != ready_ && e.b != operational_; });
        case base::kind::sw_device_blocked:
            return change(e.a, e.time, [&](device& d) { d.blocked = e.b != 0; });
        case base::kind::invalidate_ignored:
            return change(e.a, e.time, [](device& d) {
                ++d.debts;
                d.broken = true;
            });
        case base::kind::itag_timeout:
            return change(e.b, e.time, [](device& d) {
                d.debts -= d.debts > 0 ? 1 : 0;
                d.broken = true;
            });
        case base::kind::sw_call:
            if (e.a != eats_ && e.a != ats_ && e.a != unfence_) return;
            return change(e.b, e.time, [&](device& d) { d.fenced = e.a != unfence_; });
        case base::kind::sw_point:
            if (e.a != r0_ && e.a != r1_) return;
            return change(e.b, e.time, [&](device& d) {
                d.resetting = e.a == r0_;
                if (!d.resetting) d.broken = false;
            });
        default:
            return;
    }
}

void innocent_harmed::ended(const client_operation& of, const operation& op, const base::event& e) {
    constexpr std::uint64_t error = 2;  // kind::sw_op_end, result of "dma"
    judge(of, op, e.time, " took ");
    if (of.second != dma_) return;
    if (e.c != error) {
        failing_.erase(of);
    } else {
        const auto since = failing_.try_emplace(of, op).first;
        judge(of, since->second, e.time, " met errors alone for ");
    }
}

void innocent_harmed::judge(const client_operation& of, const operation& op, base::ps end,
                            std::string_view how) {
    if (end - op.begin <= limit_) return;
    if (const device* d = devices_.find(op.function))
        if (d->guilty() || d->last_guilty >= op.begin) return;
    found({op.function, 0}, op.span, [&] {
        const base::routing_id function{op.function};
        return finding{
            op.begin + limit_,
            op.span,
            report().device_name(function),
            function,
            "a device that is neither in reset nor broken gets service",
            place(of.first) + ": " + text(of.second) + std::string(how) + readable(end - op.begin)};
    });
}

void innocent_harmed::finish(base::ps now) {
    for (const auto& [of, op] : open_) judge(of, op, now, " still pending after ");
}

}  // namespace drydock::monitors
