// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/monitor.h"

#include <fmt/format.h>

namespace drydock::monitors {

std::string readable(base::ps t) {
    struct unit {
        std::int64_t ps;
        const char* name;
    };
    static constexpr unit units[] = {
        {1'000'000'000'000, "s"}, {1'000'000'000, "ms"}, {1'000'000, "us"}, {1'000, "ns"}};
    for (const unit& u : units) {
        if (t.count < u.ps) continue;
        // Integers only: the same text on every machine.
        const std::int64_t thousandths = t.count / (u.ps / 1000);
        return fmt::format("{}.{:03} {}", thousandths / 1000, thousandths % 1000, u.name);
    }
    return fmt::format("{} ps", t.count);
}

std::string hex(std::uint64_t v) { return fmt::format("{:#x}", v); }

}  // namespace drydock::monitors
