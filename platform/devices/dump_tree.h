// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace drydock::devices {

/// The `machine:` of a scenario, as YAML, for the devices of a dump (lspci -vvvxxxx) with the
/// bridges above them: root ports, switches, devices and their functions, each `like:` its place in
/// the dump; virtual functions by `sriov:` of their physical one. A device whose root port is not
/// in the dump gets one. What cannot stand in a scenario is named in a comment.
/// @param file  as `like:` shall say it
/// @throws scenario::bad_input with the line where it is no such dump, or if nothing of it can
/// stand
std::string tree_of_dump(std::string_view text, const std::string& file);

}  // namespace drydock::devices
