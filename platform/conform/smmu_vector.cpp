// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/smmu_vector.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "platform/scenario/nearest.h"

namespace drydock::conform {
namespace {

using nlohmann::json;

constexpr std::uint64_t page = 4096, most_pattern = std::uint64_t{1} << 24;
constexpr std::size_t event_digits = 64;

/// One JSON object, with the place for messages.
class object {
public:
    object(const json& j, const scenario::place& where, std::string about)
        : json_(j), where_(where), about_(std::move(about)) {
        if (!j.is_object()) refuse("is no object", "{...}");
    }
    [[noreturn]] void refuse(std::string_view what, std::string_view expected) const {
        throw scenario::bad_input(where_,
                                  fmt::format("{} {}; expected {}", about_, what, expected));
    }
    bool has(const char* key) const { return json_.contains(key) && !json_.at(key).is_null(); }
    bool says(const char* key) const {
        return has(key) && json_.at(key).is_boolean() && json_.at(key).get<bool>();
    }
    const json& at(const char* key) const {
        if (!json_.contains(key)) refuse(fmt::format("has no '{}'", key), "it");
        return json_.at(key);
    }
    std::string text(const char* key) const {
        if (!at(key).is_string()) refuse(fmt::format("has '{}' without quotes", key), "a string");
        return at(key).get<std::string>();
    }
    std::uint64_t hex(const char* key, std::uint64_t most = UINT64_MAX) const {
        const std::string t = text(key);
        std::uint64_t n = 0;
        const char* first = t.data() + 2;
        const char* last = t.data() + t.size();
        const bool prefixed = t.starts_with("0x") && first != last;
        if (!prefixed || std::from_chars(first, last, n, 16).ptr != last || n > most)
            refuse(fmt::format("has {} = '{}'", key, t),
                   fmt::format("a number from \"0x0\" to \"{:#x}\"", most));
        return n;
    }
    std::uint64_t decimal(const char* key, std::uint64_t least, std::uint64_t most) const {
        const json& j = at(key);
        if (!j.is_number_unsigned() || j.get<std::uint64_t>() < least ||
            j.get<std::uint64_t>() > most)
            refuse(fmt::format("has {} = {}", key, j.dump()), fmt::format("{}..{}", least, most));
        return j.get<std::uint64_t>();
    }
    object sub(const char* key) const { return {at(key), where_, about_ + ", " + key}; }

private:
    const json& json_;
    const scenario::place& where_;
    std::string about_;
};

std::vector<std::uint8_t> bytes_of(const object& o, const std::string& hex) {
    const auto digit = [&](char c) {
        const std::size_t n = std::string_view("0123456789abcdef").find(c);
        if (n == std::string_view::npos) o.refuse("has hex that is none", "digits 0-9, a-f");
        return static_cast<std::uint8_t>(n);
    };
    if (hex.size() % 2 != 0) o.refuse("has an odd number of hex digits", "two for each byte");
    std::vector<std::uint8_t> bytes(hex.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    return bytes;
}

void check_ram(const object& o, std::uint64_t pa, std::uint64_t bytes) {
    if (pa < smmu_rig::ram || pa - smmu_rig::ram > smmu_rig::ram_bytes ||
        bytes > smmu_rig::ram_bytes - (pa - smmu_rig::ram))
        o.refuse(fmt::format("writes {} bytes at {:#x}", bytes, pa),
                 fmt::format("RAM, {:#x}..{:#x}", smmu_rig::ram,
                             smmu_rig::ram + smmu_rig::ram_bytes - 1));
}

memory_step memory_of(const object& o) {
    memory_step s{o.hex("pa"), bytes_of(o, o.text("hex"))};
    check_ram(o, s.pa, s.bytes.size());
    return s;
}

/// 64-bit words, each with its own address and a mark above.
memory_step pattern_of(const object& o) {
    memory_step s{o.hex("pa"), {}};
    const std::uint64_t length = o.decimal("len", 8, most_pattern);
    check_ram(o, s.pa, length);
    if (s.pa % 8 != 0 || length % 8 != 0) o.refuse("is not aligned", "multiples of 8");
    for (std::uint64_t at = s.pa; at < s.pa + length; at += 8)
        for (unsigned i = 0; i < 8; ++i)
            s.bytes.push_back(static_cast<std::uint8_t>((0x5a00'0000'0000'0000u | at) >> 8 * i));
    return s;
}

std::string register_name(const object& o) { return o.has("reg") ? o.text("reg") : "register"; }

write_step write_of(const object& o, unsigned bytes) {
    return {register_name(o), o.hex("off", 0x1ffff), bytes,
            o.hex("val", bytes == 4 ? UINT32_MAX : UINT64_MAX)};
}

read_step read_of(const object& o) {
    read_step s{register_name(o),
                o.hex("off", 0x1ffff),
                o.has("mask") ? o.hex("mask", UINT32_MAX) : UINT32_MAX,
                {},
                {}};
    if (o.has("arch")) s.architecture = o.hex("arch", UINT32_MAX);
    if (o.says("agree")) s.recorded = o.hex("val", UINT32_MAX);
    return s;
}

std::string event_of(const object& o, const json& j) {
    if (!j.is_string() || j.get<std::string>().size() != event_digits)
        o.refuse("has an event that is none", "64 hex digits");
    bytes_of(o, j.get<std::string>());
    return j.get<std::string>();
}

bool result_of(const object& o) {
    const std::string r = o.text("result");
    if (r != "ok" && r != "abort") o.refuse(fmt::format("has result '{}'", r), "ok or abort");
    return r == "ok";
}

expected_dma architecture_of(const object& o) {
    expected_dma e;
    e.ok = result_of(o);
    if (e.ok) e.pa = o.hex("pa");
    if (o.has("event")) e.events.push_back(event_of(o, o.at("event")));
    return e;
}

expected_dma recorded_of(const object& o) {
    expected_dma e;
    e.ok = result_of(o);
    if (e.ok && o.has("pa")) e.pa = o.hex("pa");
    if (e.ok && o.has("data")) e.data = o.text("data");
    for (const json& event : o.at("events")) e.events.push_back(event_of(o, event));
    if (o.has("irqs")) {
        e.irqs.emplace();
        for (const json& irq : o.at("irqs"))
            e.irqs->push_back(irq.is_number_unsigned() ? irq.get<unsigned>() : UINT32_MAX);
    }
    return e;
}

dma_step dma_of(const object& o) {
    dma_step s;
    s.access.sid = static_cast<std::uint32_t>(o.decimal("sid", 0, UINT32_MAX));
    const std::string rw = o.text("rw");
    if (rw != "r" && rw != "w") o.refuse(fmt::format("has rw '{}'", rw), "r or w");
    s.access.write = rw == "w";
    s.access.iova = o.hex("iova");
    s.access.bytes = static_cast<unsigned>(o.decimal("len", 1, 64));
    if (s.access.iova % page + s.access.bytes > page)
        o.refuse("crosses a page", "an access within 4 KiB");
    if (o.has("arch")) s.architecture = architecture_of(o.sub("arch"));
    if (o.says("agree")) s.recorded = recorded_of(o);
    return s;
}

step step_of(const object& o) {
    static const std::vector<std::string> names{"mem", "pattern", "w32", "w64", "r32", "dma"};
    const std::string op = o.text("op");
    if (op == "mem") return memory_of(o);
    if (op == "pattern") return pattern_of(o);
    if (op == "w32") return write_of(o, 4);
    if (op == "w64") return write_of(o, 8);
    if (op == "r32") return read_of(o);
    if (op == "dma") return dma_of(o);
    o.refuse(fmt::format("has op '{}'", op),
             fmt::format("one of {}{}", fmt::join(names, ", "), scenario::did_you_mean(op, names)));
}

}  // namespace

smmu_vector parse_smmu_vector(std::string_view line, const scenario::place& where) {
    json j;
    try {
        j = json::parse(line);
    } catch (const json::parse_error& e) {
        scenario::place at = where;
        at.column = static_cast<int>(e.byte);
        throw scenario::bad_input(at, "no JSON object; expected a vector, one a line");
    }
    const object o(j, where, "the vector");
    smmu_vector v{o.text("id"), o.text("qemu"), {}};
    if (!o.at("steps").is_array()) o.refuse("has steps that are no list", "[...]");
    for (const json& s : o.at("steps"))
        v.steps.push_back(step_of({s, where, fmt::format("step {}", v.steps.size() + 1)}));
    return v;
}

}  // namespace drydock::conform
