// SPDX-License-Identifier: Apache-2.0
#include "platform/report/sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "platform/report/format.h"

namespace drydock::report {
namespace {

using json = nlohmann::json;

std::int64_t lost_of(const json& entry, const std::string& device) {
    return number_at(entry, "/devices/" + device + "/invalidations/timeouts").value_or(0);
}

/// What was done to a device: "FLR", "link down"; "" if nothing was.
struct event {
    std::string name;
    std::int64_t from = 0, until = 0;
};

event what_befell(const json& lane) {
    event e;
    for (const json& bar : lane.at("bars")) {
        const std::string state = bar.at(2);
        if (state == "blocked" || (state == "reset" && !e.name.empty())) continue;
        const bool named = !e.name.empty() && e.name != "reset";
        if (named) continue;  // the first tells
        e.name = state == "flr"         ? "FLR"
                 : state == "cxl_reset" ? "CXL reset"
                 : state == "link_down" ? "link down"
                                        : state;
        e.from = bar.at(0);
        e.until = e.from + bar.at(1).get<std::int64_t>();
    }
    return e;
}

/// Whether most of the invalidations that a device left unanswered began in that time.
bool lost_in(const json& profile, const std::string& device, const event& e) {
    std::size_t inside = 0, all = 0;
    for (const json& g : profile.at("groups"))
        if (g.at("class") == "atc_inv" && g.at("device") == device)
            for (const json& t : g.at("lost")) {
                const auto began = t.at("begin_ps").get<std::int64_t>();
                inside += began >= e.from && began <= e.until ? 1 : 0;
                ++all;
            }
    return 2 * inside >= all;
}

std::string invalidations(std::int64_t n) {
    return n == 0 ? "no invalidation" : grouped(n) + (n == 1 ? " invalidation" : " invalidations");
}

std::vector<std::string> losses(const json& entry, const json& profile) {
    std::vector<std::string> said;
    for (const json& lane : profile.at("lanes").at("devices")) {
        const std::string device = lane.at("name");
        const bool bridge = device.find(':') != std::string::npos;  // no name in the scenario
        const std::int64_t lost = lost_of(entry, device);
        const event befell = what_befell(lane);
        const bool by_it = !befell.name.empty() && lost_in(profile, device, befell);
        if (lost > 0 && !by_it)
            said.push_back(fmt::format("{} left {} unanswered", device, invalidations(lost)));
        if (!befell.name.empty() && !bridge)
            said.push_back(fmt::format("{} of {} lost {}", befell.name, device,
                                       invalidations(by_it ? lost : 0)));
    }
    if (said.empty()) said.emplace_back("no invalidation was lost");
    return said;
}

/// Time inside of unmaps that stood still, per device at its worst client.
std::map<std::string, std::int64_t> standstills(const json& profile) {
    std::map<std::string, std::int64_t> of;
    for (const json& g : profile.at("groups")) {
        if (g.at("class") != "unmap") continue;
        std::int64_t total = 0;
        for (const json& bin : g.at("bins"))
            if (bin.at(3).get<std::int64_t>() > standstill_ps)
                total += bin.at(2).get<std::int64_t>();
        for (const json& t : g.at("slowest"))
            if (t.at("ended") == "open" && t.at("took_ps").get<std::int64_t>() > standstill_ps)
                total += t.at("took_ps").get<std::int64_t>();
        std::int64_t& worst = of[g.at("device")];
        worst = std::max(worst, total);
    }
    return of;
}

std::string harm(const json& entry, const json& profile) {
    std::string said;
    for (const auto& [device, time] : standstills(profile))
        if (time > 0 && lost_of(entry, device) == 0)
            said += fmt::format("{}{} stood still {}", said.empty() ? "" : ", ", device,
                                short_time(time));
    return said;
}

std::string stale(const json& entry) {
    std::set<std::string> reached;
    for (const json& v : entry.value("violations", json::array()))
        if (v.value("monitor", "") == "stale_access") reached.insert(v.value("device", "a device"));
    if (reached.empty()) return "no stale access";
    std::string said;
    for (const std::string& device : reached) said += (said.empty() ? "" : ", ") + device;
    return said + " reached memory after its unmap had returned";
}

/// What else makes a run red, by monitor; {} is whom it fired for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> faults{{
    {"blocked_dma", "{} reached memory while it was blocked"},
    {"unblocked_in_reset", "{} was translated again in its reset"},
    {"invalidate_in_reset", "an Invalidate Request reached {} in its reset"},
    {"sw_hw_domain_mismatch", "software and hardware disagree on the domain of {}"},
    {"stuck", "{} is stuck"},
    {"deadlock", "a deadlock ({})"},
    {"innocent_harmed", "{} got no service"},
    {"innocent_quarantined", "{} was quarantined without a fault"},
    {"use_after_free", "{} was used after its release"},
    {"refcount_balance", "references to {} were left"},
    {"sleep_in_atomic", "{} may sleep in atomic context"},
    {"lock_order", "{} takes locks in both orders"},
    {"long_hold", "{} was held up too long"},
    {"warn", "the kernel warned of {}"},
    {"credit_conservation", "the credits of {} do not add up"},
    {"itag_protocol", "{} broke the rules of ITags"},
    {"tlp_ordering", "TLPs overtook on {}"},
}};

/// Each monitor that fired and that the rest of the sentence does not explain, once.
std::string others(const json& entry, bool lost, bool harmed) {
    std::set<std::string> told{"stale_access"};
    if (lost) told.insert({"invalidate_in_reset", "long_hold"});
    if (harmed) told.insert({"innocent_harmed", "long_hold"});
    std::string said;
    for (const json& v : entry.value("violations", json::array())) {
        const std::string monitor = v.value("monitor", ""), device = v.value("device", "");
        if (!told.insert(monitor).second) continue;
        const auto known = std::find_if(faults.begin(), faults.end(),
                                        [&](const auto& f) { return f.first == monitor; });
        const std::string whom = device.empty() ? "something" : device;
        said += "; " + (known == faults.end() ? monitor + " (" + whom + ")"
                                              : fmt::format(fmt::runtime(known->second), whom));
    }
    return said;
}

}  // namespace

std::string sentence(const json& entry, const json& profile) {
    std::string s;
    for (const std::string& one : losses(entry, profile)) s += (s.empty() ? "" : "; ") + one;
    const std::string who = harm(entry, profile);
    if (!who.empty()) s += "; " + who;
    std::int64_t lost = 0;
    for (const json& lane : profile.at("lanes").at("devices"))
        lost += lost_of(entry, lane.at("name"));
    return s + others(entry, lost > 0, !who.empty()) + "; " + stale(entry);
}

}  // namespace drydock::report
