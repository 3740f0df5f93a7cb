// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/lspci_dump.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "tlm/pcie/lspci_sizes.h"

namespace drydock::pcie {
namespace {

constexpr std::string_view how_to = "; capture it with 'lspci -vvvxxxx' as root";

struct text_line {
    std::string_view text;
    unsigned number;
};

/// The lines of one device and what was found in them.
struct device_text {
    std::string slot;
    unsigned line = 0;
    std::vector<text_line> lines;
};

struct parsed {
    config_image image;
    std::size_t bytes = 0;  ///< hex bytes read
    unsigned first_hex = 0, last_line = 0;
    told_sizes sizes;
    std::array<unsigned, 6> region_line{};
    bool in_capabilities = false;  ///< what follows is of a capability: Region lines of SR-IOV too
    unsigned extended_line = 0;    ///< a decoded capability at or above 0x100
};

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string_view leading(std::string_view s, bool (*good)(char)) {
    std::size_t n = 0;
    while (n < s.size() && good(s[n])) ++n;
    return s.substr(0, n);
}

std::optional<std::uint64_t> number(std::string_view s, int radix) {
    std::uint64_t v = 0;
    const auto [end, e] = std::from_chars(s.data(), s.data() + s.size(), v, radix);
    if (e != std::errc{} || end != s.data() + s.size() || s.empty()) return std::nullopt;
    return v;
}

/// "6a:01.0" or "0000:6a:01.0" at the start of a line, followed by a space.
std::string_view slot_of(std::string_view line) {
    std::string_view s = line.substr(0, line.find(' '));
    std::string_view rest = s;
    if (std::count(rest.begin(), rest.end(), ':') == 2) {
        const std::string_view domain = leading(rest, is_hex);
        if (domain.size() < 4 || domain.size() > 8 || rest[domain.size()] != ':') return {};
        rest.remove_prefix(domain.size() + 1);
    }
    const bool good = rest.size() == 7 && is_hex(rest[0]) && is_hex(rest[1]) && rest[2] == ':' &&
                      is_hex(rest[3]) && is_hex(rest[4]) && rest[5] == '.' && rest[6] >= '0' &&
                      rest[6] <= '7';
    return good ? s : std::string_view{};
}

/// "1f0: ..." at the start of a line.
std::optional<std::size_t> hex_offset(std::string_view line) {
    const std::string_view digits = leading(line, is_hex);
    if (digits.size() < 2 || digits.size() > 3 || line.size() <= digits.size() + 1 ||
        line[digits.size()] != ':' || line[digits.size() + 1] != ' ')
        return std::nullopt;
    return number(digits, 16);
}

std::vector<device_text> split_devices(std::string_view text) {
    std::vector<device_text> devices;
    unsigned n = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        ++n;
        if (const std::string_view slot = slot_of(line); !slot.empty())
            devices.push_back({std::string(slot), n, {}});
        if (devices.empty() && hex_offset(line)) devices.push_back({"", n, {}});  // hex lines alone
        if (!devices.empty()) devices.back().lines.push_back({line, n});
    }
    return devices;
}

class reader {
public:
    explicit reader(const std::string& file_name) : file_(file_name) {}

    void check_any(const std::vector<device_text>& devices) const {
        if (devices.empty())
            fail(1, "no device and no hex lines ('00: 86 80 ...') found" + std::string(how_to));
    }

    const device_text& choose(const std::vector<device_text>& devices,
                              std::string_view slot) const {
        check_any(devices);
        if (slot.empty()) {
            if (devices.size() == 1) return devices.front();
            fail(devices[1].line, std::to_string(devices.size()) + " devices (" + names(devices) +
                                      "); choose one of them by its slot");
        }
        for (const device_text& d : devices)
            if (d.slot == slot || (d.slot.size() > slot.size() && d.slot.ends_with(slot))) return d;
        fail(devices.front().line,
             "no device " + std::string(slot) + "; there is " + names(devices));
    }

    /// For a machine: whole, present, and of known sizes.
    config_image read(const device_text& d) {
        take(d);
        check_whole(d);
        check_chains();
        check_sizes();
        settle_sizes(p_.image, p_.sizes);
        return p_.image;
    }

    /// As much as was captured.
    lspci_device read_any(const device_text& d) {
        take(d);
        if (p_.first_hex == 0) fail_without_hex(d);
        const std::size_t n = p_.bytes;
        if (n != 64 && n != 128 && n != 256 && n != config_bytes)
            fail(p_.last_line, "the dump is cut short: it ends at offset " + hex(n) +
                                   ", expected 0x40, 0x80, 0x100 or 0x1000");
        check_chains();
        lspci_device out{d.slot, d.line, n, p_.image, {}};
        out.assumed = settle_sizes(out.image, p_.sizes);
        return out;
    }

private:
    void take(const device_text& d) {
        for (const text_line& l : d.lines) {
            if (const auto offset = hex_offset(l.text))
                take_hex(l, *offset);
            else
                take_text(l);
        }
        p_.last_line = d.lines.back().number;
    }

    [[noreturn]] void fail(unsigned line, const std::string& what) const {
        throw config_error(file_, line, what);
    }

    [[noreturn]] void fail_without_hex(const device_text& d) const {
        fail(d.line, "no hex lines ('00: 86 80 ...') for device " + d.slot + std::string(how_to));
    }

    static std::string names(const std::vector<device_text>& devices) {
        std::string s;
        for (const device_text& d : devices) s += (s.empty() ? "" : ", ") + d.slot;
        return s;
    }

