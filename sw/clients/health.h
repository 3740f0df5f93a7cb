// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "sw/clients/client.h"

namespace drydock::sw {

struct health_results {
    u64 looks = 0, bad = 0;
    u64 resets = 0, resets_failed = 0;
};

/// A driver that looks after its device and resets it by itself when it is dead, or DMA has stood
/// still from one look to the next: an RAS reset that nobody asked for, under the device's lock (as
/// mlx5's health poll).
class health {
public:
    /// @param reset with the device locked (Linux: __pci_reset_function_locked())
    health(kernel& k, client& of, const health_watch& how, std::function<int(pci_dev&)> reset);

    void start();
    const client& of() const { return client_; }
    const health_results& results() const { return results_; }

private:
    void watch();

    kernel& kernel_;
    client& client_;
    health_watch how_;
    std::function<int(pci_dev&)> reset_;
    health_results results_;
};

}  // namespace drydock::sw
