// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "platform/monitors/innocent_quarantined.h"
#include "platform/monitors/monitor.h"
#include "platform/monitors/rule_check.h"
#include "platform/monitors/stuck.h"
#include "platform/monitors/sw_hw_domain_mismatch.h"

namespace drydock::monitors {

/// The limits that are choices.
struct monitor_parameters {
    base::ps service_limit{1'000'000'000};     ///< innocent_harmed, 1 ms
    base::ps irqs_off_limit{1'000'000'000};    ///< long_hold, 1 ms
    base::ps mutex_limit{10'000'000'000'000};  ///< long_hold, 10 s

    /// Declares them as monitors.* and gives their values.
    static monitor_parameters declared_in(base::parameters& p);
};

/// All monitors over one context. Makes no difference to what it observes.
class monitor_set {
public:
    /// Subscribes. Before the run, while places and texts may still be added.
    monitor_set(base::context& ctx, const monitor_parameters& limits);
    ~monitor_set();

    /// How the scenario calls the functions.
    waves::device_names& names() { return names_; }
    /// For sw_hw_domain_mismatch, which judges nothing without it, and for innocent_harmed, which
    /// then takes a StreamID for the function's Routing ID.
    void connect(hardware_view& hardware);
    /// For stuck; without it the state at the end is the verdict.
    void connect(retry& probe) { stuck_->connect(&probe); }
    rule_check& rules() { return *rules_; }

    /// The run is over: judges what is still open. Once.
    void finish(base::ps now);

    const std::vector<violation>& all() const { return report_.all(); }
    /// True as soon as something of class broken was found.
    bool broken() const;
    /// runs[].violations and runs[].gaps, in the order of their first occurrence's report.
    nlohmann::json violations() const { return list(violation_class::broken); }
    nlohmann::json gaps() const { return list(violation_class::known_gap); }

private:
    nlohmann::json list(violation_class c) const;

    waves::device_names names_;
    reporter report_;
    std::vector<std::unique_ptr<monitor>> monitors_;
    innocent_quarantined* quarantined_ = nullptr;
    sw_hw_domain_mismatch* mismatch_ = nullptr;
    stuck* stuck_ = nullptr;
    rule_check* rules_ = nullptr;
};

}  // namespace drydock::monitors
