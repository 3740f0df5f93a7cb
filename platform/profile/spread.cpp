// SPDX-License-Identifier: Apache-2.0
#include "platform/profile/spread.h"

namespace drydock::profile {

using nlohmann::json;

void spread::add(const latency::transaction& t) {
    const base::ps took = t.end - t.begin;
    ++count_;
    total_ += took;
    most_ = std::max(most_, took);
    const std::uint32_t at = fine.bin(took);
    bin& b = bins_[at];
    ++b.count;
    b.total += took;
    b.most = std::max(b.most, took);
    octave& o = octaves_[coarse.bin(took)];
    ++o.count;
    for (const latency::piece& p : t.pieces) {
        names_[p.stage] = p.name;
        o.of[p.stage] += p.until - p.from;
    }
    blocks_.at(t.begin).add(at);
    dots_.at(t.begin).add(coarse.bin(took));
}

base::ps spread::median() const {
    std::uint64_t seen = 0;
    for (const auto& [at, b] : bins_) {
        seen += b.count;
        if (2 * seen >= count_) return b.total / static_cast<std::int64_t>(b.count);
    }
    return {};
}

json spread::octaves() const {
    json all = json::array();
    for (const auto& [at, o] : octaves_) {
        json of = json::object();
        for (std::size_t i = 0; i < stages; ++i)
            if (o.of[i].count != 0) of[std::string(names_[i])] = o.of[i].count;
        all.push_back({coarse.lowest(at).count, o.count, std::move(of)});
    }
    return all;
}

json spread::block_counts(const std::map<std::uint32_t, std::size_t>& place) const {
    json all = json::array();
    for (std::size_t i = 0; i < blocks_.used(); ++i) {
        json one = json::array();
        for (const auto& [at, n] : blocks_[i].entries()) one.push_back({place.at(at), n});
        all.push_back(std::move(one));
    }
    return {{"width_ps", blocks_.width().count}, {"of", std::move(all)}};
}

json spread::dots() const {
    json all = json::array();
    for (std::size_t i = 0; i < dots_.used(); ++i)
        for (const auto& [at, n] : dots_[i].entries())
            all.push_back({i, coarse.lowest(at).count, n});
    return {{"width_ps", dots_.width().count}, {"of", std::move(all)}};
}

json spread::to_json() const {
    json bins = json::array();
    std::map<std::uint32_t, std::size_t> place;
    for (const auto& [at, b] : bins_) {
        place[at] = bins.size();
        bins.push_back({fine.lowest(at).count, b.count, b.total.count, b.most.count});
    }
    return {{"count", count_},         {"total_ps", total_.count}, {"max_ps", most_.count},
            {"bins", std::move(bins)}, {"octaves", octaves()},     {"blocks", block_counts(place)},
            {"dots", dots()}};
}

}  // namespace drydock::profile
