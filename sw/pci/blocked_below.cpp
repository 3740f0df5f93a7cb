// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/blocked_below.h"

#include <algorithm>
#include <utility>

#include "sw/pci/walk.h"

namespace drydock::sw {

void pci_blocked_below::block(bool contained) {
    if (!iommu_) return;
    for (pci_dev* d : pci_below(host_, port_)) {
        if (std::find(blocked_.begin(), blocked_.end(), d) != blocked_.end()) continue;
        d->contained = contained;
        if (iommu_->prepare(*d) == 0)
            blocked_.push_back(d);
        else
            d->k.log(4, "could not be blocked for containment", d->rid());
    }
}

void pci_blocked_below::lift() {
    const auto below = pci_below(host_, port_);
    for (pci_dev* d : below) d->contained = false;
    for (pci_dev* d : std::exchange(blocked_, {}))
        if (std::find(below.begin(), below.end(), d) != below.end()) iommu_->done(*d, 0);
}

}  // namespace drydock::sw
