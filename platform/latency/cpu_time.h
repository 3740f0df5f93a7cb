// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "tlm/base/context.h"

namespace drydock::latency {

/// How long each CPU had its interrupts off, in total and at the longest.
class cpu_time final : public base::observer {
public:
    /// @param cpus number of CPUs of the machine
    cpu_time(base::context& ctx, unsigned cpus);
    ~cpu_time();
    cpu_time(const cpu_time&) = delete;
    cpu_time& operator=(const cpu_time&) = delete;

    /// The run is over: closes what is still off. Once.
    void finish(base::ps now);
    /// runs[].cpus: [{"irqs_off_total_ps","irqs_off_longest_ps"}], one per CPU
    nlohmann::json to_json() const;

private:
    struct cpu {
        base::ps total{}, longest{}, since{};
        bool off = false;
    };
    void on_event(const base::event& e) override;
    static void close(cpu& c, base::ps now);

    base::context& ctx_;
    std::vector<cpu> cpus_;
};

}  // namespace drydock::latency
