// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace drydock::report {

/// 23412 -> "23,412"
std::string grouped(std::int64_t n);
/// Three digits and a unit: "1.52 us", "16.4 ms", "0".
std::string short_time(std::int64_t ps);
/// A moment to look for in a waveform, to the nanosecond: "20.024934 ms".
std::string moment(std::int64_t ps);
/// "76.5%"; "-" of nothing.
std::string share(std::int64_t part, std::int64_t whole);
/// The whole number at a JSON pointer.
std::optional<std::int64_t> number_at(const nlohmann::json& j, std::string_view pointer);
/// grouped() or short_time() of it, "-" if it is not there.
std::string count_at(const nlohmann::json& j, std::string_view pointer);
std::string time_at(const nlohmann::json& j, std::string_view pointer);
/// The longest of an operation's counts below `at`, one that is still open among them.
std::string longest_at(const nlohmann::json& operation, const std::string& at);

}  // namespace drydock::report