    void take_hex(const text_line& l, std::size_t offset) {
        if (p_.first_hex == 0) p_.first_hex = l.number;
        if (offset != p_.bytes)
            fail(l.number,
                 "hex line of offset " + hex(offset) + " where " + hex(p_.bytes) + " was expected");
        std::string_view rest = l.text.substr(l.text.find(':') + 1);
        std::size_t n = 0;
        for (;;) {
            while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t'))
                rest.remove_prefix(1);
            if (rest.empty()) break;
            const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
            rest.remove_prefix(word.size());
            const auto v = word.size() == 2 ? number(word, 16) : std::nullopt;
            if (!v) fail(l.number, "'" + std::string(word) + "' is no byte in hexadecimal");
            if (n == 16 || offset + n >= config_bytes)
                fail(l.number, "more bytes than a hex line or the space has");
            p_.image.bytes[offset + n++] = static_cast<std::uint8_t>(*v);
        }
        if (n != 16)
            fail(l.number, "the dump is cut short: " + std::to_string(n) +
                               " bytes on the line of offset " + hex(offset) + ", expected 16");
        p_.bytes += n;
    }

    void take_text(const text_line& l) {
        const std::size_t indent = l.text.find_first_not_of(" \t");
        if (indent == std::string_view::npos) return;
        if (p_.first_hex != 0) fail(l.number, "text after the hex lines of the same device");
        const std::string_view s = l.text.substr(indent);
        if (s.starts_with("Capabilities: ")) p_.in_capabilities = true;
        if (s.starts_with("Capabilities: [")) {
            const std::string_view digits = leading(s.substr(15), is_hex);
            if (const auto at = number(digits, 16);
                at && *at >= extended_config_start && p_.extended_line == 0)
                p_.extended_line = l.number;
        }
        if (p_.in_capabilities) return;
        if (s.starts_with("Expansion ROM at ") && s.find("[virtual]") == s.npos)
            p_.sizes.rom = size_told(l, s, "the expansion ROM");
        if (s.starts_with("Region ") && s.size() > 8 && s[7] >= '0' && s[7] <= '5')
            take_region(l, s, s[7] - '0');
    }

    void take_region(const text_line& l, std::string_view s, int n) {
        p_.region_line[static_cast<std::size_t>(n)] = l.number;
        p_.sizes.shown[static_cast<std::size_t>(n)] = true;
        p_.sizes.bar[static_cast<std::size_t>(n)] = size_told(l, s, "Region " + std::to_string(n));
    }

    /// [size=64K] of a line, 0 if it doesn't say.
    std::uint64_t size_told(const text_line& l, std::string_view s, const std::string& what) const {
        const std::size_t at = s.find("[size=");
        if (at == std::string_view::npos) return 0;
        const std::string_view digits =
            leading(s.substr(at + 6), [](char c) { return c >= '0' && c <= '9'; });
        const std::string_view unit = s.substr(at + 6 + digits.size(), 1);
        const auto v = number(digits, 10);
        const std::size_t scale = std::string_view("]KMGT").find(unit);
        if (!v || unit.empty() || scale == std::string_view::npos || *v == 0 || *v > 1024 * 1024)
            fail(l.number, "size of " + what + " is not understood; expected like [size=64K]");
        return *v << (10 * scale);
    }

    void check_whole(const device_text& d) const {
        if (p_.first_hex == 0) fail_without_hex(d);
        const std::size_t n = p_.bytes;
        if (n != 256 && n != config_bytes)
            fail(p_.last_line, "the dump is cut short: it ends at offset " + hex(n) +
                                   ", expected 0x100 or 0x1000" + std::string(how_to));
        if (n == 256 && p_.extended_line != 0)
            fail(p_.extended_line,
                 "an extended capability is listed, but the hex lines end at 0x100" +
                     std::string(how_to));
        if (p_.image.u16(0) == 0xffff)
            fail(p_.first_hex, "Vendor ID 0xffff: there was no device when this was captured");
    }

    void check_chains() const {
        const capability_walk w = walk_capabilities(p_.image);
        if (w.broken_at) fail(p_.first_hex + *w.broken_at / 16u, w.reason);
    }

    void check_sizes() const {
        const std::vector<unsigned> without = bars_without_size(p_.image, p_.sizes);
        if (without.empty()) return;
        const unsigned n = without.front();
        const unsigned line = p_.region_line[n] != 0 ? p_.region_line[n] : p_.first_hex + 1;
        fail(line, "BAR " + std::to_string(n) +
                       " is implemented but its size is not told by a line 'Region " +
                       std::to_string(n) + ": ... [size=64K]'" + std::string(how_to));
    }

    static std::string hex(std::size_t v) {
        char digits[20];
        const auto r = std::to_chars(digits, digits + sizeof digits, v, 16);
        return "0x" + std::string(digits, r.ptr);
    }

    std::string file_;
    parsed p_;
};

}  // namespace

config_image parse_lspci_dump(std::string_view text, const std::string& file_name,
                              std::string_view slot) {
    reader r(file_name);
    const std::vector<device_text> devices = split_devices(text);
    return r.read(r.choose(devices, slot));
}

std::vector<lspci_device> parse_lspci_devices(std::string_view text, const std::string& file_name) {
    const std::vector<device_text> devices = split_devices(text);
    reader(file_name).check_any(devices);
    std::vector<lspci_device> all;
    all.reserve(devices.size());
    for (const device_text& d : devices) all.push_back(reader(file_name).read_any(d));
    return all;
}

}  // namespace drydock::pcie
