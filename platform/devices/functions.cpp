// SPDX-License-Identifier: Apache-2.0
// What a function gets because it stands beside others: SR-IOV, ARI.
#include <fmt/format.h>

#include <algorithm>

#include "platform/devices/description.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/vf_image.h"

namespace drydock::devices {
namespace {

constexpr std::uint64_t least_vf_bar = 4096;

/// The BARs that a virtual function needs as the physical one has them.
std::vector<pcie::vf_bar_fields> needed_bars(pcie::config_space& space) {
    std::vector<pcie::vf_bar_fields> bars;
    for (unsigned n = 0; n < 6; ++n) {
        const auto bar = space.bar(n);
        const pcie::msix_view m = space.msix();
        const bool msix = m.present() && (m.table_bar() == n || m.pba_bar() == n);
        if (!bar || bar->is_io || (n != 0 && !msix)) continue;
        bars.push_back({n, std::max(bar->bytes, least_vf_bar), bar->is_64, bar->prefetchable});
    }
    return bars;
}

description redescribed(const description& d, const pcie::config_image& image,
                        const scenario::place& where) {
    description changed = describe(d.name, image, where);
    changed.title = d.title;
    changed.notes = d.notes;
    return changed;
}

}  // namespace

description with_sriov(const description& d, const description::sriov_facts& facts,
                       const scenario::place& where) {
    pcie::config_image image = d.image;
    pcie::config_space space(image);
    pcie::sriov_fields f;
    f.total_vfs = f.initial_vfs = facts.total_vfs;
    f.first_offset = facts.first_offset;
    f.stride = facts.stride;
    f.vf_device = image.u16(2);
    f.bars = needed_bars(space);
    if (f.bars.empty() || f.bars.front().n != 0)
        throw scenario::bad_input(where,
                                  fmt::format("sriov: '{}' has no BAR 0 in memory, where the "
                                              "engine of a virtual function would be",
                                              d.name));
    try {
        pcie::graft_extended(image, pcie::config_image_builder({}).sriov(f).build());
    } catch (const pcie::config_error& e) {
        throw scenario::bad_input(where, fmt::format("sriov: {}", e.what()));
    }
    return redescribed(d, image, where);
}

description with_ari(const description& d, const scenario::place& where) {
    if (pcie::config_space(d.image).ari().present()) return d;
    pcie::config_image image = d.image;
    try {
        pcie::graft_extended(image, pcie::config_image_builder({}).ari({}).build());
    } catch (const pcie::config_error& e) {
        throw scenario::bad_input(where, fmt::format("functions above 7 need ARI: {}", e.what()));
    }
    return redescribed(d, image, where);
}

description with_channels(const description& d, unsigned channels, const scenario::place& where) {
    pcie::config_image image = d.image;
    if (pcie::config_space(image).vc().present())
        throw scenario::bad_input(
            where, fmt::format("virtual_channels: '{}' has a VC capability with {} of them; "
                               "expected the override only where there is none",
                               d.name, d.virtual_channels));
    try {
        pcie::graft_extended(image,
                             pcie::config_image_builder({}).vc({.channels = channels}).build());
    } catch (const pcie::config_error& e) {
        throw scenario::bad_input(where, fmt::format("virtual_channels: {}", e.what()));
    }
    description changed = redescribed(d, image, where);
    changed.notes.push_back(
        fmt::format("{} virtual channels instead of none beside VC0", channels));
    return changed;
}

description virtual_function(const description& d) {
    description vf = d;
    vf.image = pcie::vf_image(d.image);
    vf.flr = true;
    vf.sriov.reset();
    return vf;
}

}  // namespace drydock::devices
