// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "platform/devices/capabilities.h"
#include "platform/devices/description.h"
#include "platform/scenario/document.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/quantity.h"
#include "platform/scenario/schema.h"
#include "tlm/pcie/config_image_builder.h"

namespace drydock::devices {
namespace {

using scenario::bad_input;
using scenario::node;

void take_link(const node& map, unsigned& gen, unsigned& width) {
    if (const node* n = map.find("link")) {
        const auto l = scenario::parse_link(n->scalar);
        gen = l->gen;
        width = l->width;
    }
}

pcie::port_type type_of(const node& map) {
    const node* n = map.find("port_type");
    return n != nullptr && n->scalar == "rc_integrated_endpoint"
               ? pcie::port_type::root_complex_endpoint
               : pcie::port_type::endpoint;
}

/// PCI Express capability of version 1 (PCIe 1.1): Device and Link registers only, 0x14 bytes.
std::vector<std::uint8_t> express_version_1(const pcie::express_fields& f) {
    pcie::config_image b;
    unsigned code = 0;
    while ((128u << code) < f.max_payload) ++code;
    b.set16(2, static_cast<std::uint16_t>(1u | (static_cast<unsigned>(f.type) << 4)));
    b.set32(4, code | (f.extended_tag ? 1u << 5 : 0) | 1u << 15 | (f.flr ? 1u << 28 : 0));
    b.set32(0xc, f.gen | (f.width << 4));
    b.set16(0x12, static_cast<std::uint16_t>(f.gen | (f.width << 4)));
    return {b.bytes.begin(), b.bytes.begin() + 0x14};
}

void add_express(pcie::config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::express_fields f;
    unsigned version = 2;
    f.at = at;
    f.type = type_of(c);
    take(c, "version", version);
    take(c, "max_payload", f.max_payload);
    take(c, "flr", f.flr);
    take(c, "extended_tag", f.extended_tag);
    take(c, "prefixes", f.prefixes);
    take_link(c, f.gen, f.width);
    if (version == 1)
        b.raw(pcie::express_view::id, false, express_version_1(f), at);
    else
        b.express(f);
}

void add_msix(pcie::config_image_builder& b, const node& c, std::uint16_t at) {
    pcie::msix_fields f;
    f.at = at;
    take(c, "vectors", f.vectors);
    take(c.at("table"), "bar", f.table_bar);
    take(c.at("table"), "offset", f.table_offset);
    take(c.at("pba"), "bar", f.pba_bar);
    take(c.at("pba"), "offset", f.pba_offset);
    b.msix(f);
}

void add_raw(pcie::config_image_builder& b, const node& c, std::uint16_t at) {
    unsigned id = 0, size = 4, version = 1;
    bool extended = true;
    take(c, "id", id);
    take(c, "size", size);
    take(c, "version", version);
    take(c, "extended", extended);
    std::vector<std::uint8_t> bytes(size);
    if (const node* registers = c.find("registers"))
        for (const auto& m : registers->members) {
            const auto offset = std::stoul(m.key, nullptr, 0);
            const auto value = m.value.to_json().get<std::uint32_t>();
            if (offset % 4 != 0 || offset + 4 > size)
                throw bad_input(
                    m.where,
                    fmt::format(
                        "register {} cannot be used; expected a multiple of 4 below the size {}",
                        m.key, size));
            for (unsigned i = 0; i < 4; ++i)
                bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
        }
    b.raw(static_cast<std::uint16_t>(id), extended, std::move(bytes), at, version);
}

void add_capability(pcie::config_image_builder& b, const node& c) {
    unsigned at = 0;
    take(c, "at", at);
    const scenario::member* kind = nullptr;
    for (const auto& m : c.members)
        if (m.key != "at") {
            if (kind != nullptr)
                throw bad_input(m.where,
                                fmt::format("'{}' beside '{}'; expected one capability per entry",
                                            m.key, kind->key));
            kind = &m;
        }
    if (kind == nullptr)
        throw bad_input(c.where, "no capability; expected express, raw, " +
                                     scenario::list_of(small_capabilities()));
    const auto offset = static_cast<std::uint16_t>(at);
    if (kind->key == "express")
        add_express(b, kind->value, offset);
    else if (kind->key == "msix")
        add_msix(b, kind->value, offset);
    else if (kind->key == "raw")
        add_raw(b, kind->value, offset);
    else
        add_small_capability(b, kind->key, kind->value, offset);
}

pcie::function_ids ids_of(const node& n) {
    pcie::function_ids ids;
    take(n, "vendor", ids.vendor);
    take(n, "device", ids.device);
    take(n, "subsystem_vendor", ids.subsystem_vendor);
    take(n, "subsystem", ids.subsystem);
    take(n, "revision", ids.revision);
    take(n, "class", ids.class_code);
    take(n, "interrupt_pin", ids.interrupt_pin);
    return ids;
}

void add_bar(pcie::config_image_builder& b, const scenario::member& m) {
    const bar_facts f = bar_of(m.value);
    b.bar(static_cast<unsigned>(std::stoul(m.key)), f.bytes, f.wide, f.prefetchable);
}

/// Runs f; what the builder refuses is said at the place in the file.
template <class F>
void at_place(const scenario::place& where, F&& f) {
    try {
        f();
    } catch (const pcie::config_error& e) {
        throw bad_input(where, e.what());
    }
}

}  // namespace

description parse_description(const std::string& text, const std::string& file,
                              const std::string& name) {
    const node document = scenario::parse_yaml(text, file);
    scenario::device_schema().check(document);
    pcie::config_image_builder b(ids_of(document.at("ids")));
    for (const auto& m : document.at("bars").members) at_place(m.where, [&] { add_bar(b, m); });
    for (const node& c : document.at("capabilities").items)
        at_place(c.where, [&] { add_capability(b, c); });
    pcie::config_image image;
    at_place(document.at("capabilities").where, [&] { image = b.build(); });
    description d = describe(name, image, document.where);
    d.title = document.at("title").scalar;
    return d;
}

}  // namespace drydock::devices
