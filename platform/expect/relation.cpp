// SPDX-License-Identifier: Apache-2.0
#include "platform/expect/relation.h"

#include <array>
#include <charconv>
#include <utility>

#include "platform/scenario/quantity.h"

namespace drydock::expect {
namespace {

using op = relation::op;

// Longer signs first: "<=" starts with "<".
constexpr std::array<std::pair<std::string_view, op>, 7> signs{{{"<=", op::at_most},
                                                                {">=", op::at_least},
                                                                {"==", op::equal},
                                                                {"!=", op::not_equal},
                                                                {"<", op::less},
                                                                {">", op::greater},
                                                                {"=", op::equal}}};

bool compare(op o, std::int64_t a, std::int64_t b) {
    switch (o) {
        case op::less:
            return a < b;
        case op::at_most:
            return a <= b;
        case op::equal:
            return a == b;
        case op::not_equal:
            return a != b;
        case op::at_least:
            return a >= b;
        case op::greater:
            return a > b;
    }
    return false;
}

std::string_view trim(std::string_view s) {
    while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
    while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
    return s;
}

/// "0.5" as 500: up to three decimals.
std::optional<std::int64_t> thousandths(std::string_view s) {
    const auto dot = s.find('.');
    std::string digits(s.substr(0, dot));
    std::string fraction(dot == std::string_view::npos ? "" : s.substr(dot + 1));
    if (digits.empty() || fraction.size() > 3 ||
        (dot != std::string_view::npos && fraction.empty()))
        return std::nullopt;
    digits += fraction + std::string(3 - fraction.size(), '0');
    std::int64_t v = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), v);
    if (error != std::errc{} || end != digits.data() + digits.size() || v < 0) return std::nullopt;
    return v;
}

}  // namespace

bool relation::holds(std::int64_t actual) const { return expect::compare(compare, actual, number); }

bool relation::holds_share(std::int64_t part, std::int64_t whole) const {
    // part / whole against number / 100,000, both sides times whole
    if (whole == 0) return expect::compare(compare, 0, number);
    return expect::compare(compare, part * 100'000, number * whole);
}

std::optional<relation> parse_relation(std::string_view s) {
    relation r;
    s = trim(s);
    for (const auto& [sign, o] : signs)
        if (s.starts_with(sign)) {
            r.compare = o;
            s = trim(s.substr(sign.size()));
            break;
        }
    if (s.ends_with('%')) {
        const auto v = thousandths(trim(s.substr(0, s.size() - 1)));
        if (!v || *v > 100'000) return std::nullopt;
        r.number = *v;
        r.unit = unit::percent;
        return r;
    }
    if (const auto t = scenario::parse_time(s)) {
        r.number = t->count;
        r.unit = unit::time;
        return r;
    }
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), r.number);
    if (s.empty() || error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
    return r;
}

}  // namespace drydock::expect
