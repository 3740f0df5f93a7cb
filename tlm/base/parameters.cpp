// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/parameters.h"

#include <stdexcept>
#include <utility>

namespace drydock::base {
namespace {

/// "drop | fail_fast" has the word "drop".
bool lists(std::string_view choices, std::string_view word) {
    while (!choices.empty()) {
        const std::size_t bar = choices.find('|');
        std::string_view one = choices.substr(0, bar);
        while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
        while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
        if (one == word) return true;
        choices = bar == std::string_view::npos ? "" : choices.substr(bar + 1);
    }
    return false;
}

/// In the largest unit that leaves a whole number.
std::string text_of(ps t) {
    constexpr std::pair<std::int64_t, const char*> units[] = {
        {1'000'000'000'000, "s"}, {1'000'000'000, "ms"}, {1'000'000, "us"}, {1'000, "ns"}};
    for (const auto& [unit, name] : units)
        if (t.count % unit == 0) return std::to_string(t.count / unit) + name;
    return std::to_string(t.count) + "ps";
}

}  // namespace

void parameters::set(std::string name, parameter_value value, origin from) {
    presets_[std::move(name)] = {std::move(value), from};
}

template <class T>
T parameters::declare(const std::string& name, T default_value, parameter p) {
    p.default_value = default_value;
    p.value = default_value;
    if (const auto found = presets_.find(name); found != presets_.end()) {
        found->second.claimed = true;
        if (!std::holds_alternative<T>(found->second.value))
            throw std::invalid_argument(name + ": wrong kind of value, expected " + p.unit);
        p.value = found->second.value;
        p.from = found->second.from;
    }
    T value = std::get<T>(p.value);
    declared_[name] = std::move(p);
    return value;
}

std::int64_t parameters::integer(const std::string& name, std::int64_t default_value,
                                 std::int64_t low, std::int64_t high, std::string unit,
                                 std::string description) {
    const std::string range = std::to_string(low) + ".." + std::to_string(high);
    const auto v =
        declare(name, default_value, {{}, {}, std::move(unit), range, std::move(description)});
    if (v < low || v > high)
        throw std::invalid_argument(name + ": " + std::to_string(v) + " is outside " + range);
    return v;
}

ps parameters::time(const std::string& name, ps default_value, ps low, ps high,
                    std::string description) {
    const std::string range = text_of(low) + ".." + text_of(high);
    const auto v = declare(name, default_value, {{}, {}, "time", range, std::move(description)});
    if (v < low || v > high)
        throw std::invalid_argument(name + ": " + text_of(v) + " is outside " + range);
    return v;
}

bool parameters::flag(const std::string& name, bool default_value, std::string description) {
    return declare(name, default_value, {{}, {}, "switch", "true | false", std::move(description)});
}

std::string parameters::word(const std::string& name, std::string default_value,
                             std::string choices, std::string description) {
    auto v =
        declare(name, std::move(default_value), {{}, {}, "word", choices, std::move(description)});
    if (!lists(choices, v))
        throw std::invalid_argument(name + ": '" + v + "' is none of " + choices);
    return v;
}

std::map<std::string, parameter_value> parameters::unclaimed() const {
    std::map<std::string, parameter_value> left;
    for (const auto& [name, p] : presets_)
        if (!p.claimed) left.emplace(name, p.value);
    return left;
}

}  // namespace drydock::base
