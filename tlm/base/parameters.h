// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "tlm/base/time.h"

namespace drydock::base {

/// Where a parameter's value comes from.
enum class origin : std::uint8_t { default_value, device, scenario, command_line };

/// What a parameter may hold: a switch, a whole number, a time, or a word.
using parameter_value = std::variant<bool, std::int64_t, ps, std::string>;

/// One tunable of the machine, as `drydock params` prints it.
struct parameter {
    parameter_value value;
    parameter_value default_value;
    std::string unit;         ///< "", "entries", "ways", "time", ...
    std::string range;        ///< readable, e.g. "1..4096" or "drop | fail_fast"
    std::string description;  ///< one line, with its source
    base::origin from = base::origin::default_value;
};

/// All parameters of a machine by hierarchical name. Components declare at construction and read
/// the value then; whoever builds the machine puts the scenario's values in first by set().
class parameters {
public:
    /// A value waiting for its declaration.
    void set(std::string name, parameter_value value, origin from);

    /// Declares a whole number and gives its value. @throws std::invalid_argument outside [low,
    /// high]
    std::int64_t integer(const std::string& name, std::int64_t default_value, std::int64_t low,
                         std::int64_t high, std::string unit, std::string description);
    /// Declares a time. @throws std::invalid_argument outside [low, high]
    ps time(const std::string& name, ps default_value, ps low, ps high, std::string description);
    bool flag(const std::string& name, bool default_value, std::string description);
    /// Declares a word out of `choices` ("drop | fail_fast"). @throws std::invalid_argument for
    /// another
    std::string word(const std::string& name, std::string default_value, std::string choices,
                     std::string description);

    const std::map<std::string, parameter>& declared() const { return declared_; }
    /// Names that were set but that no component declared.
    std::map<std::string, parameter_value> unclaimed() const;

private:
    struct preset {
        parameter_value value;
        origin from;
        bool claimed = false;
    };
    template <class T>
    T declare(const std::string& name, T default_value, parameter p);
    std::map<std::string, preset> presets_;
    std::map<std::string, parameter> declared_;
};

}  // namespace drydock::base
