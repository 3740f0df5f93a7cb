// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// Memory BAR as it reads after all ones were written: size and kind. `high` is the upper half of a
/// 64-bit one.
pci_resource pci_decode_bar(u32 low, u32 high);
/// Writes ones to each of the BARs from `where` on, reads back, restores; sizes and kinds into r.
/// Nothing decodes them meanwhile.
void pci_read_bars(pci_dev&, int where, std::span<pci_resource> r);
/// Those of the function itself, with memory decoding off.
void pci_read_bases(pci_dev&);

/// A CPU address range that a host bridge passes on to the bus.
struct pci_window {
    u64 base = 0;
    u64 size = 0;
};

/// What each port with a slot gets at least, for what may come (Linux: pci=hpbussize=, hpmmiosize=,
/// hpmmioprefsize=). A slot of what itself sits in a slot gets no more than is in it.
struct pci_slot_reserve {
    u8 buses = 1;
    u64 mem32 = 2 << 20, mem64 = 2 << 20;
};

/// Hands out addresses of a window, upwards.
class window_allocator {
public:
    explicit window_allocator(pci_window w) : next_(w.base), end_(w.base + w.size) {}
    /// @return naturally aligned start; none when the window is full
    std::optional<u64> take(u64 bytes, u64 align);
    void align(u64 to) { next_ = (next_ + to - 1) / to * to; }
    /// Leaves room up to here, as far as there is any.
    void skip_to(u64 to) { next_ = std::max(next_, std::min(to, end_)); }
    u64 next() const { return next_; }

private:
    u64 next_;
    u64 end_;
};

/// Places all BARs, closes bridge windows around them, writes both: non-prefetchable and 32-bit
/// BARs in mem32, 64-bit prefetchable ones in mem64 (through bridges with a 64-bit prefetchable
/// window).
/// @throws std::runtime_error naming the device whose BAR does not fit
void pci_assign_resources(const std::vector<std::unique_ptr<pci_dev>>&, pci_window mem32,
                          pci_window mem64, const pci_slot_reserve& slots = {});

/// The same for everything below one bridge, within its windows as they are.
void pci_assign_below(const std::vector<std::unique_ptr<pci_dev>>&, pci_dev& bridge,
                      const pci_slot_reserve& slots = {});

}  // namespace drydock::sw
