// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/lspci_sizes.h"

#include <algorithm>
#include <bit>

#include "tlm/pcie/caps/sriov.h"

namespace drydock::pcie {
namespace {

constexpr std::uint32_t is_io = 1, type_bits = 6, type_64 = 4;
constexpr std::uint64_t page = 4096, largest_narrow = std::uint64_t{1} << 31, least_rom = 2048,
                        largest_rom = 16u << 20;

struct base_address {
    std::uint64_t address = 0;
    bool wide = false, io = false;
    bool implemented = false;  ///< as far as one can see: one that reads 0 may be a BAR or none
};

base_address base_address_at(const config_image& image, std::size_t at) {
    const std::uint32_t low = image.u32(at);
    base_address b;
    b.io = (low & is_io) != 0;
    b.wide = !b.io && (low & type_bits) == type_64;
    b.address = low & ~(b.io ? 3u : 15u);
    if (b.wide) b.address |= std::uint64_t{image.u32(at + 4)} << 32;
    b.implemented = low != 0 || b.address != 0;
    return b;
}

/// The largest power of two that divides the address; an address of 0 allows any: a page.
std::uint64_t natural_size(const base_address& b) {
    if (b.address == 0) return b.io ? 256 : page;
    const std::uint64_t n = std::uint64_t{1} << std::countr_zero(b.address);
    return b.wide ? n : std::min(n, largest_narrow);
}

unsigned bars_of(const config_image& image) { return image.header_type() == 1 ? 2 : 6; }

void settle_rom(config_image& image, std::uint64_t told, std::vector<std::string>& assumed) {
    const std::uint32_t rom = image.u32(image.header_type() == 1 ? 0x38 : 0x30) & 0xffff'f800;
    if (std::has_single_bit(told) && told >= least_rom && told <= largest_rom) {
        image.rom_size = told;
    } else if (rom != 0) {
        image.rom_size = std::min(std::uint64_t{1} << std::countr_zero(rom), largest_rom);
        assumed.push_back("expansion ROM");
    }
}

/// No text tells the size of a VF BAR.
void settle_vf_bars(config_image& image, std::vector<std::string>& assumed) {
    const capability_walk walk = walk_capabilities(image);
    const auto c = std::find_if(walk.found.begin(), walk.found.end(),
                                [](const auto& e) { return e.extended && e.id == sriov_view::id; });
    if (c == walk.found.end()) return;
    for (unsigned n = 0; n < 6; ++n) {
        const base_address b = base_address_at(image, c->offset + 0x24u + 4 * n);
        if (!b.implemented) continue;
        image.vf_bar_size[n] = std::max(natural_size(b), page);
        assumed.push_back("VF BAR " + std::to_string(n));
        if (b.wide) ++n;
    }
}

}  // namespace

std::vector<unsigned> bars_without_size(const config_image& image, const told_sizes& told) {
    std::vector<unsigned> without;
    for (unsigned n = 0; n < bars_of(image); ++n) {
        const base_address b = base_address_at(image, 0x10 + 4 * n);
        if (told.bar[n] == 0 && (b.implemented || told.shown[n])) without.push_back(n);
        if (b.wide) ++n;
    }
    return without;
}

std::vector<std::string> settle_sizes(config_image& image, const told_sizes& told) {
    std::vector<std::string> assumed;
    for (unsigned n = 0; n < bars_of(image); ++n) {
        const base_address b = base_address_at(image, 0x10 + 4 * n);
        image.bar_size[n] = told.bar[n];
        if (told.bar[n] == 0 && b.implemented) {
            image.bar_size[n] = natural_size(b);
            assumed.push_back("BAR " + std::to_string(n));
        }
        if (b.wide) ++n;
    }
    settle_rom(image, told.rom, assumed);
    settle_vf_bars(image, assumed);
    return assumed;
}

}  // namespace drydock::pcie
