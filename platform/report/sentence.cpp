// SPDX-License-Identifier: Apache-2.0
#include "platform/report/sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "platform/report/format.h"

namespace drydock::report {
namespace {

using json = nlohmann::json;

std::int64_t lost_of(const json& entry, const std::string& device) {
    return number_at(entry, "/devices/" + device + "/invalidations/timeouts").value_or(0);
}

/// "FLR of ep0", "link down of a": what was done to a device, "" if nothing was.
std::string what_befell(const json& lane) {
    std::string reset;
    for (const json& bar : lane.at("bars")) {
        const std::string state = bar.at(2);
        if (state == "flr") return "FLR of " + lane.at("name").get<std::string>();
        if (state == "blocked") continue;
        if (reset.empty() || reset.starts_with("reset")) {
            reset = state == "cxl_reset" ? "CXL reset" : state == "link_down" ? "link down" : state;
            reset += " of " + lane.at("name").get<std::string>();
        }
    }
    return reset;
}

std::string invalidations(std::int64_t n) {
    return n == 0 ? "no invalidation" : grouped(n) + (n == 1 ? " invalidation" : " invalidations");
}

std::vector<std::string> losses(const json& entry, const json& profile) {
    std::vector<std::string> said;
    for (const json& lane : profile.at("lanes").at("devices")) {
        const std::string device = lane.at("name"), befell = what_befell(lane);
        const std::int64_t lost = lost_of(entry, device);
        if (!befell.empty())
            said.push_back(fmt::format("{} lost {}", befell, invalidations(lost)));
        else if (lost > 0)
            said.push_back(fmt::format("{} left {} unanswered", device, invalidations(lost)));
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

}  // namespace

std::string sentence(const json& entry, const json& profile) {
    std::string s;
    for (const std::string& one : losses(entry, profile)) s += (s.empty() ? "" : "; ") + one;
    if (const std::string who = harm(entry, profile); !who.empty()) s += "; " + who;
    return s + "; " + stale(entry);
}

}  // namespace drydock::report
