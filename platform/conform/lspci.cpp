// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/lspci.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "platform/conform/lspci_process.h"
#include "platform/devices/dump_error.h"
#include "platform/scenario/place.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/lspci_text.h"

namespace drydock::conform {
namespace {

constexpr std::uint16_t nobody = 0xffff;  // Vendor ID of a function that isn't there

constexpr const char* unnamed = "00:00.0";  ///< hex lines without a slot

/// A device of the dump and what became of it.
struct candidate {
    const pcie::lspci_device* captured = nullptr;
    std::string slot;
    std::string ours;     ///< the model, as `lspci -xxxx` prints it
    std::string why_not;  ///< it cannot be modelled
};

std::vector<pcie::lspci_device> parse(const std::string& dump, const std::string& file) {
    try {
        return pcie::parse_lspci_devices(dump, file);
    } catch (const pcie::config_error& e) {
        throw devices::dump_error(e, file);
    }
}

/// Domain 0 is written or not, as lspci thinks fit.
std::string plain(const std::string& slot) {
    return slot.starts_with("0000:") ? slot.substr(5) : slot;
}

void refuse_twins(const std::vector<pcie::lspci_device>& devices, const std::string& file) {
    std::set<std::string> seen;
    for (const pcie::lspci_device& d : devices) {
        if (!seen.insert(plain(d.slot)).second)
            throw scenario::bad_input(
                {file, static_cast<int>(d.line), 1, false},
                fmt::format("a second device {}; expected each slot once", d.slot));
    }
}

candidate model(const pcie::lspci_device& d) {
    candidate c;
    c.captured = &d;
    c.slot = d.slot.empty() ? unnamed : d.slot;
    if (d.image.u16(0) == nobody)
        c.why_not = "Vendor ID 0xffff: there was no device when this was captured";
    else if (d.image.header_type() > 1)
        c.why_not = fmt::format("header type {} is not modelled", d.image.header_type());
    if (!c.why_not.empty()) return c;
    try {
        pcie::config_space space(d.image);
        space.adopt(d.image);
        c.ours = pcie::lspci_text(space, c.slot, d.bytes);
    } catch (const pcie::config_error& e) {
        c.why_not = e.what();
    }
    return c;
}

/// What must be removed from a (-) and added (+) to become b, in order.
std::string difference(const device_lines& a, const device_lines& b) {
    const std::size_t width = b.size() + 1;
    std::vector<unsigned> common((a.size() + 1) * width);  // longest common rest
    for (std::size_t i = a.size(); i-- > 0;)
        for (std::size_t k = b.size(); k-- > 0;)
            common[i * width + k] =
                a[i] == b[k] ? common[(i + 1) * width + k + 1] + 1
                             : std::max(common[(i + 1) * width + k], common[i * width + k + 1]);
    std::string text;
    std::size_t i = 0, k = 0;
    while (i < a.size() || k < b.size()) {
        if (i < a.size() && k < b.size() && a[i] == b[k]) {
            ++i, ++k;
        } else if (k == b.size() ||
                   (i < a.size() && common[(i + 1) * width + k] >= common[i * width + k + 1])) {
            text += "  - " + a[i++] + "\n";
        } else {
            text += "  + " + b[k++] + "\n";
        }
    }
    return text;
}

void judge(lspci_verdict& v, const candidate& c, const device_lines& theirs,
           const device_lines& ours) {
    const std::string lines = difference(theirs, ours);
    ++(lines.empty() ? v.passed : v.failed);
    v.text += fmt::format("{:<12} {:>4} bytes  {:>3} lines  {}\n", c.slot, c.captured->bytes,
                          theirs.size(), lines.empty() ? "the same" : "FAILED");
    v.text += lines;
    if (!c.captured->assumed.empty())
        v.text += fmt::format("  sizes not told, taken from the addresses: {}\n",
                              fmt::join(c.captured->assumed, ", "));
}

/// What lspci reads, by slot.
std::map<std::string, device_lines> decoded(const std::string& text) {
    std::map<std::string, device_lines> by_slot;
    for (device_lines& lines : lspci_decode(text)) {
        lines.front() = plain(lines.front());
        const std::string slot = lines.front().substr(0, lines.front().find(' '));
        by_slot[slot] = std::move(lines);
    }
    return by_slot;
}

const device_lines& lines_of(const std::map<std::string, device_lines>& all, const candidate& c,
                             const char* where) {
    const auto found = all.find(plain(c.slot));
    if (found == all.end())
        throw std::runtime_error(fmt::format("lspci does not see {} in {}", c.slot, where));
    return found->second;
}

}  // namespace

lspci_verdict compare_lspci(const std::string& dump, const std::string& file) {
    const std::vector<pcie::lspci_device> devices = parse(dump, file);
    refuse_twins(devices, file);
    std::vector<candidate> all;
    std::string text;
    for (const pcie::lspci_device& d : devices) text += all.emplace_back(model(d)).ours;
    const bool named = !devices.front().slot.empty();
    const auto theirs = decoded(named ? dump : unnamed + (" captured\n" + dump)),
               ours = decoded(text);
    lspci_verdict v;
    for (const candidate& c : all) {
        if (c.why_not.empty()) {
            judge(v, c, lines_of(theirs, c, "the dump"), lines_of(ours, c, "the model"));
            continue;
        }
        ++v.failed;
        v.text +=
            fmt::format("{:<12} {:>4} bytes  FAILED: {}\n", c.slot, c.captured->bytes, c.why_not);
    }
    v.text += fmt::format(
        "volatile bits ignored: none; - lspci on the dump, + lspci on the model\n"
        "{} passed, {} failed\n",
        v.passed, v.failed);
    return v;
}

}  // namespace drydock::conform
