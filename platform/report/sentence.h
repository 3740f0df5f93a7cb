// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace drydock::report {

/// What happened in a run, in one sentence: "FLR of ep0 lost 7 invalidations; nic stood still 115
/// ms; no stale access". Who stood still: devices whose invalidations were all answered, and for
/// how long their longest-waiting client was inside of unmaps longer than `standstill_ps`.
/// @param entry of summary.json's runs  @param profile its profile.json
std::string sentence(const nlohmann::json& entry, const nlohmann::json& profile);

/// An unmap that lasts longer stands still. As innocent_harmed's limit: 1 ms.
inline constexpr std::int64_t standstill_ps = 1'000'000'000;

}  // namespace drydock::report
