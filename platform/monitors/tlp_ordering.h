// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// The ordering rules (PCIe 2.4.1), per link direction and virtual channel: what a transmitter took
/// later leaves it earlier only where the table allows it. Nothing passes a posted TLP but by
/// Relaxed Ordering or ID-based Ordering (completions without data also without them); completions
/// of one transaction stay in order. Costs what the TLPs that wait in a transmitter are.
class tlp_ordering final : public monitor {
public:
    explicit tlp_ordering(reporter& r);

private:
    struct waiting {
        std::uint64_t type, address, ids, attributes;
    };
    void on_event(const base::event& e) override;
    void sent(const base::event& e);
    void dropped(const base::event& e);
    void passed(const base::event& e, const waiting& later, const waiting& earlier);
    static bool may_pass(const waiting& later, const waiting& earlier);

    std::vector<std::vector<waiting>> queues_;  // by place
};

}  // namespace drydock::monitors
