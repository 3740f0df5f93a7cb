// SPDX-License-Identifier: Apache-2.0
#include "platform/expect/expect.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/expect/hazard.h"
#include "platform/expect/metrics.h"
#include "platform/scenario/build.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/quantity.h"

namespace drydock::expect {
namespace {

using json = nlohmann::json;
using scenario::bad_input;

bool is_monitor(const std::string& name) {
    return std::find(monitors().begin(), monitors().end(), name) != monitors().end();
}

/// Device of "fires: nic"; empty for "fires".
std::optional<std::string> fires(const std::string& text) {
    if (text == "fires") return "";
    if (text.starts_with("fires: ")) return text.substr(7);
    return std::nullopt;
}

std::string in_words(const measured& m) {
    if (m.unit == unit::time) return scenario::to_text(base::ps{m.value});
    if (m.whole && *m.whole > 0)
        return fmt::format("{} of {} ({:.2f}%)", m.value, *m.whole,
                           100.0 * static_cast<double>(m.value) / static_cast<double>(*m.whole));
    return std::to_string(m.value);
}

/// Whether it asks for, or leaves room for, something that a monitor calls a violation.
bool speaks_of_violations(const scenario::expectation& e) {
    if (e.name == "violations" || fires(e.relation)) return true;
    const auto r = is_monitor(e.name) ? parse_relation(e.relation) : std::nullopt;
    return r && !(r->holds(0) && !r->holds(1));
}

json line(const std::string& name, const std::string& expected, const std::string& actual,
          bool ok) {
    return {{"name", name}, {"expected", expected}, {"actual", actual}, {"ok", ok}};
}

json judge_fires(const scenario::expectation& e, const std::string& device, const json& result) {
    const std::string expected = device.empty() ? "fires" : "fires for " + device;
    const auto times = [](std::int64_t n) {
        return n == 1 ? std::string("fired once") : fmt::format("fired {} times", n);
    };
    const auto n = fired(result, e.name, device);
    if (n > 0) return line(e.name, expected, times(n), true);
    const auto elsewhere = fired(result, e.name);
    return line(e.name, expected,
                elsewhere > 0 ? times(elsewhere) + ", but for another device" : "did not fire",
                false);
}

json judge_one(const scenario::expectation& e, const json& result) {
    if (const auto device = fires(e.relation)) return judge_fires(e, *device, result);
    const auto r = parse_relation(e.relation);
    const auto m = measure(result, e.name);
    if (!m) return line(e.name, e.relation, "not measured", false);
    const bool ok = r->unit == unit::percent ? r->holds_share(m->value, m->whole.value_or(0))
                                             : r->holds(m->value);
    return line(e.name, e.relation, in_words(*m), ok);
}

}  // namespace

void check(const scenario::expectation& e, const scenario::run& r) {
    if (const auto device = fires(e.relation)) {
        if (!is_monitor(e.name))
            throw bad_input(e.where, fmt::format("no monitor '{}'; expected one of {}{}", e.name,
                                                 scenario::list_of(monitors()),
                                                 scenario::did_you_mean(e.name, monitors())));
        if (!device->empty())
            scenario::build::require_name(e.where, "device", *device,
                                          scenario::build::device_names(r));
        return;
    }
    const auto n = lookup(r, e.name);
    if (!n)
        throw bad_input(
            e.where,
            fmt::format(
                "nothing is called '{}'{}; expected a monitor, violations, timeouts, NAME.missed, "
                "NAME.longest_unmap, TASK.result or what else `drydock list {}` shows",
                e.name, scenario::did_you_mean(e.name, names_of(r)), "SCENARIO"));
    const auto relation = parse_relation(e.relation);
    if (!relation)
        throw bad_input(e.where,
                        fmt::format("{}: '{}' cannot be used; expected {}{}", e.name, e.relation,
                                    expected_relation, is_monitor(e.name) ? ", or fires" : ""));
    if (relation->number < 0 && !e.name.ends_with(".result"))
        throw bad_input(e.where, fmt::format("{}: '{}' is negative, and {} never is", e.name,
                                             e.relation, e.name));
    if (relation->unit == unit::percent && !n->share)
        throw bad_input(e.where, fmt::format("{}: '{}' is a share, but {} is part of nothing",
                                             e.name, e.relation, e.name));
    if (relation->unit != unit::percent && relation->unit != n->unit)
        throw bad_input(e.where,
                        fmt::format("{}: '{}' has the wrong unit; expected {}", e.name, e.relation,
                                    n->unit == unit::time ? "a time such as \"< 50us\""
                                                          : "a plain number such as \">= 5\""));
}

void judge(const scenario::run& r, json& result) {
    if (r.hazard) return judge_hazard(r, result);
    json lines = json::array();
    bool spoken_of = false;
    for (const scenario::expectation& e : r.expect) {
        lines.push_back(judge_one(e, result));
        spoken_of = spoken_of || speaks_of_violations(e);
    }
    if (!spoken_of) {
        const auto n = violations(result, "");
        lines.push_back(line("violations", "0", std::to_string(n), n == 0));
    }
    const bool all = std::all_of(lines.begin(), lines.end(),
                                 [](const json& l) { return l.at("ok").get<bool>(); });
    result["expectations"] = std::move(lines);
    result["verdict"] = all ? "as_expected" : "unexpected";
}

}  // namespace drydock::expect
