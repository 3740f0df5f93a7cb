// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/vf_image.h"

#include <algorithm>

#include "tlm/pcie/caps/ari.h"
#include "tlm/pcie/caps/ats.h"
#include "tlm/pcie/caps/express.h"
#include "tlm/pcie/caps/msix.h"
#include "tlm/pcie/config_image_builder.h"

namespace drydock::pcie {
namespace {

using bytes = std::vector<std::uint8_t>;

bytes cut(const config_image& i, const capability_entry& c, std::size_t size) {
    const auto from = i.bytes.begin() + c.offset;
    return {from, from + static_cast<std::ptrdiff_t>(std::min(size, config_bytes - c.offset))};
}

void clear16(bytes& b, std::size_t at) { b[at] = b[at + 1] = 0; }

/// Controls and status read 0 after reset; FLR is mandatory.
bytes express_of(const config_image& pf, const capability_entry& c) {
    const bool second = (pf.u16(c.offset + 2u) & 0xf) >= 2;
    bytes b = cut(pf, c, second ? express_view::size : 0x14);
    for (const std::size_t at : {0x08u, 0x0au, 0x10u}) clear16(b, at);
    if (second)
        for (const std::size_t at : {0x28u, 0x30u}) clear16(b, at);
    b[7] |= 0x10;  // DevCap[28]
    return b;
}

bool in_vf_bar(const config_image& pf, std::uint32_t place, std::uint64_t size) {
    const unsigned bar = place & 7;
    return bar < 6 && (place & ~7u) + size <= pf.vf_bar_size[bar];
}

std::optional<bytes> msix_of(const config_image& pf, const capability_entry& c) {
    bytes b = cut(pf, c, msix_view::size);
    const unsigned vectors = (pf.u16(c.offset + 2u) & 0x7ffu) + 1;
    if (!in_vf_bar(pf, pf.u32(c.offset + 4u), vectors * 16u) ||
        !in_vf_bar(pf, pf.u32(c.offset + 8u), (vectors + 63) / 64 * 8))
        return std::nullopt;
    b[3] &= 0x07;  // Enable, Function Mask
    return b;
}

/// The highest place of zeros that no capability reaches; how long one is that is not known here
/// cannot be told, 64 bytes are left for each.
std::size_t free_place(const config_image& image, std::size_t size) {
    constexpr std::size_t granule = 0x10, least = 0x40;
    if (image.u32(extended_config_start) == 0) return extended_config_start;
    const auto all = list_capabilities(image);
    for (std::size_t at = config_bytes - size; at > extended_config_start; at -= granule) {
        const auto from = image.bytes.begin() + static_cast<std::ptrdiff_t>(at);
        const bool zeros = std::all_of(from, from + static_cast<std::ptrdiff_t>(size),
                                       [](std::uint8_t b) { return b == 0; });
        const bool apart = std::all_of(all.begin(), all.end(), [&](const capability_entry& c) {
            return c.offset >= at + size || c.offset + least <= at;
        });
        if (zeros && apart) return at;
    }
    throw config_error("", 0, "no room for another extended capability");
}

}  // namespace

config_image vf_image(const config_image& pf) {
    function_ids ids;
    ids.vendor = ids.device = 0xffff;
    ids.revision = pf.bytes[0x08];
    ids.class_code = pf.u32(0x08) >> 8;
    ids.subsystem_vendor = pf.u16(0x2c);
    ids.subsystem = pf.u16(0x2e);
    config_image_builder b(ids);
    for (const capability_entry& c : list_capabilities(pf)) {
        if (!c.extended && c.id == express_view::id)
            b.raw(c.id, false, express_of(pf, c), c.offset);
        if (!c.extended && c.id == msix_view::id)
            if (auto m = msix_of(pf, c)) b.raw(c.id, false, std::move(*m), c.offset);
        if (c.extended && c.id == ats_view::id) {
            bytes ats(ats_view::size);
            ats[4] = pf.bytes[c.offset + 4u] & 0xe0;  // queue depth 0: the PF's
            b.raw(c.id, true, std::move(ats));
        }
        if (c.extended && c.id == ari_view::id) b.raw(c.id, true, bytes(ari_view::size));
    }
    config_image image = b.build();
    image.virtual_function = true;
    return image;
}

std::uint16_t graft_extended(config_image& to, const config_image& from) {
    std::size_t size = config_bytes - extended_config_start;
    while (size > 4 && from.bytes[extended_config_start + size - 1] == 0) --size;
    size = (size + 0x3f) / 0x40 * 0x40;  // zero registers at its end belong to it
    const std::size_t at = free_place(to, size);
    std::copy_n(from.bytes.begin() + extended_config_start, size,
                to.bytes.begin() + static_cast<std::ptrdiff_t>(at));
    to.set32(at, from.u32(extended_config_start) & 0xfffff);
    if (at != extended_config_start) {
        std::uint16_t end = extended_config_start;
        for (const capability_entry& c : list_capabilities(to))
            if (c.extended && to.u32(c.offset) >> 20 == 0) end = c.offset;
        to.set32(end, to.u32(end) | static_cast<std::uint32_t>(at << 20));
    }
    for (unsigned n = 0; n < 6; ++n)
        if (from.vf_bar_size[n] != 0) to.vf_bar_size[n] = from.vf_bar_size[n];
    return static_cast<std::uint16_t>(at);
}

void set_next_function(config_image& image, unsigned next) {
    for (const capability_entry& c : list_capabilities(image))
        if (c.extended && c.id == ari_view::id)
            image.bytes[c.offset + 5u] = static_cast<std::uint8_t>(next);
}

}  // namespace drydock::pcie
