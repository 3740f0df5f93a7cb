// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json.hpp>

#include "platform/latency/samples.h"
#include "tlm/base/context.h"

namespace drydock::latency {

/// Times inside the SMMUs: how long table walks last, and how long transactions waited for what.
/// Reads kind::walk_done and kind::smmu_stall only.
class smmu_collector final : public base::observer {
public:
    explicit smmu_collector(base::context&);
    ~smmu_collector();
    smmu_collector(const smmu_collector&) = delete;
    smmu_collector& operator=(const smmu_collector&) = delete;

    /// runs[].latency.walk: {"count", percentiles}
    nlohmann::json walks() const { return to_json(walks_.summary()); }
    /// runs[].smmu_stalls: {reason: {"count", percentiles}}, of waits that have ended
    nlohmann::json stalls() const;

private:
    void on_event(const base::event& e) override;

    base::context& ctx_;
    samples walks_;
    std::map<std::uint64_t, samples> stalls_;  ///< by index of the reason's text
};

}  // namespace drydock::latency
