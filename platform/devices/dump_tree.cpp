// SPDX-License-Identifier: Apache-2.0
#include "platform/devices/dump_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "platform/devices/dump_error.h"
#include "platform/scenario/place.h"
#include "tlm/pcie/caps/express.h"
#include "tlm/pcie/caps/sriov.h"
#include "tlm/pcie/lspci_dump.h"

namespace drydock::devices {
namespace {

using scenario::bad_input;

// Device/Port Type, PCIe Capabilities [7:4] (PCIe 7.5.3.2).
enum express_type : unsigned {
    endpoint = 0,
    legacy_endpoint = 1,
    root_port = 4,
    switch_up = 5,
    switch_down = 6,
    integrated = 9,
    none = 16
};

struct entry {
    const pcie::lspci_device* what = nullptr;
    unsigned bus = 0, device = 0, function = 0;
    unsigned type = none;
    std::uint32_t link = 0;  ///< Link Capabilities [9:0]
    bool placed = false;
    entry* parent = nullptr;     ///< of a virtual function whose physical one is in the dump
    unsigned vf = 0;             ///< 1..
    std::uint16_t sriov_at = 0;  ///< the capability
    unsigned vfs = 0;            ///< the highest of its virtual functions that the dump has

    unsigned id() const { return bus << 8 | device << 3 | function; }
    bool bridge() const { return what->image.header_type() == 1; }
    unsigned secondary() const { return what->image.bytes[0x19]; }
    /// A BAR whose size no line "Region N: ... [size=64K]" tells.
    bool sizes_missing() const {
        return std::any_of(what->assumed.begin(), what->assumed.end(),
                           [](const std::string& s) { return s.starts_with("BAR "); });
    }
    bool virtual_function() const { return what->image.u16(0) == 0xffff; }
    std::string name() const { return fmt::format("d{:02x}_{:02x}_{}", bus, device, function); }
};

/// "0000:6a:01.0" or "6a:01.0"; false if it is neither.
bool read_slot(std::string_view slot, entry& e) {
    if (slot.size() == 12) slot.remove_prefix(5);  // the domain
    if (slot.size() != 7 || slot[2] != ':' || slot[5] != '.') return false;
    const auto hex = [&](std::size_t at, std::size_t n, unsigned& to) {
        const char* end = slot.data() + at + n;
        return std::from_chars(slot.data() + at, end, to, 16).ptr == end;
    };
    return hex(0, 2, e.bus) && hex(3, 2, e.device) && hex(6, 1, e.function);
}

void read_capabilities(entry& e) {
    const pcie::capability_walk walk = pcie::walk_capabilities(e.what->image);
    for (const auto& c : walk.found) {
        if (c.extended && c.id == pcie::sriov_view::id && e.sriov_at == 0) e.sriov_at = c.offset;
        if (c.extended || c.id != pcie::express_view::id) continue;
        e.type = e.what->image.u16(c.offset + 2u) >> 4 & 0xf;
        e.link = e.what->image.u32(c.offset + 0xcu) & 0x3ff;
    }
}

/// Virtual functions are at First VF Offset and VF Stride from their physical one while it has VF
/// Enable set (PCIe, SR-IOV).
void find_parents(std::vector<entry>& all) {
    for (entry& pf : all) {
        if (pf.sriov_at == 0) continue;
        const auto word = [&](unsigned at) { return pf.what->image.u16(pf.sriov_at + at); };
        if ((word(0x8) & pcie::sriov_view::vf_enable) == 0) continue;
        const unsigned vfs = word(0x10), offset = word(0x14), stride = word(0x16);
        for (entry& e : all) {
            if (&e == &pf || e.sriov_at != 0 || e.bridge() || e.id() < pf.id() + offset) continue;
            const unsigned from_first = e.id() - pf.id() - offset;
            if (stride == 0 ? from_first != 0 : from_first % stride != 0) continue;
            const unsigned k = stride == 0 ? 1 : from_first / stride + 1;
            if (k > vfs) continue;
            e.parent = &pf;
            e.vf = k;
            pf.vfs = std::max(pf.vfs, k);
        }
    }
}

/// Builds the text; every device of the dump ends in a port or in a comment.
class writer {
public:
    writer(std::vector<entry>& all, const std::string& file) : all_(all), file_(file) {}

