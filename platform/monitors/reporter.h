// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "platform/monitors/violation.h"
#include "tlm/base/context.h"
#include "waves/device_names.h"

namespace drydock::monitors {

/// Identity of a cause within a monitor: device and whatever else tells two causes apart (a rule's
/// number, a text's index, a pair of locks).
struct cause {
    std::uint64_t device = 0;
    std::uint64_t detail = 0;
    friend auto operator<=>(const cause&, const cause&) = default;
};

/// What a monitor says of a first occurrence.
struct finding {
    base::ps time{};
    base::span_id span{};
    std::string device;           ///< name; see violation::device
    base::routing_id function{};  ///< for the probe's event; 0 if no function is meant
    std::string rule;
    std::string text;
    violation_class severity = violation_class::broken;
};

/// Collects what the monitors find: repeats of one cause collapse to the first and a count. Tells
/// the probe (kind::violation) of each first.
class reporter {
public:
    reporter(base::context& ctx, const waves::device_names& names);

    /// Counts a repeat. @return false if this cause is new: the monitor then calls first()
    bool again(std::string_view monitor, const cause& c, base::span_id span);
    void first(std::string_view monitor, const cause& c, finding f);

    const std::vector<violation>& all() const { return all_; }
    std::string device_name(base::routing_id rid) const { return names_.name(rid); }
    base::probe& probe() const { return ctx_.probe; }

private:
    base::context& ctx_;
    const waves::device_names& names_;
    base::place_id place_;
    std::vector<violation> all_;
    std::map<std::tuple<std::string_view, cause>, std::size_t> known_;
};

}  // namespace drydock::monitors
