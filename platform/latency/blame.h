// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tlm/base/probe.h"
#include "waves/device_names.h"
#include "waves/flat_map.h"

namespace drydock::latency {

/// Who waited for whom: per pair of (client, device, class of span) and stage, how often and how
/// long. Remembers the owners of the latest `remembered` spans, since one is often waited for after
/// its end.
class blame {
public:
    using label = std::uint32_t;
    static constexpr label nobody = 0;

    blame();
    /// The label of spans of class c on behalf of `client` (a place) for `device`.
    label make(base::place_id client, std::uint16_t device, base::span_class c);
    void remember(base::span_id span, label l) { recent_[span.value % remembered] = {span, l}; }
    label of(base::span_id span) const {
        const auto& r = recent_[span.value % remembered];
        return r.first == span ? r.second : nobody;
    }
    void waited(label waiter, label waited_for, std::uint64_t boundary, base::ps time);

    /// [{"waiter","waited_for","stage","count","total_ps","max_ps"}], longest total first.
    nlohmann::json to_json(const base::probe& p, const waves::device_names& names) const;

private:
    static constexpr std::size_t remembered = 1u << 16;
    struct owner {
        base::place_id client = 0;
        std::uint16_t device = 0;
        base::span_class of{};
    };
    struct entry {
        label waiter = 0, waited_for = 0;
        std::uint64_t boundary = 0;
        std::uint64_t count = 0;
        base::ps total{}, max{};
    };
    std::string text(label l, const base::probe& p, const waves::device_names& names) const;

    std::vector<std::pair<base::span_id, label>> recent_;
    waves::flat_map<std::uint64_t, label> labels_;
    std::vector<owner> owners_;
    waves::flat_map<waves::key_pair, std::uint32_t> index_;  // -> entries_ + 1
    std::vector<entry> entries_;
};

/// The scenario's name of who works at a place: a task's place is "sw.CLIENT.task".
std::string client_name(const std::string& place);
/// "atc_inv"
std::string_view word(base::span_class c);

}  // namespace drydock::latency
