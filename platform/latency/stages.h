// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "tlm/base/probe_kinds.h"

namespace drydock::latency {

/// How a class of spans is cut into stages: boundary `first` is where the first stage begins, stage
/// i ends at boundary first + 1 + i (field `boundary` of kind::stage).
struct stage_plan {
    base::span_class of;
    std::uint8_t first;
    std::span<const std::string_view> names;
};

/// One ATC_INV command, from the flush's ATC phase to the flush's return.
inline constexpr std::array<std::string_view, 16> invalidation_stages{
    "sw_lock",           "sw_issue",    "cmdq_wait",     "cmdq_fetch",
    "dispatch",          "itag_wait",   "request_queue", "request_flight",
    "atc_queue",         "atc_process", "drain",         "completion_queue",
    "completion_flight", "match",       "sync",          "sw_observe"};
/// One unmap, as the driver tells it.
inline constexpr std::array<std::string_view, 5> unmap_stages{"pte", "tlbi", "tlbi_sync", "atc_inv",
                                                              "atc_sync"};
/// One Translation Request: at the SMMU, translated, completion at the function.
inline constexpr std::array<std::string_view, 3> translation_stages{"request_flight", "translate",
                                                                    "completion_flight"};
/// One Page Request: sent, at the SMMU (in the queue, or decided about without), seen by software,
/// its group's response leaves the SMMU, response at the function. Where the SMMU answers by itself
/// no stage of software is between.
inline constexpr std::array<std::string_view, 5> page_request_stages{
    "group_wait", "request_flight", "sw_notice", "sw_handle", "response_flight"};

inline constexpr std::array<stage_plan, 4> stage_plans{{
    {base::span_class::atc_inv, 0, invalidation_stages},
    {base::span_class::unmap, 32, unmap_stages},
    {base::span_class::translation, 48, translation_stages},
    {base::span_class::page_request, 55, page_request_stages},
}};

/// Name of the stage that ends at a boundary, "" if there is none.
constexpr std::string_view stage_name(std::uint64_t boundary) {
    for (const stage_plan& p : stage_plans)
        if (boundary > p.first && boundary <= p.first + p.names.size())
            return p.names[boundary - p.first - 1];
    return "";
}

// Beyond the plan, of an invalidation that timed out.
inline constexpr std::string_view lost_stage = "lost";  ///< to the ITag's expiry
inline constexpr std::string_view error_restart_stage =
    "error_restart";  ///< to the acknowledge of the error
/// Of any span: before the first boundary or after the last.
inline constexpr std::string_view rest_stage = "rest";

}  // namespace drydock::latency
