// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/expect/relation.h"
#include "platform/scenario/scenario.h"

/// What an expectation may speak of, by name, in an entry of summary.json's `runs`.
namespace drydock::expect {

/// Monitors (design section 7) that exist; each name may also be expected to fire.
const std::vector<std::string>& monitors();

struct measured {
    std::int64_t value = 0;
    expect::unit unit = unit::count;    ///< count or time
    std::optional<std::int64_t> whole;  ///< of what value is a share, for relations in percent
};

/// Value of a name such as "timeouts", "nic.missed", "R.result", "cpu0.irqs_off_longest",
/// "invalidation.p99"; nothing if the result has none (a task that did not return, a latency that
/// was never measured).
std::optional<measured> measure(const nlohmann::json& result, const std::string& name);

/// The unit of a name; nothing if no run of this scenario can have it.
struct named {
    expect::unit unit = unit::count;
    bool share = false;  ///< may be compared in percent
};
std::optional<named> lookup(const scenario::run& r, const std::string& name);

/// All names of a scenario, for messages and `drydock list`.
std::vector<std::string> names_of(const scenario::run& r);

/// Violations of a monitor (or of all: ""), repeats counted; optionally of one device.
std::int64_t violations(const nlohmann::json& result, std::string_view monitor,
                        std::string_view device = {});
/// As violations(), and known gaps with them.
std::int64_t fired(const nlohmann::json& result, std::string_view monitor,
                   std::string_view device = {});

}  // namespace drydock::expect
