// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/lives.h"

#include "platform/latency/stages.h"

namespace drydock::accuracy {

using base::ps;
using nlohmann::json;

base::ps life::end_of(std::size_t stage) const {
    for (const mark& m : stages)
        if (m.stage == stage) return m.until;
    return base::never;
}

void life_keeper::ended(const latency::transaction& t) {
    if (t.of != base::span_class::unmap && t.of != base::span_class::atc_inv) return;
    life l{t.of, t.client, t.device, t.ended, t.begin, t.end, {}};
    for (const latency::piece& p : t.pieces) l.stages.push_back({p.stage, p.until});
    lives_.push_back(std::move(l));
}

json life_keeper::to_json() const {
    json all = json::array();
    for (const life& l : lives_) {
        json& j =
            all.emplace_back(json{static_cast<unsigned>(l.of), l.client, l.device,
                                  static_cast<unsigned>(l.ended), l.begin.count, l.end.count});
        for (const life::mark& m : l.stages) {
            j.push_back(m.stage);
            j.push_back(m.until.count);
        }
    }
    return all;
}

std::vector<life> lives_of(const json& all) {
    constexpr std::size_t first_mark = 6;
    std::vector<life> lives;
    lives.reserve(all.size());
    for (const json& j : all) {
        life l{static_cast<base::span_class>(j.at(0).get<unsigned>()),
               j.at(1).get<base::place_id>(),
               j.at(2).get<std::uint16_t>(),
               static_cast<latency::ending>(j.at(3).get<unsigned>()),
               ps{j.at(4).get<std::int64_t>()},
               ps{j.at(5).get<std::int64_t>()},
               {}};
        for (std::size_t i = first_mark; i + 1 < j.size(); i += 2)
            l.stages.push_back({j[i].get<std::size_t>(), ps{j[i + 1].get<std::int64_t>()}});
        lives.push_back(std::move(l));
    }
    return lives;
}

std::string_view stage_word(base::span_class of, std::size_t stage) {
    for (const latency::stage_plan& p : latency::stage_plans)
        if (p.of == of && stage < p.names.size()) return p.names[stage];
    return "error";
}

}  // namespace drydock::accuracy
