// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_space.h"

#include <bit>
#include <string>

namespace drydock::pcie {
namespace {

// Header registers, PCIe.
constexpr unsigned command_at = 0x04, status_at = 0x06, cache_line_at = 0x0c, bar_at = 0x10,
                   rom_at = 0x30, line_at = 0x3c, bridge_rom_at = 0x38, bridge_control_at = 0x3e,
                   secondary_status_at = 0x1e;
constexpr std::uint16_t command_writable = 0x0547;  // IO, Mem, BME, parity, SERR, INTx disable
constexpr std::uint16_t status_w1c = 0xf900;
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
    regs_.declare_rw(command_at, 2, command_writable);
    regs_.declare_w1c(status_at, 2, status_w1c);
    regs_.declare_rw(cache_line_at, 1, 0xff);
    regs_.declare_rw(line_at, 1, 0xff);
    if (!is_bridge()) {
        declare_bars(6);
        regs_.declare_status(rom_at, 4, 0xffff'ffff);  // no expansion ROM
        return;
    }
    declare_bars(2);
    regs_.declare_rw(0x18, 4, 0x00ff'ffff);  // primary, secondary, subordinate bus
    // No IO window. Memory window granule 1 MiB; closed after reset (base > limit).
    regs_.declare_status(0x1c, 2, 0xffff);
    regs_.declare_w1c(secondary_status_at, 2, 0xf900);
    regs_.declare_rw(0x20, 4, 0xfff0'fff0, 0x0000'fff0);
    regs_.declare_status(0x20, 4, 0x000f'000f);
    regs_.declare_rw(0x24, 4, 0xfff0'fff0, 0x0000'fff0);
    regs_.declare_status(0x24, 4, 0x000f'000f, 0x0001'0001);  // 64-bit prefetchable window
    regs_.declare_rw(0x28, 4, 0xffff'ffff);
    regs_.declare_rw(0x2c, 4, 0xffff'ffff);
    regs_.declare_status(bridge_rom_at, 4, 0xffff'ffff);
    regs_.declare_rw(bridge_control_at, 2, 0x0043);  // parity, SERR, secondary bus reset
}

void config_space::declare_bars(unsigned count) {
    for (unsigned n = 0; n < count; ++n) {
        const unsigned at = bar_at + 4 * n;
        const std::uint64_t bytes = regs_.image.bar_size[n];
        if (bytes == 0) {
            regs_.declare_status(at, 4, 0xffff'ffff);
            continue;
        }
        const std::uint32_t low = regs_.get32(at);
        const bool wide = (low & bar_io) == 0 && (low & bar_type) == bar_64;
        const std::uint64_t least = (low & bar_io) != 0 ? 4 : 128;
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
            regs_.declare_status(at + 4, 4, ~static_cast<std::uint32_t>(address_bits >> 32));
            ++n;
        }
        // Bits between the type bits and the size read 0 whatever the dump had there.
        regs_.declare_status(
            at, 4, ~static_cast<std::uint32_t>(address_bits) & ~((low & bar_io) != 0 ? 3u : 15u));
    }
}

void config_space::declare_capabilities() {
    const auto own = [this](std::uint16_t& where, std::uint16_t offset, auto declare) {
        if (where != 0) return;  // a second one of its kind stays read-only
        where = offset;
        declare(regs_, offset);
    };
    for (const capability_entry& c : capabilities_) {
        if (!c.extended) {
            switch (c.id) {
                case power_view::id:
                    own(power_at_, c.offset, power_view::declare);
                    break;
                case msi_view::id:
                    own(msi_at_, c.offset, msi_view::declare);
                    break;
                case express_view::id:
                    own(express_at_, c.offset, express_view::declare);
                    break;
                case msix_view::id:
                    own(msix_at_, c.offset, msix_view::declare);
                    break;
                default:
                    break;
            }
            continue;
        }
        switch (c.id) {
            case aer_view::id:
                own(aer_at_, c.offset, [this](config_registers& r, std::uint16_t at) {
                    aer_view::declare(
                        r, at, express().present() && express().type() == port_type::root_port);
                });
                break;
            case ats_view::id:
                own(ats_at_, c.offset, ats_view::declare);
                break;
            case pri_view::id:
                own(pri_at_, c.offset, pri_view::declare);
                break;
            case pasid_view::id:
                own(pasid_at_, c.offset, pasid_view::declare);
                break;
            case dpc_view::id:
                own(dpc_at_, c.offset, dpc_view::declare);
                break;
            default:
                break;
        }
    }
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
    for (unsigned i = 0; i < 4; ++i)
        if ((enabled >> i) & 1)
            regs_.write_byte(dword + i, static_cast<std::uint8_t>(value >> (8 * (i - shift))));
    if (power().present() && dword == power_at_ + 4u && !power().reachable(power().state()))
        regs_.set(power_at_ + 4u, 2, 3, old_state);
    after_write(dword, enabled);
}

void config_space::after_write(std::uint16_t dword, std::uint8_t byte_enables) {
    bool flr = false;
    if (express_at_ != 0 && dword == express_at_ + 8u && (byte_enables & 2) != 0) {
        flr = (regs_.get16(express_at_ + 8u) & express_view::initiate_flr) != 0;
        regs_.set(express_at_ + 8u, 2, express_view::initiate_flr, 0);
    }
    if (pri_at_ != 0 && dword == pri_at_ + 0xcu) pri().after_write();
    for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->config_written(dword);
    if (flr)
        for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->flr_initiated();
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
