// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/transport.h"

namespace drydock::accuracy {

using nlohmann::json;

json packed(const error_samples& s) { return {s.differences(), s.sum_of_times()}; }

error_samples unpacked(const json& j) {
    return error_samples(j.at(0).get<std::vector<std::int64_t>>(), j.at(1).get<std::int64_t>());
}

json packed(const measurement& m) {
    json by_stage = json::array();
    for (const error_samples& s : m.open.by_stage) by_stage.push_back(packed(s));
    const closed_loop& c = m.closed;
    return {{"invalidations", m.invalidations},
            {"atc", packed(m.open.atc)},
            {"tracker", packed(m.open.tracker)},
            {"by_stage", std::move(by_stage)},
            {"same_order", m.open.same_order},
            {"calls", m.open.calls},
            {"open_seconds", {m.open.twin_seconds, m.open.rtl_seconds}},
            {"percentiles", {c.twin_p50, c.twin_p99, c.rtl_p50, c.rtl_p99}},
            {"inversions", c.inversions},
            {"first_inversion", c.first_inversion},
            {"closed_seconds", {c.twin_seconds, c.rtl_seconds}}};
}

measurement unpacked(const json& j, const pattern& of) {
    measurement m;
    m.of = &of;
    m.invalidations = j.at("invalidations");
    m.open.atc = unpacked(j.at("atc"));
    m.open.tracker = unpacked(j.at("tracker"));
    for (std::size_t s = 0; s < stages; ++s) m.open.by_stage[s] = unpacked(j.at("by_stage").at(s));
    m.open.same_order = j.at("same_order");
    m.open.calls = j.at("calls");
    m.open.twin_seconds = j.at("open_seconds").at(0);
    m.open.rtl_seconds = j.at("open_seconds").at(1);
    closed_loop& c = m.closed;
    const json& p = j.at("percentiles");
    c.twin_p50 = p.at(0);
    c.twin_p99 = p.at(1);
    c.rtl_p50 = p.at(2);
    c.rtl_p99 = p.at(3);
    c.inversions = j.at("inversions");
    c.first_inversion = j.at("first_inversion");
    c.twin_seconds = j.at("closed_seconds").at(0);
    c.rtl_seconds = j.at("closed_seconds").at(1);
    return m;
}

}  // namespace drydock::accuracy
