// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_image_builder.h"

#include <algorithm>
#include <bit>

#include "tlm/pcie/caps/aer.h"
#include "tlm/pcie/caps/ats.h"
#include "tlm/pcie/caps/dpc.h"
#include "tlm/pcie/caps/msi.h"
#include "tlm/pcie/caps/msix.h"
#include "tlm/pcie/caps/pasid.h"
#include "tlm/pcie/caps/power.h"
#include "tlm/pcie/caps/pri.h"
#include "tlm/pcie/config_building.h"
#include "tlm/pcie/link_timing.h"

namespace drydock::pcie {
namespace {

using building::blob;
using building::flag;
using building::require;

std::uint32_t size_code(unsigned bytes) {
    return static_cast<std::uint32_t>(std::countr_zero(bytes) - 7);
}

}  // namespace

config_image_builder::config_image_builder(const function_ids& ids, bool bridge) : bridge_(bridge) {
    header_.set16(0x00, ids.vendor);
    header_.set16(0x02, ids.device);
    header_.set32(0x08, ids.revision | (ids.class_code << 8));
    header_.bytes[0x0e] = bridge ? 1 : 0;
    if (bridge) header_.set32(0x24, 0x0001'0001);  // a prefetchable window of 64 bits
    if (!bridge) {
        header_.set16(0x2c, ids.subsystem_vendor);
        header_.set16(0x2e, ids.subsystem);
    }
    header_.bytes[0x3d] = ids.interrupt_pin;
}

config_image_builder& config_image_builder::bar(unsigned n, std::uint64_t bytes, bool wide,
                                                bool prefetchable) {
    const unsigned bars = bridge_ ? 2 : 6;
    require(n + (wide ? 1 : 0) < bars, "bar", n,
            wide ? "a pair of BARs that exists" : "a BAR that exists");
    require(std::has_single_bit(bytes) && bytes >= 128 && (wide || bytes <= 0x8000'0000u),
            "bar size", bytes, "a power of two of at least 128, at most 2 GiB for a 32-bit BAR");
    const bool taken =
        header_.bar_size[n] != 0 ||
        (n > 0 && header_.bar_size[n - 1] != 0 && (header_.bytes[0x10 + 4 * (n - 1)] & 6) == 4) ||
        (wide && header_.bar_size[n + 1] != 0);
    require(!taken, "bar", n, "a BAR that no other uses");
    header_.bar_size[n] = bytes;
    header_.bytes[0x10 + 4 * n] =
        static_cast<std::uint8_t>((wide ? 4 : 0) | (prefetchable ? 8 : 0));
    return *this;
}

config_image_builder& config_image_builder::express(const express_fields& f) {
    check_link(f.gen, f.width);
    require(std::has_single_bit(f.max_payload) && f.max_payload >= 128 && f.max_payload <= 4096,
            "max_payload", f.max_payload, "128, 256, 512, 1024, 2048 or 4096");
    blob b(express_view::size);
    const bool integrated = f.type == port_type::root_complex_endpoint;
    b.put16(2, 2u | (static_cast<unsigned>(f.type) << 4) | flag(f.slot, 8) |
                   ((f.interrupt_message & 31) << 9));
    b.put32(4,
            size_code(f.max_payload) | flag(f.extended_tag, 5) | flag(true, 15) | flag(f.flr, 28));
    if (!integrated) {
        const bool port = f.type != port_type::endpoint;
        b.put32(0xc, f.gen | (f.width << 4) | flag(f.surprise_down, 19) | flag(port, 20) |
                         (f.port_number << 24));
        b.put16(0x12, f.gen | (f.width << 4));
        b.put32(0x2c, ((1u << f.gen) - 1) << 1);
        b.put16(0x30, f.gen);
    }
    if (f.type == port_type::root_port) b.put16(0x1e, f.rrs_visibility ? 1 : 0);
    // Completion timeout ranges A-D and disable; 10-bit tags as completer; prefixes.
    b.put32(0x24, 0x1fu | flag(true, 16) | flag(true, 20) | flag(f.ari_forwarding, 5) |
                      flag(f.atomic_routing, 6) | (f.atomic_completer ? 7u << 7 : 0) |
                      (f.prefixes ? flag(true, 21) | (1u << 22) : 0));
    list_.push_back({express_view::id, false, 0, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::msix(const msix_fields& f) {
    require(f.vectors >= 1 && f.vectors <= 2048, "vectors", f.vectors, "1..2048");
    require(f.table_bar < 6 && f.pba_bar < 6, "table_bar, pba_bar", f.table_bar, "0..5");
    blob b(msix_view::size);
    b.put16(2, f.vectors - 1);
    b.put32(4, (f.table_offset & ~7u) | f.table_bar);
    b.put32(8, (f.pba_offset & ~7u) | f.pba_bar);
    list_.push_back({msix_view::id, false, 0, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::msi(const msi_fields& f) {
    require(f.vectors_log2 <= 5, "vectors_log2", f.vectors_log2, "0..5");
    blob b((f.wide ? 14u : 10u) + (f.maskable ? 10u : 0u));
    b.put16(2, (f.vectors_log2 << 1) | flag(f.wide, 7) | flag(f.maskable, 8));
    list_.push_back({msi_view::id, false, 0, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::power(const power_fields& f) {
    blob b(power_view::size);
    b.put16(2, 3u | flag(f.d1, 9) | flag(f.d2, 10));
    b.put16(4, flag(f.no_soft_reset, 3));
    list_.push_back({power_view::id, false, 0, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::aer(const aer_fields& f) {
    blob b(aer_view::size);
    b.put32(0x18, f.ecrc ? 0xa0 : 0);
    list_.push_back({aer_view::id, true, f.version, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::ats(const ats_fields& f) {
    require(f.queue_depth >= 1 && f.queue_depth <= 32, "queue_depth", f.queue_depth, "1..32");
    blob b(ats_view::size);
    b.put16(4, (f.queue_depth & 31) | flag(f.page_aligned, 5) | flag(f.global_invalidate, 6));
    list_.push_back({ats_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::pri(const pri_fields& f) {
    blob b(pri_view::size);
    b.put16(6, pri_view::stopped_bit | flag(f.pasid_required, 15));
    b.put32(8, f.capacity);
    list_.push_back({pri_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::pasid(const pasid_fields& f) {
    require(f.width <= 20, "pasid width", f.width, "0..20");
    blob b(pasid_view::size);
    b.put16(4, flag(f.execute, 1) | flag(f.privileged, 2) | (f.width << 8));
    list_.push_back({pasid_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::dpc(const dpc_fields& f) {
    require(f.pio_log_size >= 4 && f.pio_log_size <= 9, "pio_log_size", f.pio_log_size, "4..9");
    blob b(dpc_view::size);
    b.put16(4, flag(f.root_port_extensions, 5) | flag(f.poisoned_egress_blocking, 6) |
                   flag(f.software_trigger, 7) |
                   (f.root_port_extensions ? f.pio_log_size << 8 : 0));
    list_.push_back({dpc_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::raw(std::uint16_t id, bool extended,
                                                std::vector<std::uint8_t> bytes, std::uint16_t at,
                                                unsigned version) {
    bytes.resize(std::max<std::size_t>(bytes.size(), 4));
    list_.push_back({id, extended, version, at, std::move(bytes)});
    return *this;
}

void config_image_builder::place(config_image& image, bool extended) const {
    const std::size_t end = extended ? config_bytes : extended_config_start;
    std::size_t next = extended ? std::size_t{extended_config_start} : 0x40;
    std::vector<bool> used(config_bytes);
    std::size_t previous = 0;
    for (const capability& c : list_) {
        if (c.extended != extended) continue;
        const std::size_t at = c.at != 0 ? c.at : next;
        const std::string what = "capability " + std::to_string(c.id) + " at " + std::to_string(at);
        if (at % 4 != 0 || at + c.bytes.size() > end || (!extended && at < 0x40))
            throw config_error("", 0, what + " does not fit its space");
        if (extended && previous == 0 && at != extended_config_start)
            throw config_error("", 0, what + ": the first extended capability must be at 256");
        for (std::size_t i = 0; i < c.bytes.size(); ++i) {
            if (used[at + i]) throw config_error("", 0, what + " overlaps another");
            used[at + i] = true;
            image.bytes[at + i] = c.bytes[i];
        }
        if (extended) {
            image.set32(at, c.id | (c.version << 16));
            if (previous != 0)
                image.set32(previous, image.u32(previous) | static_cast<std::uint32_t>(at << 20));
        } else {
            image.bytes[at] = static_cast<std::uint8_t>(c.id);
            image.bytes[at + 1] = 0;
            image.bytes[previous != 0 ? previous + 1 : 0x34] = static_cast<std::uint8_t>(at);
            image.bytes[0x06] |= 0x10;
        }
        previous = at;
        next = std::max(next, (at + c.bytes.size() + 3) / 4 * 4);
    }
}

config_image config_image_builder::build() const {
    config_image image = header_;
    place(image, false);
    place(image, true);
    return image;
}

}  // namespace drydock::pcie
