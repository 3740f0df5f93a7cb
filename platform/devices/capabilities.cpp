// SPDX-License-Identifier: Apache-2.0
#include "platform/devices/capabilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

#include "platform/scenario/quantity.h"
#include "tlm/pcie/caps/acs.h"

namespace drydock::devices {
namespace {

using pcie::config_image_builder;
using scenario::bad_input;
using scenario::node;

void add_msi(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::msi_fields f;
    unsigned vectors = 1;
    f.at = at;
    take(c, "vectors", vectors);
    if (!std::has_single_bit(vectors))
        throw bad_input(
            c.at("vectors").where,
            fmt::format("vectors: '{}' cannot be used; expected 1, 2, 4, 8, 16 or 32", vectors));
    take(c, "wide", f.wide);
    take(c, "maskable", f.maskable);
    f.vectors_log2 = static_cast<unsigned>(std::countr_zero(vectors));
    b.msi(f);
}

void add_power(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::power_fields f;
    f.at = at;
    take(c, "no_soft_reset", f.no_soft_reset);
    b.power(f);
}

void add_af(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::af_fields f;
    f.at = at;
    take(c, "flr", f.flr);
    take(c, "transactions_pending", f.transactions_pending);
    b.af(f);
}

void add_aer(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::aer_fields f;
    f.at = at;
    take(c, "ecrc", f.ecrc);
    take(c, "version", f.version);
    b.aer(f);
}

void add_ats(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::ats_fields f;
    f.at = at;
    take(c, "queue_depth", f.queue_depth);
    take(c, "page_aligned", f.page_aligned);
    take(c, "global_invalidate", f.global_invalidate);
    b.ats(f);
}

void add_pasid(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::pasid_fields f;
    f.at = at;
    take(c, "width", f.width);
    take(c, "execute", f.execute);
    take(c, "privileged", f.privileged);
    b.pasid(f);
}

void add_pri(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::pri_fields f;
    f.at = at;
    take(c, "capacity", f.capacity);
    take(c, "pasid_required", f.pasid_required);
    b.pri(f);
}

void add_acs(config_image_builder& b, const node& c, std::uint16_t at) {
    using v = pcie::acs_view;
    constexpr std::array<std::pair<const char*, std::uint16_t>, 6> services{{
        {"source_validation", v::source_validation},
        {"translation_blocking", v::translation_blocking},
        {"request_redirect", v::request_redirect},
        {"completion_redirect", v::completion_redirect},
        {"upstream_forwarding", v::upstream_forwarding},
        {"direct_translated", v::direct_translated},
    }};
    pcie::acs_fields f;
    f.at = at;
    f.services = 0;
    for (const auto& [name, bit] : services) {
        bool supported = false;
        take(c, name, supported);
        if (supported) f.services |= bit;
    }
    take(c, "egress_vector", f.vector_bits);
    if (f.vector_bits != 0) f.services |= v::egress_control;
    b.acs(f);
}

void add_ari(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::ari_fields f;
    f.at = at;
    take(c, "next_function", f.next_function);
    take(c, "mfvc_groups", f.mfvc_groups);
    take(c, "acs_groups", f.acs_groups);
    b.ari(f);
}

void add_sriov(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::sriov_fields f;
    f.at = at;
    take(c, "total_vfs", f.total_vfs);
    f.initial_vfs = f.total_vfs;
    take(c, "initial_vfs", f.initial_vfs);
    take(c, "first_offset", f.first_offset);
    take(c, "stride", f.stride);
    take(c, "vf_device", f.vf_device);
    take(c, "page_sizes", f.page_sizes);
    take(c, "dependency_link", f.dependency_link);
    take(c, "vf_10_bit_tags", f.vf_10_bit_tags);
    if (const node* bars = c.find("bars"))
        for (const auto& m : bars->members) {
            const bar_facts facts = bar_of(m.value);
            f.bars.push_back({static_cast<unsigned>(std::stoul(m.key)), facts.bytes, facts.wide,
                              facts.prefetchable});
        }
    b.sriov(f);
}

/// "00-1a-11-ff-fe-4c-3c-70", as lspci shows it: the highest byte first.
void add_dsn(config_image_builder& b, const node& c, std::uint16_t at) {
    std::string digits = c.at("serial").scalar;
    digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
    b.dsn({.serial = std::stoull(digits, nullptr, 16), .at = at});
}

void add_cxl_device(config_image_builder& b, const node& c, std::uint16_t at) {
    constexpr std::array<std::string_view, 5> timeouts{"10ms", "100ms", "1s", "10s", "100s"};
    pcie::cxl_device_fields f;
    f.at = at;
    take(c, "cache", f.cache);
    take(c, "mem", f.mem);
    take(c, "writeback", f.writeback);
    take(c, "reset", f.reset);
    take(c, "mem_clear", f.mem_clear);
    if (const node* t = c.find("reset_timeout"))
        f.reset_timeout_code = static_cast<unsigned>(
            std::find(timeouts.begin(), timeouts.end(), t->scalar) - timeouts.begin());
    b.cxl_device(f);
}

void add_vc(config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::vc_fields f;
    f.at = at;
    take(c, "channels", f.channels);
    take(c, "low_priority", f.low_priority);
    b.vc(f);
}

struct kind {
    const char* name;
    void (*add)(config_image_builder&, const node&, std::uint16_t);
};
constexpr std::array<kind, 13> kinds{{{"acs", add_acs},
                                      {"aer", add_aer},
                                      {"af", add_af},
                                      {"ari", add_ari},
                                      {"ats", add_ats},
                                      {"cxl_device", add_cxl_device},
                                      {"dsn", add_dsn},
                                      {"msi", add_msi},
                                      {"pasid", add_pasid},
                                      {"power", add_power},
                                      {"pri", add_pri},
                                      {"sriov", add_sriov},
                                      {"vc", add_vc}}};

}  // namespace

bar_facts bar_of(const node& n) {
    const auto size = scenario::parse_bytes(n.at("size").scalar);
    if (!size)
        throw bad_input(n.at("size").where,
                        fmt::format("size: '{}' cannot be used; expected {}", n.at("size").scalar,
                                    scenario::expected_bytes));
    unsigned bits = 64;
    bar_facts f;
    take(n, "bits", bits);
    take(n, "prefetchable", f.prefetchable);
    f.bytes = *size;
    f.wide = bits == 64;
    return f;
}

std::vector<std::string> small_capabilities() {
    std::vector<std::string> names;
    names.reserve(std::size(kinds));
    for (const kind& k : kinds) names.emplace_back(k.name);
    return names;
}

void add_small_capability(config_image_builder& b, const std::string& name, const node& c,
                          std::uint16_t at) {
    for (const kind& k : kinds)
        if (name == k.name) return k.add(b, c, at);
    throw bad_input(c.where, "no capability '" + name + "'");
}

}  // namespace drydock::devices
