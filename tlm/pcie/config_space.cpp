// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_space.h"

#include <bit>
#include <string>

namespace drydock::pcie {
namespace {

// Header registers, PCIe.
constexpr unsigned command_at = 0x04, status_at = 0x06, cache_line_at = 0x0c, bar_at = 0x10,
                   rom_at = 0x30, line_at = 0x3c, bridge_rom_at = 0x38, bridge_control_at = 0x3e,
                   bridge_io_at = 0x1c, bridge_upper_io_at = 0x30, secondary_status_at = 0x1e;
constexpr std::uint16_t command_writable = 0x0547;  // IO, Mem, BME, parity, SERR, INTx disable
constexpr std::uint16_t command_bus_master = 0x0004;
constexpr std::uint16_t command_conventional = 0x02b8;  // of conventional PCI only, 0 after reset
constexpr std::uint16_t status_w1c = 0xf900, status_interrupt = 0x0008;
constexpr std::uint16_t bridge_control_writable = 0x0043;  // parity, SERR, secondary bus reset
constexpr std::uint16_t bridge_control_legacy = 0x001c;    // ISA, VGA, VGA 16-bit decode
constexpr std::uint16_t pri_reset = 2;                     // Page Request control[1]
constexpr std::uint32_t bar_io = 1, bar_type = 6, bar_64 = 4, bar_prefetchable = 8;

bool aligned(std::uint16_t offset, unsigned size) {
    return (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
           offset + size <= config_bytes;
}

}  // namespace

config_space::config_space(const config_image& image) {
    regs_.image = image;
    capabilities_ = list_capabilities(image);
    declare_header();
    declare_capabilities();
}

void config_space::declare_header() {
    if (regs_.image.virtual_function) return declare_virtual_header();
    regs_.declare_rw(command_at, 2, command_writable);
    regs_.declare_status(command_at, 2, command_conventional);
    regs_.declare_w1c(status_at, 2, status_w1c);
    regs_.declare_status(status_at, 2, status_interrupt);
    regs_.declare_rw(cache_line_at, 1, 0xff);
    regs_.declare_rw(line_at, 1, 0xff);
    if (!is_bridge()) {
        declare_bars(6);
        return declare_rom(rom_at);
    }
    declare_bars(2);
    regs_.declare_rw(0x18, 4, 0x00ff'ffff);  // primary, secondary, subordinate bus
    regs_.declare_w1c(secondary_status_at, 2, status_w1c);
    // Memory window, granule 1 MiB; closed after reset (base > limit).
    regs_.declare_rw(0x20, 4, 0xfff0'fff0, 0x0000'fff0);
    regs_.declare_fixed(0x20, 4, 0x000f'000f);
    // The prefetchable window is optional; its type bits say whether it is of 64 bits.
    const bool window = regs_.get32(0x24) != 0, wide = (regs_.get16(0x24) & 0xf) == 1;
    regs_.declare_rw(0x24, 4, window ? 0xfff0'fff0 : 0, 0x0000'fff0);
    for (const unsigned upper : {0x28u, 0x2cu})
        if (wide)
            regs_.declare_rw(upper, 4, UINT32_MAX);
        else
            regs_.declare_fixed(upper, 4, UINT32_MAX);
    regs_.declare_rw(bridge_control_at, 2, bridge_control_writable);
    declare_io_window();
    declare_rom(bridge_rom_at);
}

/// Of Command a virtual function has Bus Master Enable only, and no BARs (PCIe, SR-IOV).
void config_space::declare_virtual_header() {
    regs_.declare_rw(command_at, 2, command_bus_master);
    regs_.declare_w1c(status_at, 2, status_w1c);
    declare_bars(6);
    declare_rom(rom_at);
}

/// Of a bridge that forwards IO: one that was captured, ours don't. Closed after reset, granule 4
/// KiB.
void config_space::declare_io_window() {
    const bool window = regs_.get16(bridge_io_at) != 0;
    const bool wide = window && (regs_.get16(bridge_io_at) & 0xf) == 1;
    regs_.declare_rw(bridge_io_at, 2, window ? 0xf0f0 : 0, 0x00f0);
    if (wide)
        regs_.declare_rw(bridge_upper_io_at, 4, UINT32_MAX);
    else
        regs_.declare_fixed(bridge_upper_io_at, 4, UINT32_MAX);
    if (window) regs_.declare_rw(bridge_control_at, 2, bridge_control_legacy);
}

void config_space::declare_rom(unsigned at) {
    const std::uint64_t bytes = regs_.image.rom_size;
    if (bytes == 0) return regs_.declare_fixed(at, 4, UINT32_MAX);
    if (!std::has_single_bit(bytes) || bytes < 2048 || bytes > 16u << 20)
        throw config_error("", 0,
                           "expansion ROM: " + std::to_string(bytes) +
                               " bytes is no size of a ROM; it must be a power of two of 2 KiB to "
                               "16 MiB");
    const std::uint32_t address = ~(static_cast<std::uint32_t>(bytes) - 1);
    regs_.declare_rw(at, 4, address | 1);
    regs_.declare_fixed(at, 4, ~(address | 1));
}

void config_space::declare_bars(unsigned count) {
    for (unsigned n = 0; n < count; ++n) {
        const unsigned at = bar_at + 4 * n;
        const std::uint64_t bytes = regs_.image.bar_size[n];
        if (bytes == 0) {
            regs_.declare_fixed(at, 4, 0xffff'ffff);
            continue;
        }
        const std::uint32_t low = regs_.get32(at);
        const bool wide = (low & bar_io) == 0 && (low & bar_type) == bar_64;
        const std::uint64_t least = (low & bar_io) != 0 ? 4 : 16;  // conventional PCI
        if (!std::has_single_bit(bytes) || bytes < least ||
            (!wide && bytes > (std::uint64_t{1} << 31)) || (wide && n + 1 == count))
            throw config_error(
                "", 0,
                "BAR" + std::to_string(n) + ": " + std::to_string(bytes) +
                    " bytes is no size of such a BAR; it must be a power of two of at least " +
                    std::to_string(least));
        const std::uint64_t address_bits = ~(bytes - 1);
        regs_.declare_rw(
            at, 4, static_cast<std::uint32_t>(address_bits) & ~((low & bar_io) != 0 ? 3u : 15u));
        if (wide) {
            regs_.declare_rw(at + 4, 4, static_cast<std::uint32_t>(address_bits >> 32));
            regs_.declare_fixed(at + 4, 4, ~static_cast<std::uint32_t>(address_bits >> 32));
            ++n;
        }
        // Bits between the type bits and the size read 0 whatever the dump had there.
        regs_.declare_fixed(
            at, 4, ~static_cast<std::uint32_t>(address_bits) & ~((low & bar_io) != 0 ? 3u : 15u));
    }
}

void config_space::declare_capabilities() {
    for (const capability_entry& c : capabilities_)
        if (c.extended)
            declare_extended(c);
        else
            declare_standard(c);
}

void config_space::declare_standard(const capability_entry& c) {
    switch (c.id) {
        case power_view::id:
            return own<power_view>(power_at_, c.offset);
        case msi_view::id:
            return own<msi_view>(msi_at_, c.offset);
        case express_view::id:
            return own<express_view>(express_at_, c.offset);
        case msix_view::id:
            return own<msix_view>(msix_at_, c.offset);
        case af_view::id:
            return own<af_view>(af_at_, c.offset);
        default:
            return;
    }
}

void config_space::declare_extended(const capability_entry& c) {
    switch (c.id) {
        case aer_view::id:
            if (aer_at_ != 0) return;
            aer_at_ = c.offset;
            return aer_view::declare(
                regs_, c.offset, express().present() && express().type() == port_type::root_port);
        case ats_view::id:
            return own<ats_view>(ats_at_, c.offset);
        case pri_view::id:
            return own<pri_view>(pri_at_, c.offset);
        case pasid_view::id:
            return own<pasid_view>(pasid_at_, c.offset);
        case dpc_view::id:
            return own<dpc_view>(dpc_at_, c.offset);
        case acs_view::id:
            return own<acs_view>(acs_at_, c.offset);
        case ari_view::id:
            return own<ari_view>(ari_at_, c.offset);
        case sriov_view::id:
            return own<sriov_view>(sriov_at_, c.offset);
        case dsn_view::id:
            return own<dsn_view>(dsn_at_, c.offset);
        case vc_view::id:
            return own<vc_view>(vc_at_, c.offset);
        case dvsec_view::id:
            return declare_dvsec(c.offset);
        default:
            return;
    }
}

void config_space::declare_dvsec(std::uint16_t at) {
    const dvsec_view d{regs_, at};
    if (d.vendor() != cxl_vendor) return;
    if (d.dvsec_id() == cxl_port_view::dvsec_id && d.length() >= cxl_port_view::size)
        own<cxl_port_view>(cxl_port_at_, at);
    if (d.dvsec_id() == cxl_device_view::dvsec_id && d.length() >= cxl_device_view::least)
        own<cxl_device_view>(cxl_device_at_, at);
}

std::uint16_t config_space::find(std::uint16_t id, bool extended) const {
    for (const capability_entry& c : capabilities_)
        if (c.id == id && c.extended == extended) return c.offset;
    return 0;
}

std::uint32_t config_space::read(std::uint16_t offset, unsigned size) const {
    if (!aligned(offset, size)) return UINT32_MAX;
    return regs_.get(offset, size);
}

void config_space::write(std::uint16_t offset, unsigned size, std::uint32_t value,
                         std::uint8_t byte_enables) {
    if (!aligned(offset, size)) return;
    const auto dword = static_cast<std::uint16_t>(offset & ~3u);
    const unsigned shift = offset & 3;
    const std::uint8_t enabled =
        static_cast<std::uint8_t>((byte_enables & ((1u << size) - 1)) << shift);
    const unsigned old_state = power().state();
    const std::uint32_t old_page_size = sriov().present() ? sriov().system_page_size() : 0;
    if (!sriov().locked(dword))
        for (unsigned i = 0; i < 4; ++i)
            if ((enabled >> i) & 1)
                regs_.write_byte(dword + i, static_cast<std::uint8_t>(value >> (8 * (i - shift))));
    if (power().present() && dword == power_at_ + 4u && !power().reachable(power().state()))
        regs_.set(power_at_ + 4u, 2, 3, old_state);
    if (sriov().present()) sriov().after_write(old_page_size);
    if (pri_at_ != 0 && dword == pri_at_ + 0xcu) pri().after_write();
    after_write(dword, enabled);
}

bool config_space::initiates_flr(std::uint16_t dword, std::uint8_t byte_enables) {
    if (express_at_ != 0 && dword == express_at_ + 8u && (byte_enables & 2) != 0) {
        if (!express().flr_capable()) return false;
        const bool flr = (regs_.get16(express_at_ + 8u) & express_view::initiate_flr) != 0;
        regs_.set(express_at_ + 8u, 2, express_view::initiate_flr, 0);
        return flr;
    }
    return af().present() && dword == af_at_ + 4u && af().take_flr();
}

void config_space::after_write(std::uint16_t dword, std::uint8_t byte_enables) {
    const bool flr = initiates_flr(dword, byte_enables);
    for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->config_written(dword);
    if (express_at_ != 0 && dword == express_at_ + 0x18u && (byte_enables & 3) != 0)
        for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->slot_control_written();
    if (pri_at_ != 0 && dword == pri_at_ + 4u) regs_.set(dword, 2, pri_reset, 0);
    if (cxl_device_at_ != 0 && dword == cxl_device_at_ + 0x10u) cxl_device().after_write();
    if (flr)
        for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->flr_initiated();
}

void config_space::adopt(const config_image& captured) {
    regs_.adopt_status(captured);
    const auto write_dword = [&](std::uint16_t at) {
        write(at, 4, captured.u32(at) & ~regs_.w1c_of(at));
    };
    const int vf_control = sriov().present() ? sriov_at_ + 8 : -1;
    for (std::uint16_t at = 0; at < config_bytes; at += 4)
        if (at != vf_control) write_dword(at);
    // VF Enable after what it locks.
    if (vf_control > 0) write_dword(static_cast<std::uint16_t>(vf_control));
}

void config_space::reset(reset_kind kind) {
    regs_.reset(kind == reset_kind::flr, kind != reset_kind::fundamental);
}

command_bits config_space::command() const {
    const std::uint16_t v = regs_.get16(command_at);
    return {(v & 1) != 0, (v & 2) != 0, (v & 4) != 0, (v & 0x100) != 0, (v & 0x400) != 0};
}

std::optional<bar_state> config_space::bar(unsigned n) const {
    if (n >= (is_bridge() ? 2u : 6u) || regs_.image.bar_size[n] == 0) return std::nullopt;
    const std::uint32_t low = regs_.get32(bar_at + 4 * n);
    bar_state b;
    b.bytes = regs_.image.bar_size[n];
    b.is_io = (low & bar_io) != 0;
    b.is_64 = !b.is_io && (low & bar_type) == bar_64;
    b.prefetchable = !b.is_io && (low & bar_prefetchable) != 0;
    b.address = low & ~(b.is_io ? 3u : 15u);
    if (b.is_64) b.address |= std::uint64_t{regs_.get32(bar_at + 4 * n + 4)} << 32;
    return b;
}

}  // namespace drydock::pcie
