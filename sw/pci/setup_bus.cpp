// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/setup_bus.h"

#include <linux/pci_regs.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "sw/pci/iov.h"

namespace drydock::sw {

pci_resource pci_decode_bar(u32 low, u32 high) {
    pci_resource r;
    if (low & PCI_BASE_ADDRESS_SPACE_IO) {
        r.io = true;
        return r;
    }
    r.prefetch = low & PCI_BASE_ADDRESS_MEM_PREFETCH;
    r.mem64 = (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
    u64 mask = low & static_cast<u32>(PCI_BASE_ADDRESS_MEM_MASK);
    if (r.mem64)
        mask |= u64{high} << 32;
    else if (mask != 0)
        mask |= 0xffff'ffff'0000'0000;
    r.size = mask == 0 ? 0 : ~mask + 1;
    return r;
}

void pci_read_bars(pci_dev& d, int from, std::span<pci_resource> r) {
    const auto bars = static_cast<unsigned>(r.size());
    const auto probe = [&](unsigned i) {
        const int where = from + static_cast<int>(i) * 4;
        const u32 old = pci_read_config_dword(d, where);
        pci_write_config_dword(d, where, ~0u);
        const u32 got = pci_read_config_dword(d, where);
        pci_write_config_dword(d, where, old);
        return got;
    };
    for (unsigned i = 0; i < bars; ++i) {
        const u32 low = probe(i);
        if (low == 0 || low == ~0u) continue;
        const bool wide = !(low & PCI_BASE_ADDRESS_SPACE_IO) &&
                          (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
        const u32 high = wide && i + 1 < bars ? probe(i + 1) : 0;
        r[i] = pci_decode_bar(low, high);
        if (wide) ++i;
    }
}

void pci_read_bases(pci_dev& d) {
    const u16 command = pci_read_config_word(d, PCI_COMMAND);
    pci_write_config_word(d, PCI_COMMAND,
                          static_cast<u16>(command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO)));
    pci_read_bars(d, PCI_BASE_ADDRESS_0, std::span(d.resource).first(d.is_bridge ? 2 : 6));
    pci_write_config_word(d, PCI_COMMAND, command);
}

std::optional<u64> window_allocator::take(u64 bytes, u64 align_to) {
    const u64 start = (next_ + align_to - 1) / align_to * align_to;
    if (start + bytes > end_ || start + bytes < start) return std::nullopt;
    next_ = start + bytes;
    return start;
}

namespace {

constexpr u64 window_granule = 1u << 20;  // PCI bridges forward memory in units of 1 MiB

bool has_64bit_prefetch_window(pci_dev& bridge) {
    return (pci_read_config_word(bridge, PCI_PREF_MEMORY_BASE) & PCI_PREF_RANGE_TYPE_MASK) ==
           PCI_PREF_RANGE_TYPE_64;
}

/// Whether a BAR goes to the 64-bit window, given what the bridges above can forward.
bool in_mem64(const pci_resource& r, bool path64) { return r.mem64 && r.prefetch && path64; }

class assigner {
public:
    assigner(const std::vector<std::unique_ptr<pci_dev>>& devices, pci_window mem32,
             pci_window mem64, const pci_slot_reserve& slots)
        : devices_(devices), mem32_(mem32), mem64_(mem64), slots_(slots) {}

    void bus_below(pci_dev* bridge, bool path64) {
        place(bridge, path64, false, mem32_);
        place(bridge, path64, true, mem64_);
        for (const auto& d : devices_)
            if (d->bridge == bridge && d->is_bridge) below(*d, path64);
    }

private:
    void below(pci_dev& bridge, bool path64) {
        const bool wide = path64 && has_64bit_prefetch_window(bridge);
        mem32_.align(window_granule);
        mem64_.align(window_granule);
        const u64 base32 = mem32_.next(), base64 = mem64_.next();
        bus_below(&bridge, wide);
        if (bridge.is_hotplug_bridge && !bridge.below_slot) {
            mem32_.skip_to(base32 + slots_.mem32);
            if (wide) mem64_.skip_to(base64 + slots_.mem64);
        }
        mem32_.align(window_granule);
        mem64_.align(window_granule);
        write_windows(bridge, base32, base64);
    }

    /// Largest first: no holes by alignment.
    void place(pci_dev* bridge, bool path64, bool high, window_allocator& from) {
        std::vector<wanted> all;
        const auto want = [&](pci_dev& d, std::string_view kind, std::span<pci_resource> r,
                              int where, unsigned pieces) {
            for (unsigned i = 0; i < r.size(); ++i)
                if (r[i].size != 0 && in_mem64(r[i], path64) == high)
                    all.push_back({&d, &r[i], std::string(kind) + std::to_string(i),
                                   where + static_cast<int>(i) * 4, pieces});
        };
        for (const auto& d : devices_) {
            if (d->bridge != bridge) continue;
            want(*d, "BAR ", d->resource, PCI_BASE_ADDRESS_0, 1);
            if (d->sriov)
                want(*d, "VF BAR ", d->sriov->resource, d->sriov->pos + PCI_SRIOV_BAR,
                     d->sriov->total_VFs);
        }
        std::stable_sort(all.begin(), all.end(), [](const wanted& a, const wanted& b) {
            return a.resource->size > b.resource->size;
        });
        for (const auto& w : all) assign(w, from);
    }

    struct wanted {
        pci_dev* dev;
        pci_resource* resource;
        std::string name;
        int where;        // the BAR in configuration space
        unsigned pieces;  // of a VF BAR as many as there may be virtual functions
    };

    static void assign(const wanted& w, window_allocator& from) {
        pci_resource& r = *w.resource;
        const auto start = from.take(r.size * w.pieces, r.size);
        if (!start)
            throw std::runtime_error(w.dev->dev.name + ": " + w.name + " of " +
                                     std::to_string(r.size * w.pieces) +
                                     " bytes does not fit into the host bridge's window");
        r.start = *start;
        pci_write_config_dword(*w.dev, w.where, static_cast<u32>(r.start));
        if (r.mem64) pci_write_config_dword(*w.dev, w.where + 4, static_cast<u32>(r.start >> 32));
    }

    void write_windows(pci_dev& b, u64 base32, u64 base64) {
        // base > limit closes a window (PCI-to-PCI bridge)
        const u64 limit32 = mem32_.next(), limit64 = mem64_.next();
        const u16 base = static_cast<u16>(limit32 > base32 ? base32 >> 16 & 0xfff0 : 0xfff0);
        const u16 limit = static_cast<u16>(limit32 > base32 ? (limit32 - 1) >> 16 & 0xfff0 : 0);
        pci_write_config_word(b, PCI_MEMORY_BASE, base);
        pci_write_config_word(b, PCI_MEMORY_LIMIT, limit);
        const bool open = limit64 > base64;
        pci_write_config_dword(b, PCI_PREF_BASE_UPPER32, static_cast<u32>(open ? base64 >> 32 : 0));
        pci_write_config_dword(b, PCI_PREF_LIMIT_UPPER32,
                               static_cast<u32>(open ? (limit64 - 1) >> 32 : 0));
        pci_write_config_word(b, PCI_PREF_MEMORY_BASE,
                              static_cast<u16>(open ? base64 >> 16 & 0xfff0 : 0xfff0));
        pci_write_config_word(b, PCI_PREF_MEMORY_LIMIT,
                              static_cast<u16>(open ? (limit64 - 1) >> 16 & 0xfff0 : 0));
    }

    const std::vector<std::unique_ptr<pci_dev>>& devices_;
    window_allocator mem32_;
    window_allocator mem64_;
    pci_slot_reserve slots_;
};

}  // namespace

void pci_assign_resources(const std::vector<std::unique_ptr<pci_dev>>& devices, pci_window mem32,
                          pci_window mem64, const pci_slot_reserve& slots) {
    assigner(devices, mem32, mem64, slots).bus_below(nullptr, true);
}

void pci_assign_below(const std::vector<std::unique_ptr<pci_dev>>& devices, pci_dev& bridge,
                      const pci_slot_reserve& slots) {
    const auto window = [](u64 base, u64 limit) {
        return base > limit ? pci_window{} : pci_window{base, limit - base + window_granule};
    };
    const auto word = [&](int where) { return u64{pci_read_config_word(bridge, where)}; };
    const auto upper = [&](int where) { return u64{pci_read_config_dword(bridge, where)} << 32; };
    const pci_window mem32 =
        window((word(PCI_MEMORY_BASE) & 0xfff0) << 16, (word(PCI_MEMORY_LIMIT) & 0xfff0) << 16);
    const pci_window mem64 =
        window(upper(PCI_PREF_BASE_UPPER32) | (word(PCI_PREF_MEMORY_BASE) & 0xfff0) << 16,
               upper(PCI_PREF_LIMIT_UPPER32) | (word(PCI_PREF_MEMORY_LIMIT) & 0xfff0) << 16);
    assigner(devices, mem32, mem64, slots).bus_below(&bridge, has_64bit_prefetch_window(bridge));
}

}  // namespace drydock::sw
