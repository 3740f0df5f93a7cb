// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/collector.h"

namespace drydock::latency {
namespace {

constexpr std::array<std::string_view, 3> unmap_class_names{"none", "tlbi_only", "atc"};

void put(nlohmann::json& stages, std::string_view name, const samples& s) {
    if (s.count() > 0) stages[std::string(name)] = to_json(s.summary());
}

template <class Breakdown>
nlohmann::json stages_of(const Breakdown& b, const stage_plan& plan) {
    nlohmann::json stages = nlohmann::json::object();
    for (std::size_t i = 0; i < plan.names.size(); ++i) put(stages, plan.names[i], b.stages[i]);
    put(stages, lost_stage, b.lost);
    put(stages, error_restart_stage, b.error_restart);
    put(stages, rest_stage, b.rest);
    return stages;
}

nlohmann::json by_class(const std::array<samples, 3>& of) {
    nlohmann::json result = nlohmann::json::object();
    for (std::size_t i = 0; i < of.size(); ++i)
        result[std::string(unmap_class_names[i])] = to_json(of[i].summary());
    return result;
}

}  // namespace

nlohmann::json collector::section(const results& r, const stage_plan& plan) const {
    nlohmann::json j = to_json(r.completed.total.summary());
    j["timeouts"] = 0;
    j["censored"] = r.censored.size();
    // Ages of the open ones, youngest first.
    nlohmann::json ages = nlohmann::json::array();
    for (const base::ps age : r.censored) ages.push_back(age.count);
    j["censored_ages_ps"] = std::move(ages);
    j["stages"] = stages_of(r.completed, plan);
    return j;
}

nlohmann::json collector::latency() const {
    nlohmann::json result = nlohmann::json::object();
    for (const stage_plan& plan : stage_plans) {
        const results& r = results_[plan_index(plan)];
        nlohmann::json j = section(r, plan);
        if (plan.of == base::span_class::atc_inv) {
            j["timeouts"] = timeouts_;
            j["abandoned"] = r.abandoned;
            j["timed_out"] = to_json(r.timed_out.total.summary());
            j["timed_out"]["stages"] = stages_of(r.timed_out, plan);
            result["invalidation"] = std::move(j);
        } else {
            if (plan.of == base::span_class::unmap) {
                j["classes"] = by_class(unmap_classes_);
                j["clients"] = nlohmann::json::object();
                for (const auto& [client, of] : unmap_clients_)
                    j["clients"][client_name(ctx_.probe.name(client))] = by_class(of);
            }
            if (plan.of == base::span_class::page_request) j["abandoned"] = r.abandoned;
            result[std::string(word(plan.of))] = std::move(j);
        }
    }
    return result;
}

nlohmann::json collector::devices() const {
    nlohmann::json result = nlohmann::json::object();
    const auto put_device = [&](std::uint16_t function, const invalidations& n) {
        result[names_.name(base::routing_id{function})]["invalidations"] = {
            {"issued", n.issued}, {"completed", n.completed}, {"timeouts", n.timeouts}};
    };
    for (const auto& [function, name] : names_.all()) put_device(function, {});
    for (const auto& [function, n] : devices_) put_device(function, n);
    return result;
}

}  // namespace drydock::latency
