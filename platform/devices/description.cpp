// SPDX-License-Identifier: Apache-2.0
#include "platform/devices/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "platform/devices/dump_error.h"
#include "platform/scenario/embedded.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/quantity.h"
#include "platform/scenario/sha256.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/lspci_dump.h"

namespace drydock::devices {
namespace fs = std::filesystem;
namespace {

using scenario::bad_input;

std::string near_files(const fs::path& path) {
    std::vector<std::string> files;
    std::error_code error;
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    for (const auto& f : fs::directory_iterator(folder, error))
        files.push_back(f.path().filename().string());
    std::sort(files.begin(), files.end());
    if (error) return fmt::format("; there is no folder '{}'", folder.string());
    return scenario::did_you_mean(path.filename().string(), files);
}

std::string read_file(const fs::path& path, const std::string& like, const scenario::place& where) {
    std::ifstream in(path, std::ios::binary);
    std::error_code error;
    if (fs::is_directory(path, error))
        throw bad_input(where, fmt::format("like: '{}' is a folder; expected a device description "
                                           "or an lspci -vvvxxxx dump",
                                           like));
    if (!in)
        throw bad_input(
            where,
            fmt::format(
                "like: cannot read '{}'; expected a device description or an lspci -vvvxxxx dump{}",
                like, near_files(path)));
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

description load_dump(const std::string& text, const fs::path& path, const std::string& like,
                      const std::string& slot, const scenario::place& where) {
    try {
        description d = describe(like, pcie::parse_lspci_dump(text, path.string(), slot), where);
        d.title = "from the dump " + path.filename().string();
        d.notes.push_back(fmt::format("built from the dump {} (sha256 {})", like,
                                      scenario::sha256(text).substr(0, 16)));
        return d;
    } catch (const pcie::config_error& e) {
        throw dump_error(e, path.string());
    }
}

constexpr std::string_view folder = "platform/devices/";

const scenario::embedded::file* built_in(const std::string& name) {
    for (const auto& f : scenario::embedded::all())
        if (f.path.starts_with(folder) && f.name == name + ".yaml") return &f;
    return nullptr;
}

std::string_view words(scenario::port_type t) {
    switch (t) {
        case scenario::port_type::endpoint:
            return "an endpoint";
        case scenario::port_type::legacy_endpoint:
            return "a legacy endpoint";
        case scenario::port_type::rc_integrated_endpoint:
            return "a root complex integrated endpoint";
    }
    return "";
}

/// Link Capabilities, Status, and of version 2 the speed vector and target speed (PCIe 7.5.3.6-20).
void set_link(pcie::config_image& image, std::uint16_t at, const scenario::link& l) {
    const std::uint32_t speed_and_width = l.gen | (l.width << 4);
    image.set32(at + 0xcu, (image.u32(at + 0xcu) & ~0x3ffu) | speed_and_width);
    image.set16(at + 0x12u,
                static_cast<std::uint16_t>((image.u16(at + 0x12u) & ~0x3ffu) | speed_and_width));
    if ((image.u16(at + 2u) & 0xf) < 2) return;
    image.set32(at + 0x2cu, (image.u32(at + 0x2cu) & ~0xfeu) | (((1u << l.gen) - 1) << 1));
    image.set16(at + 0x30u, static_cast<std::uint16_t>((image.u16(at + 0x30u) & ~0xfu) | l.gen));
}

std::uint16_t express_at(const pcie::config_image& image) {
    for (const auto& c : pcie::list_capabilities(image))
        if (!c.extended && c.id == pcie::express_view::id) return c.offset;
    return 0;
}

}  // namespace

bool is_path(const std::string& like) { return like.find_first_of("/.") != std::string::npos; }

fs::path resolve(const std::string& like, const scenario::place& where) {
    fs::path path(like);
    if (path.is_absolute() || where.command_line || where.file.empty()) return path;
    return (fs::path(where.file).parent_path() / path).lexically_normal();
}

std::vector<std::string> names() {
    std::vector<std::string> n;
    for (const auto& f : scenario::embedded::all())
        if (f.path.starts_with(folder)) n.emplace_back(f.name.substr(0, f.name.size() - 5));
    std::sort(n.begin(), n.end());
    return n;
}

std::shared_ptr<const description> load(const std::string& like, const scenario::place& where) {
    if (!is_path(like)) {
        const auto* file = built_in(like);
        if (file == nullptr)
            throw bad_input(where, fmt::format("like: no device '{}'; expected one of {}, or the "
                                               "path of a description or dump{}",
                                               like, scenario::list_of(names()),
                                               scenario::did_you_mean(like, names())));
        // One built-in description serves every device of every run that is like it.
        static std::map<std::string, std::shared_ptr<const description>> parsed;
        std::shared_ptr<const description>& d = parsed[like];
        if (!d)
            d = std::make_shared<description>(
                parse_description(std::string(file->text), std::string(file->path), like));
        return d;
    }
    // FILE#SLOT: one device of a dump that holds several
    const std::size_t hash = like.find('#');
    const std::string slot = hash == std::string::npos ? "" : like.substr(hash + 1);
    fs::path path = resolve(like.substr(0, hash), where);
    const std::string text = read_file(path, like.substr(0, hash), where);
    if (slot.empty() != (hash == std::string::npos))
        throw bad_input(where,
                        "like: nothing after '#'; expected a slot, such as dump.txt#01:00.0");
    if (path.extension() == ".yaml" || path.extension() == ".yml")
        return std::make_shared<description>(parse_description(text, path.string(), like));
    return std::make_shared<description>(load_dump(text, path, like, slot, where));
}

description describe(const std::string& name, const pcie::config_image& image,
                     const scenario::place& where) {
    if (image.header_type() != 0)
        throw bad_input(
            where,
            fmt::format("'{}' is a bridge; expected the configuration space of an endpoint", name));
    const std::uint16_t at = express_at(image);
    if (at == 0) throw bad_input(where, fmt::format("'{}' has no PCI Express capability", name));
    pcie::config_space space(image);
    description d;
    d.name = name;
    d.image = image;
    const unsigned type = (image.u16(at + 2u) >> 4) & 0xf;  // PCIe 7.5.3.2 Device/Port Type
    if (type != 0 && type != 1 && type != 9)
        throw bad_input(
            where,
            fmt::format("'{}' has the port type {} of a port; expected an endpoint", name, type));
    d.type = type == 0   ? scenario::port_type::endpoint
             : type == 1 ? scenario::port_type::legacy_endpoint
                         : scenario::port_type::rc_integrated_endpoint;
    const std::uint32_t link = image.u32(at + 0xcu);
    if (type != 9 && (link & 0xf) != 0) d.link = scenario::link{link & 0xf, (link >> 4) & 0x3f};
    d.flr = space.express().flr_capable();
    d.ats = space.ats().present();
    if (d.ats) d.invalidate_queue_depth = space.ats().queue_depth();
    if (space.pasid().present()) d.pasid_bits = space.pasid().width();
    d.pri = space.pri().present();
    if (space.vc().present()) d.virtual_channels = space.vc().channels();
    if (space.sriov().present() && space.sriov().total_vfs() != 0)
        d.sriov = description::sriov_facts{space.sriov().total_vfs(), space.sriov().first_offset(),
                                           space.sriov().stride()};
    return d;
}

description with_overrides(const description& d, const overrides& o, const scenario::place& where) {
    if (o.virtual_channels)
        return with_overrides(with_channels(d, *o.virtual_channels, where), {o.type, o.link, {}},
                              where);
    if (!o.type && !o.link) return d;
    description changed = d;
    const std::uint16_t at = express_at(d.image);
    if (o.type) {
        const unsigned code = *o.type == scenario::port_type::legacy_endpoint ? 1 : 0;
        changed.image.set16(at + 2u, static_cast<std::uint16_t>(
                                         (changed.image.u16(at + 2u) & ~0xf0u) | (code << 4)));
    }
    if (o.link) set_link(changed.image, at, *o.link);
    const auto notes = d.notes;
    changed = describe(d.name, changed.image, where);
    changed.title = d.title;
    changed.notes = notes;
    if (changed.type != d.type)
        changed.notes.push_back(fmt::format("like {}, which is {}; modelled as {}", d.name,
                                            words(d.type), words(changed.type)));
    const auto text = [](const std::optional<scenario::link>& l) {
        return l ? scenario::to_text(*l) : std::string("none");
    };
    if (text(changed.link) != text(d.link))
        changed.notes.push_back(fmt::format("link {} instead of {}", text(changed.link),
                                            d.link ? text(d.link) : "none of its own"));
    return changed;
}

}  // namespace drydock::devices
