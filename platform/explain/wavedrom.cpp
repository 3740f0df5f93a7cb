// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "platform/explain/charts.h"
#include "platform/report/format.h"

namespace drydock::explain {
namespace {

using json = nlohmann::json;

struct column {
    role where;
    std::string text;
    std::int64_t from = 0;
    std::size_t ticks = 0;
    bool hot = false;
};

/// Wide enough for its words, wider the longer it lasts.
std::size_t ticks_of(std::int64_t took) {
    return 3 + static_cast<std::size_t>(
                   std::log10(static_cast<double>(std::max<std::int64_t>(took, 1))) / 3);
}

/// The transaction's parts where they lie, else its stages.
std::vector<column> columns_of(const json& t) {
    std::vector<column> all;
    const auto whole = t.at("took_ps").get<std::int64_t>();
    const auto add = [&](const json& of, std::int64_t from, std::int64_t until) {
        std::int64_t at = of.at("begin_ps").get<std::int64_t>();
        for (const json& p : of.at("pieces")) {
            const auto took = p.at(1).get<std::int64_t>();
            const std::string stage = p.at(0);
            if (took > 0 && at >= from && at + took <= until)
                all.push_back({words_of(stage, of.at("class").get<std::string>()).where,
                               fmt::format("{} {}", stage, report::short_time(took)), at,
                               ticks_of(took), took * 2 > whole});
            at += took;
        }
    };
    const auto end = t.at("begin_ps").get<std::int64_t>() + whole;
    if (!t.contains("parts") || t.at("parts").empty()) {
        add(t, 0, end);
        return all;
    }
    const json& part = t.at("parts").front();
    const auto begin = part.at("begin_ps").get<std::int64_t>(),
               over = begin + part.at("took_ps").get<std::int64_t>();
    add(t, 0, begin);
    add(part, 0, over);
    add(t, over, end);
    return all;
}

}  // namespace

json wavedrom(const json& t) {
    const std::vector<column> columns = columns_of(t);
    json signals = json::array();
    json when{{"name", "from"}, {"wave", ""}, {"data", json::array()}};
    std::string wave;
    for (const column& c : columns) {
        wave += '2' + std::string(c.ticks - 1, '.');
        when["data"].push_back(report::moment(c.from));
    }
    when["wave"] = wave;
    signals.push_back(when);
    for (const role r : {role::software, role::smmu, role::link, role::device}) {
        json row{{"name", r == role::software ? t.value("client", "software")
                          : r == role::device ? t.value("device", "device")
                                              : std::string(word(r))},
                 {"data", json::array()}};
        wave.clear();
        bool busy = true;
        for (const column& c : columns) {
            if (c.where == r) {
                wave += (c.hot ? '9' : '4') + std::string(c.ticks - 1, '.');
                row["data"].push_back(c.text);
            } else {
                wave += (busy ? '0' : '.') + std::string(c.ticks - 1, '.');
            }
            busy = c.where == r;
        }
        row["wave"] = wave;
        signals.push_back(row);
    }
    return {{"signal", signals},
            {"head",
             {{"text", fmt::format("{} of {}: {}", t.value("id", ""), t.value("who", ""),
                                   report::short_time(t.at("took_ps")))}}},
            {"foot", {{"text", "one column per stage, not to scale"}}},
            {"config", {{"hscale", 2}}}};
}

}  // namespace drydock::explain
