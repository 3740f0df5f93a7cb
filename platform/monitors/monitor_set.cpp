// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/monitor_set.h"

#include <algorithm>

#include "platform/monitors/blocked_dma.h"
#include "platform/monitors/credit_conservation.h"
#include "platform/monitors/deadlock.h"
#include "platform/monitors/innocent_harmed.h"
#include "platform/monitors/invalidate_in_reset.h"
#include "platform/monitors/itag_protocol.h"
#include "platform/monitors/lock_order.h"
#include "platform/monitors/long_hold.h"
#include "platform/monitors/refcount_balance.h"
#include "platform/monitors/sleep_in_atomic.h"
#include "platform/monitors/stale_access.h"
#include "platform/monitors/tlp_ordering.h"
#include "platform/monitors/unblocked_in_reset.h"
#include "platform/monitors/use_after_free.h"
#include "platform/monitors/warn.h"

namespace drydock::monitors {

monitor_parameters monitor_parameters::declared_in(base::parameters& p) {
    const monitor_parameters d;
    monitor_parameters m;
    m.service_limit =
        p.time("monitors.innocent_harmed.limit", d.service_limit, base::ps{1}, base::never,
               "Longest service time of a client's operation that is no harm (choice)");
    m.irqs_off_limit = p.time("monitors.long_hold.irqs_off", d.irqs_off_limit, base::ps{1},
                              base::never, "Longest time with interrupts off (choice)");
    m.mutex_limit = p.time("monitors.long_hold.mutex", d.mutex_limit, base::ps{1}, base::never,
                           "Longest time that a mutex is held (choice)");
    return m;
}

monitor_set::monitor_set(base::context& ctx, const monitor_parameters& limits)
    : report_(ctx, names_) {
    const auto add = [this]<class M>(std::unique_ptr<M> m) {
        M* raw = m.get();
        monitors_.push_back(std::move(m));
        return raw;
    };
    add(std::make_unique<stale_access>(report_));
    add(std::make_unique<blocked_dma>(report_));
    add(std::make_unique<invalidate_in_reset>(report_));
    add(std::make_unique<innocent_harmed>(report_, limits.service_limit));
    quarantined_ = add(std::make_unique<innocent_quarantined>(report_));
    mismatch_ = add(std::make_unique<sw_hw_domain_mismatch>(report_));
    add(std::make_unique<unblocked_in_reset>(report_));
    add(std::make_unique<lock_order>(report_));
    add(std::make_unique<deadlock>(report_));
    add(std::make_unique<sleep_in_atomic>(report_));
    add(std::make_unique<long_hold>(report_, limits.irqs_off_limit, limits.mutex_limit));
    add(std::make_unique<use_after_free>(report_));
    add(std::make_unique<refcount_balance>(report_));
    add(std::make_unique<warn>(report_));
    add(std::make_unique<itag_protocol>(report_));
    add(std::make_unique<credit_conservation>(report_));
    add(std::make_unique<tlp_ordering>(report_));
    rules_ = add(std::make_unique<rule_check>(report_));
    // Last: its retry may let the machine run on, which the others have judged by then.
    stuck_ = add(std::make_unique<stuck>(report_));
}

monitor_set::~monitor_set() = default;

void monitor_set::connect(hardware_view& hardware) {
    mismatch_->connect(&hardware);
    quarantined_->connect(&hardware);
}

void monitor_set::finish(base::ps now) {
    for (const auto& m : monitors_)
        if (m.get() != stuck_) m->finish(now);
    // What a retry lets happen after the end is nobody's to judge.
    std::erase_if(monitors_, [this](const auto& m) { return m.get() != stuck_; });
    mismatch_ = nullptr;
    quarantined_ = nullptr;
    rules_ = nullptr;
    stuck_->finish(now);
}

bool monitor_set::broken() const {
    const auto& v = report_.all();
    return std::any_of(v.begin(), v.end(),
                       [](const violation& x) { return x.severity == violation_class::broken; });
}

nlohmann::json monitor_set::list(violation_class c) const {
    nlohmann::json result = nlohmann::json::array();
    for (const violation& v : report_.all()) {
        if (v.severity != c) continue;
        nlohmann::json spans = nlohmann::json::array();
        for (const base::span_id s : v.spans) spans.push_back(s.value);
        result.push_back({{"monitor", v.monitor},
                          {"class", word(v.severity)},
                          {"device", v.device},
                          {"time_ps", v.time.count},
                          {"told_ps", v.told.count},
                          {"count", v.count},
                          {"spans", std::move(spans)},
                          {"rule", v.rule},
                          {"text", v.text}});
    }
    return result;
}

}  // namespace drydock::monitors
