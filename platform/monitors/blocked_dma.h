// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// Memory is reached by a function that software holds blocked or quarantined. While software is on
/// its way there (p0 or p1 to p4) or back (d1 to d4) RID and PASIDs change one after the other, so
/// accesses are judged only outside of these.
class blocked_dma final : public monitor {
public:
    explicit blocked_dma(reporter& r);

private:
    struct device {
        bool blocked = false;
        bool changing = false;
    };
    void on_event(const base::event& e) override;
    void point(const base::event& e);

    waves::flat_map<std::uint64_t, device> devices_;
    std::uint32_t p0_, p1_, p4_, d1_, d4_, r0_;
    std::uint64_t blocked_devices_ = 0;
};

}  // namespace drydock::monitors
