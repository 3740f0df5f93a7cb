// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>

#include "platform/monitors/hardware_view.h"
#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// The part of `innocent_harmed` that is about quarantines. One fences or resets a device that has
/// answered every Invalidate Request since its last reset; or resets one that has not, in the
/// middle of an operation of its driver; or, while one device is fenced, an event record of another
/// finds no room in the queue.
class innocent_quarantined final : public monitor {
public:
    explicit innocent_quarantined(reporter& r);
    void connect(hardware_view* hardware) { hardware_ = hardware; }

private:
    struct device {
        bool broken = false;  // an ITag of it has timed out since it was reset
        bool fenced = false;  // since then, too
    };
    void on_event(const base::event& e) override;
    void judged(const base::event& e);
    void event_lost(const base::event& e);
    /// Of a stream that an SMMU sees; without a view of hardware its number is the function's.
    std::optional<base::routing_id> function_of(base::place_id smmu, std::uint64_t stream);
    void hit(base::routing_id of, const base::event& e, std::uint64_t rule,
             std::string_view rule_text, std::string what);

    waves::flat_map<std::uint64_t, device> devices_;
    std::map<std::pair<base::place_id, std::uint64_t>, std::uint64_t>
        open_;  // client, op: function
    std::map<std::pair<base::place_id, std::uint64_t>, std::optional<base::routing_id>>
        functions_;  // SMMU, stream: what was lost there
    hardware_view* hardware_ = nullptr;
    unsigned fenced_ = 0;
    std::uint32_t ready_, operational_, eats_, ats_, reset_;
};

}  // namespace drydock::monitors
