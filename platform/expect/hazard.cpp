// SPDX-License-Identifier: Apache-2.0
#include "platform/expect/hazard.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "platform/scenario/build.h"

namespace drydock::expect {
namespace {

using json = nlohmann::json;
using scenario::firing;

/// What counts of the violations and gaps of a run: those found since the oracle's last point.
class findings {
public:
    findings(const scenario::run& r, const json& result)
        : devices_(scenario::build::device_names(r)),
          since_(result.value("oracle_since_ps", std::int64_t{0})) {
        for (const char* list : {"violations", "gaps"})
            if (result.contains(list))
                for (const json& v : result.at(list)) all_.push_back(&v);
    }

    /// Locks, CPUs and objects are nobody's device: what is told of them counts for any.
    bool fired(const firing& f) const {
        return std::any_of(all_.begin(), all_.end(), [&](const json* v) {
            return v->value("monitor", "") == f.monitor && concerns(*v, f.device) &&
                   v->value("told_ps", std::int64_t{0}) >= since_;
        });
    }

    /// "stuck (A)" of each that fires and is none of these.
    std::vector<std::string> others(const std::vector<firing>& named) const {
        std::vector<std::string> words;
        for (const json* v : all_) {
            const std::string monitor = v->value("monitor", ""), device = v->value("device", "");
            const bool meant = std::any_of(named.begin(), named.end(), [&](const firing& f) {
                return f.monitor == monitor && concerns(*v, f.device);
            });
            const std::string word = device.empty() ? monitor : monitor + " (" + device + ")";
            if (!meant && std::find(words.begin(), words.end(), word) == words.end())
                words.push_back(word);
        }
        return words;
    }

private:
    bool concerns(const json& v, const std::string& device) const {
        const std::string of = v.value("device", "");
        if (scenario::build::names_a_lock(device)) return of == device;
        return device.empty() || of == device ||
               std::find(devices_.begin(), devices_.end(), of) == devices_.end();
    }

    std::vector<std::string> devices_;
    std::int64_t since_;
    std::vector<const json*> all_;
};

std::string in_words(const firing& f) {
    return f.device.empty() ? f.monitor : f.monitor + " for " + f.device;
}

/// Why the run says nothing, one reason each; empty: it does.
std::vector<std::string> not_reached(const scenario::run& r, const json& result) {
    std::vector<std::string> why;
    if (result.contains("never_happened"))
        for (const json& place : result.at("never_happened"))
            why.push_back("never happened: " + place.get<std::string>());
    if (!r.hazard->oracle.after.empty() && !result.contains("oracle_since_ps"))
        why.emplace_back("oracle.after never came true");
    return why;
}

struct judgement {
    std::string result;
    std::vector<std::string> why;
};

judgement judge_oracle(const scenario::run& r, const json& result, const findings& found) {
    const scenario::oracle& o = r.hazard->oracle;
    judgement j;
    if (j.why = not_reached(r, result); !j.why.empty()) return {"unreachable", j.why};
    std::size_t wanted = 0, there = 0;
    const auto count = [&](bool came, const std::string& what, const char* otherwise) {
        ++wanted;
        there += came ? 1 : 0;
        j.why.push_back(what + (came ? "" : otherwise));
    };
    for (const firing& f : o.fire) count(found.fired(f), in_words(f), " did not fire");
    if (!o.any.empty()) {
        const auto first = std::find_if(o.any.begin(), o.any.end(),
                                        [&](const firing& f) { return found.fired(f); });
        count(first != o.any.end(), in_words(first != o.any.end() ? *first : o.any.front()),
              " and its alternatives did not fire");
    }
    for (const auto& [task, error] : o.results) {
        const json::json_pointer at("/tasks/" + task + "/result");
        const bool returned = result.contains(at);
        const int rc = returned ? result.at(at).get<int>() : 0;
        count(returned && rc == error,
              returned ? fmt::format("{} returned {}", task, rc)
                       : fmt::format("{} did not return", task),
              "");
    }
    j.result = there == wanted ? "hit" : there == 0 ? "clean" : "partial";
    for (const firing& f : o.silent)
        if (found.fired(f)) {
            j.result = "partial";
            j.why.push_back(in_words(f) + " fired and should not");
        }
    return j;
}

}  // namespace

void judge_hazard(const scenario::run& r, json& result) {
    const scenario::hazard& h = *r.hazard;
    const findings found(r, result);
    const judgement j = judge_oracle(r, result, found);
    std::vector<firing> named = h.oracle.fire;
    named.insert(named.end(), h.oracle.any.begin(), h.oracle.any.end());
    named.insert(named.end(), h.oracle.silent.begin(), h.oracle.silent.end());
    const bool ok = j.result == h.expected ||
                    (h.expected.empty() && (j.result == "hit" || j.result == "clean"));
    result["hazard"] = {{"result", j.result},   {"expected", h.expected},
                        {"variant", h.variant}, {"order", h.order},
                        {"why", j.why},         {"also", found.others(named)},
                        {"as_expected", ok}};
    if (!h.sheet.empty()) result["hazard"]["sheet"] = h.sheet;
    if (!h.explain.empty()) result["hazard"]["explain"] = h.explain;
    result["expectations"] =
        json::array({{{"name", "oracle"},
                      {"expected", h.expected.empty() ? "hit or clean" : h.expected},
                      {"actual", fmt::format("{}: {}", j.result, fmt::join(j.why, "; "))},
                      {"ok", ok}}});
    result["verdict"] = ok ? "as_expected" : "unexpected";
}

}  // namespace drydock::expect
