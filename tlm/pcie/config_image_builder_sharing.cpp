// SPDX-License-Identifier: Apache-2.0
// Capabilities by which functions are reset, told apart, kept apart and shared.
#include <array>
#include <bit>

#include "tlm/pcie/caps/acs.h"
#include "tlm/pcie/caps/af.h"
#include "tlm/pcie/caps/ari.h"
#include "tlm/pcie/caps/cxl_dvsec.h"
#include "tlm/pcie/caps/dsn.h"
#include "tlm/pcie/caps/sriov.h"
#include "tlm/pcie/caps/vc.h"
#include "tlm/pcie/config_building.h"
#include "tlm/pcie/config_image_builder.h"

namespace drydock::pcie {

using building::blob;
using building::flag;
using building::require;

namespace {

void put_vf_bars(blob& b, config_image& image, const std::vector<vf_bar_fields>& bars) {
    std::array<bool, 7> used{};
    for (const vf_bar_fields& bar : bars) {
        require(bar.n + (bar.wide ? 1 : 0) < 6, "vf bar", bar.n, "a VF BAR that exists");
        require(std::has_single_bit(bar.bytes) && bar.bytes >= 4096 &&
                    (bar.wide || bar.bytes <= 0x8000'0000u),
                "vf bar size", bar.bytes,
                "a power of two of at least 4096, at most 2 GiB for a 32-bit BAR");
        require(!used[bar.n] && !(bar.wide && used[bar.n + 1]), "vf bar", bar.n,
                "a VF BAR that no other uses");
        used[bar.n] = true;
        if (bar.wide) used[bar.n + 1] = true;
        image.vf_bar_size[bar.n] = bar.bytes;
        b.put16(0x24 + 4 * bar.n, flag(bar.wide, 2) | flag(bar.prefetchable, 3));
    }
}

}  // namespace

config_image_builder& config_image_builder::af(const af_fields& f) {
    blob b(af_view::size);
    b.put16(2, 6u | (flag(f.transactions_pending, 0) | flag(f.flr, 1)) << 8);
    list_.push_back({af_view::id, false, 0, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::acs(const acs_fields& f) {
    require(f.services <= acs_view::all, "services", f.services, "0..0x7f");
    const bool egress = (f.services & acs_view::egress_control) != 0;
    require(egress ? f.vector_bits >= 1 && f.vector_bits <= 256 : f.vector_bits == 0, "vector_bits",
            f.vector_bits, egress ? "1..256" : "0 without egress control");
    blob b(8 + (f.vector_bits + 31) / 32 * 4);
    b.put16(4, f.services | ((f.vector_bits & 0xff) << 8));
    list_.push_back({acs_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::ari(const ari_fields& f) {
    require(f.next_function <= 255, "next_function", f.next_function, "0..255");
    blob b(ari_view::size);
    b.put16(4, flag(f.mfvc_groups, 0) | flag(f.acs_groups, 1) | (f.next_function << 8));
    list_.push_back({ari_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::sriov(const sriov_fields& f) {
    require(f.total_vfs >= 1 && f.total_vfs <= 0xffff, "total_vfs", f.total_vfs, "1..65535");
    require(f.initial_vfs <= f.total_vfs, "initial_vfs", f.initial_vfs, "0..total_vfs");
    require(f.first_offset >= 1 && f.first_offset <= 0xffff, "first_offset", f.first_offset,
            "1..65535");
    require(f.stride <= 0xffff && (f.stride >= 1 || f.total_vfs == 1), "stride", f.stride,
            "1..65535");
    require((f.page_sizes & sriov_view::page_4k) != 0, "page_sizes", f.page_sizes,
            "4 KiB among them");
    require(f.dependency_link <= 255, "dependency_link", f.dependency_link, "0..255");
    blob b(sriov_view::size);
    b.put32(4, flag(f.vf_10_bit_tags, 2));
    b.put16(0xc, f.initial_vfs);
    b.put16(0xe, f.total_vfs);
    b.put16(0x12, f.dependency_link);
    b.put16(0x14, f.first_offset);
    b.put16(0x16, f.stride);
    b.put16(0x1a, f.vf_device);
    b.put32(0x1c, f.page_sizes);
    b.put32(0x20, sriov_view::page_4k);
    put_vf_bars(b, header_, f.bars);
    list_.push_back({sriov_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::dsn(const dsn_fields& f) {
    blob b(dsn_view::size);
    b.put32(4, static_cast<std::uint32_t>(f.serial));
    b.put32(8, static_cast<std::uint32_t>(f.serial >> 32));
    list_.push_back({dsn_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::vc(const vc_fields& f) {
    require(f.channels >= 1 && f.channels <= most_channels, "virtual channels", f.channels, "1..8");
    const unsigned extended = f.channels - 1;
    const unsigned low = f.low_priority < extended ? f.low_priority : extended;
    blob b(vc_view::first_resource + vc_view::resource_size * f.channels);
    b.put32(4, extended | (low << 4));
    b.put32(8, flag(low != 0, 0));  // hardware fixed arbitration among the low-priority ones
    for (unsigned n = 0; n < f.channels; ++n)
        b.put32(vc_view::first_resource + vc_view::resource_size * n + 4,
                n == 0 ? vc_view::enable_bit | vc_view::map_bits : n << 24);
    list_.push_back({vc_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::cxl_port(const cxl_port_fields& f) {
    blob b(cxl_port_view::size);
    b.put32(4, cxl_vendor | (std::uint32_t{cxl_port_view::size} << 20));
    b.put16(8, cxl_port_view::dvsec_id);
    list_.push_back({dvsec_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

config_image_builder& config_image_builder::cxl_device(const cxl_device_fields& f) {
    require(f.reset_timeout_code <= 4, "reset_timeout_code", f.reset_timeout_code, "0..4");
    blob b(cxl_device_view::size);
    b.put32(4, cxl_vendor | (1u << 16) | (std::uint32_t{cxl_device_view::size} << 20));  // CXL 2.0
    b.put16(8, cxl_device_view::dvsec_id);
    b.put16(0xa, flag(f.cache, 0) | flag(true, 1) | flag(f.mem, 2) | flag(f.writeback, 6) |
                     flag(f.reset, 7) | (f.reset_timeout_code << 8) | flag(f.mem_clear, 11));
    list_.push_back({dvsec_view::id, true, 1, f.at, std::move(b.bytes)});
    return *this;
}

}  // namespace drydock::pcie