    std::string text() {
        std::string ports;
        for (entry& e : all_)
            if (e.bridge() && e.type == root_port) ports += port(e, "rp_" + place(e), 2);
        for (entry& e : all_)
            if (!e.placed && !e.bridge() && e.function == 0 && usable(e)) ports += alone(e);
        for (entry& e : all_) e.placed |= e.parent != nullptr && e.parent->placed;
        if (ports.empty())
            throw bad_input({file_, 1, 1},
                            "nothing of it can stand in a scenario; expected one PCI Express "
                            "endpoint at least\n" +
                                left_out());
        return "machine:\n  ports:\n" + ports + virtual_ones() + left_out();
    }

private:
    std::string left_out() const {
        std::string text;
        for (const entry& e : all_)
            if (!e.placed) text += fmt::format("# {}: left out, {}\n", e.what->slot, why(e));
        return text;
    }
    std::string virtual_ones() const {
        std::string text;
        for (const entry& e : all_)
            if (e.placed && e.parent != nullptr)
                text += fmt::format("# {}: {}_vf{}, as a virtual function of its physical one is\n",
                                    e.what->slot, e.parent->name(), e.vf);
        return text;
    }
    static std::string place(const entry& e) {
        return fmt::format("{:02x}_{:02x}_{}", e.bus, e.device, e.function);
    }
    static std::string indent(unsigned n) { return std::string(2 * n, ' '); }
    static std::string link_of(const entry& e) {
        return fmt::format("gen{} x{}", e.link & 0xf, e.link >> 4);
    }
    static bool endpoint_type(const entry& e) {
        return e.type == endpoint || e.type == legacy_endpoint || e.type == integrated;
    }
    static bool usable(const entry& e) {
        return endpoint_type(e) && !e.virtual_function() && e.parent == nullptr &&
               !e.sizes_missing();
    }
    static std::string why(const entry& e) {
        if (e.parent != nullptr) return "a virtual function of " + e.parent->what->slot;
        if (e.virtual_function()) return "a virtual function whose physical one is not in the dump";
        if (e.bridge())
            return e.type == root_port || e.type == switch_up || e.type == switch_down
                       ? "nothing usable is below it"
                       : "a bridge that is no PCI Express port";
        if (e.type == none) return "no PCI Express capability";
        if (!endpoint_type(e)) return "no endpoint";
        if (e.sizes_missing()) return "the sizes of its BARs are not told (lspci -vvvxxxx as root)";
        return "no function 0 beside it";
    }
    std::vector<entry*> on(unsigned bus) {
        std::vector<entry*> found;
        for (entry& e : all_)
            if (e.bus == bus && bus != 0) found.push_back(&e);
        return found;
    }

    /// A port and what is below it; empty if nothing usable is.
    std::string port(entry& bridge, const std::string& key, unsigned depth) {
        std::string below;
        for (entry* e : on(bridge.secondary())) {
            if (!below.empty()) break;
            if (e->bridge() && e->type == switch_up)
                below = switch_text(*e, depth + 1);
            else if (e->function == 0 && !e->bridge() && usable(*e))
                below = device(*e, depth + 1);
        }
        if (below.empty()) return below;
        bridge.placed = true;
        const std::string link =
            (bridge.link & 0xf) == 0 ? "" : indent(depth + 1) + "link: " + link_of(bridge) + "\n";
        return indent(depth) + key + ":\n" + link + below;
    }
    std::string switch_text(entry& up, unsigned depth) {
        std::string ports;
        for (entry* down : on(up.secondary()))
            if (down->bridge() && down->type == switch_down)
                ports +=
                    port(*down, fmt::format("dsp{}_{}", down->device, down->function), depth + 1);
        if (ports.empty()) return ports;
        up.placed = true;
        return indent(depth) + "switch:\n" + ports;
    }
    std::string like(const entry& e) const { return fmt::format("\"{}#{}\"", file_, e.what->slot); }
    static std::string sriov(const entry& e) {
        return e.vfs == 0 ? "" : fmt::format(", sriov: {{vfs: {}}}", e.vfs);
    }
    static std::string overrides(const entry& e) {
        return e.type == integrated ? ", overrides: {port_type: endpoint, link: gen4 x8}" : "";
    }
    std::string device(entry& first, unsigned depth) {
        first.placed = true;
        std::string others;
        for (entry& e : all_) {
            if (e.bus != first.bus || e.device != first.device || e.function == 0 || !usable(e) ||
                e.bridge())
                continue;
            e.placed = true;
            others += fmt::format("{}f{}: {{name: {}, like: {}{}{}}}\n", indent(depth + 2),
                                  e.function, e.name(), like(e), overrides(e), sriov(e));
        }
        if (others.empty())
            return fmt::format("{}device: {{name: {}, like: {}{}{}}}\n", indent(depth),
                               first.name(), like(first), overrides(first), sriov(first));
        std::string text = fmt::format("{0}device:\n{1}name: {2}\n{1}like: {3}\n", indent(depth),
                                       indent(depth + 1), first.name(), like(first));
        if (first.type == integrated)
            text += indent(depth + 1) + "overrides: {port_type: endpoint, link: gen4 x8}\n";
        if (first.vfs != 0)
            text += fmt::format("{}sriov: {{vfs: {}}}\n", indent(depth + 1), first.vfs);
        return text + indent(depth + 1) + "functions:\n" + others;
    }
    /// Its root port is not in the dump.
    std::string alone(entry& e) { return indent(2) + "rp_of_" + e.name() + ":\n" + device(e, 3); }

    std::vector<entry>& all_;
    const std::string& file_;
};

}  // namespace

std::string tree_of_dump(std::string_view text, const std::string& file) {
    std::vector<pcie::lspci_device> devices;
    try {
        devices = pcie::parse_lspci_devices(text, file);
    } catch (const pcie::config_error& e) {
        throw dump_error(e, file);
    }
    std::vector<entry> all;
    for (const pcie::lspci_device& d : devices) {
        entry e;
        e.what = &d;
        if (!read_slot(d.slot, e))
            throw bad_input({file, static_cast<int>(std::max(1u, d.line)), 1},
                            "hex lines without a device above them; expected a line such as "
                            "'01:00.0 Ethernet controller: ...' before each device");
        read_capabilities(e);
        all.push_back(e);
    }
    find_parents(all);
    return writer(all, file).text();
}

}  // namespace drydock::devices
