// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_image.h"

#include <bitset>

namespace drydock::pcie {
namespace {

std::string located(const std::string& file, unsigned line, const std::string& what) {
    std::string s = file;
    if (line != 0) s += (s.empty() ? "line " : ":") + std::to_string(line);
    return s.empty() ? what : s + ": " + what;
}

std::string hex(unsigned v) {
    constexpr char digits[] = "0123456789abcdef";
    std::string s;
    do s.insert(s.begin(), digits[v & 15]);
    while ((v >>= 4) != 0);
    return "0x" + s;
}

constexpr std::uint16_t capability_pointer = 0x34;  // PCIe
constexpr std::uint16_t status_register = 0x06;
constexpr std::uint16_t has_capabilities = 0x10;
constexpr std::uint16_t first_capability = 0x40;

using seen_dwords = std::bitset<config_bytes / 4>;

/// @return false where the walk must end; `from` holds the pointer to `at`
bool step_is_good(capability_walk& w, seen_dwords& seen, std::uint16_t from, std::uint16_t at,
                  std::uint16_t lowest) {
    if (at < lowest)
        w.reason = "capability pointer at " + hex(from) + " leads to " + hex(at) + ", below " +
                   hex(lowest);
    else if (seen[at / 4u])
        w.reason =
            "capability chain is cyclic: the pointer at " + hex(from) + " leads back to " + hex(at);
    else {
        seen.set(at / 4u);
        return true;
    }
    w.broken_at = from;
    return false;
}

void walk_standard(const config_image& image, capability_walk& w) {
    if ((image.u16(status_register) & has_capabilities) == 0) return;
    seen_dwords seen;
    std::uint16_t from = capability_pointer;
    std::uint16_t at = image.bytes[from] & 0xfc;
    while (at != 0) {
        if (!step_is_good(w, seen, from, at, first_capability)) return;
        w.found.push_back({image.bytes[at], at, 0, false});
        from = at + 1;
        at = image.bytes[from] & 0xfc;
    }
}

void walk_extended(const config_image& image, capability_walk& w) {
    seen_dwords seen;
    std::uint16_t from = extended_config_start;
    std::uint16_t at = extended_config_start;
    if (image.u32(at) == 0 || image.u32(at) == UINT32_MAX) return;
    while (at != 0) {
        if (!step_is_good(w, seen, from, at, extended_config_start)) return;
        const std::uint32_t header = image.u32(at);
        w.found.push_back({static_cast<std::uint16_t>(header), at,
                           static_cast<std::uint8_t>((header >> 16) & 0xf), true});
        from = at;
        at = (header >> 20) & 0xffc;
    }
}

}  // namespace

config_error::config_error(std::string file_name, unsigned line_number,
                           const std::string& what_is_wrong)
    : runtime_error(located(file_name, line_number, what_is_wrong)),
      file(std::move(file_name)),
      line(line_number) {}

capability_walk walk_capabilities(const config_image& image) {
    capability_walk w;
    walk_standard(image, w);
    if (!w.broken_at) walk_extended(image, w);
    return w;
}

std::vector<capability_entry> list_capabilities(const config_image& image) {
    capability_walk w = walk_capabilities(image);
    if (w.broken_at) throw config_error("", 0, w.reason);
    return std::move(w.found);
}

}  // namespace drydock::pcie
