// SPDX-License-Identifier: Apache-2.0
#include "sw/clients/health.h"

#include <utility>

namespace drydock::sw {

health::health(kernel& k, client& of, const health_watch& how, std::function<int(pci_dev&)> reset)
    : kernel_(k), client_(of), how_(how), reset_(std::move(reset)) {}

void health::start() {
    if (client_.bound()) client_.run(".health", [this] { watch(); });
}

void health::watch() {
    u32 bad = 0;
    auto last = kernel_.now();
    while (results_.resets_failed < how_.attempts) {
        kernel_.sleep(how_.every);
        if (!client_.bound()) return;
        const auto before = std::exchange(last, kernel_.now());
        const auto& begun = client_.results().dma.begun;
        const bool stands_still = begun && *begun <= before;
        // While somebody else resets the device, its driver is told and asks it nothing.
        if (client_.queue_stopped()) continue;
        ++results_.looks;
        if (!stands_still && client_.engine().responds()) {
            bad = 0;
            continue;
        }
        ++results_.bad;
        if (++bad < how_.failures) continue;
        bad = 0;
        ++results_.resets;
        if (client_.engine().recover(reset_) != 0) ++results_.resets_failed;
    }
}

}  // namespace drydock::sw
