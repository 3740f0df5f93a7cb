// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/caps/sriov.h"

#include <bit>
#include <string>

namespace drydock::pcie {
namespace {

constexpr unsigned first_bar = 0x24, bars = 6;
constexpr std::uint32_t bar_type = 6, bar_64 = 4, bar_flags = 0xf;

void declare_bar(config_registers& r, unsigned where, unsigned n) {
    const std::uint64_t bytes = r.image.vf_bar_size[n];
    const bool wide = (r.get32(where) & bar_type) == bar_64;
    if (!std::has_single_bit(bytes) || bytes < 4096 || (wide && n + 1 == bars) ||
        (!wide && bytes > (std::uint64_t{1} << 31)))
        throw config_error("", 0,
                           "VF BAR" + std::to_string(n) + ": " + std::to_string(bytes) +
                               " bytes is no size of such a BAR; it must be a power of two of at "
                               "least 4096");
    const std::uint64_t address = ~(bytes - 1);
    const auto low = static_cast<std::uint32_t>(address) & ~bar_flags;
    r.declare_rw(where, 4, low);
    r.declare_fixed(where, 4, ~low & ~bar_flags);
    if (!wide) return;
    r.declare_rw(where + 4, 4, static_cast<std::uint32_t>(address >> 32));
    r.declare_fixed(where + 4, 4, ~static_cast<std::uint32_t>(address >> 32));
}

}  // namespace

std::uint64_t sriov_view::vf_bar_address(unsigned n, unsigned k) const {
    const unsigned where = at + first_bar + 4 * n;
    std::uint64_t base = regs.get32(where) & ~bar_flags;
    if ((regs.get32(where) & bar_type) == bar_64)
        base |= std::uint64_t{regs.get32(where + 4)} << 32;
    return base + (k - 1) * vf_bar_bytes(n);
}

void sriov_view::after_write(std::uint32_t old_page_size) {
    if (num_vfs() > total_vfs()) regs.set(at + 0x10u, 2, 0xffff, total_vfs());
    if (!std::has_single_bit(system_page_size()))
        regs.set(at + 0x20u, 4, UINT32_MAX, old_page_size);
}

void sriov_view::declare(config_registers& r, std::uint16_t at) {
    const std::uint32_t capability = r.get32(at + 4u);
    const bool migration = (capability & 1) != 0;
    r.declare_rw(at + 8u, 2,
                 (migration ? 0x06u : 0u) | vf_enable | vf_memory_space | ari_hierarchy |
                     ((capability & 4) != 0 ? vf_10_bit_tag : 0));
    if (migration) r.declare_w1c(at + 0xau, 2, 1);
    r.declare_rw(at + 0x10u, 2, 0xffff);
    r.declare_rw(at + 0x20u, 4, r.get32(at + 0x1cu), page_4k);
    for (unsigned n = 0; n < bars; ++n) {
        const unsigned where = at + first_bar + 4 * n;
        if (r.image.vf_bar_size[n] == 0) {
            r.declare_fixed(where, 4, UINT32_MAX);
            continue;
        }
        declare_bar(r, where, n);
        if ((r.get32(where) & bar_type) == bar_64) ++n;
    }
}

}  // namespace drydock::pcie
