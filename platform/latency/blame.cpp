// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/blame.h"

#include <algorithm>
#include <array>

#include "platform/latency/stages.h"

namespace drydock::latency {

std::string_view word(base::span_class c) {
    static constexpr std::array<std::string_view, 11> words{
        "none",        "unmap",        "atc_inv", "tlbi",  "cfgi", "sync",
        "translation", "page_request", "dma",     "reset", "call"};
    const auto i = static_cast<std::size_t>(c);
    return i < words.size() ? words[i] : "unknown";
}

std::string client_name(const std::string& place) {
    constexpr std::string_view software = "sw.";
    if (!place.starts_with(software)) return place;
    return place.substr(software.size(), place.find('.', software.size()) - software.size());
}

blame::blame() : recent_(remembered), owners_(1) {}

blame::label blame::make(base::place_id client, std::uint16_t device, base::span_class c) {
    label& l = labels_[std::uint64_t{client} << 32 | std::uint64_t{device} << 8 |
                       static_cast<std::uint64_t>(c)];
    if (l == nobody) {
        l = static_cast<label>(owners_.size());
        owners_.push_back({client, device, c});
    }
    return l;
}

void blame::waited(label waiter, label waited_for, std::uint64_t boundary, base::ps time) {
    std::uint32_t& at = index_[{std::uint64_t{waiter} << 32 | waited_for, boundary}];
    if (at == 0) {
        entries_.push_back({waiter, waited_for, boundary});
        at = static_cast<std::uint32_t>(entries_.size());
    }
    entry& e = entries_[at - 1];
    ++e.count;
    e.total += time;
    e.max = std::max(e.max, time);
}

std::string blame::text(label l, const base::probe& p, const waves::device_names& names) const {
    if (l == nobody) return "unknown";
    const owner& o = owners_[l];
    std::string s = client_name(p.name(o.client));
    if (o.device != 0) s += "@" + names.name(base::routing_id{o.device});
    return s.append(" ").append(word(o.of));
}

nlohmann::json blame::to_json(const base::probe& p, const waves::device_names& names) const {
    struct row {
        std::string waiter, waited_for;
        const entry* of;
    };
    std::vector<row> rows;
    for (const entry& e : entries_)
        rows.push_back({text(e.waiter, p, names), text(e.waited_for, p, names), &e});
    std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
        if (a.of->total != b.of->total) return a.of->total > b.of->total;
        return std::tie(a.waiter, a.waited_for, a.of->boundary) <
               std::tie(b.waiter, b.waited_for, b.of->boundary);
    });
    nlohmann::json result = nlohmann::json::array();
    for (const row& r : rows)
        result.push_back({{"waiter", r.waiter},
                          {"waited_for", r.waited_for},
                          {"stage", stage_name(r.of->boundary)},
                          {"count", r.of->count},
                          {"total_ps", r.of->total.count},
                          {"max_ps", r.of->max.count}});
    return result;
}

}  // namespace drydock::latency
