// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

/// Files of the project that the program carries with it: schemas, device descriptions, views.
namespace drydock::scenario::embedded {

struct file {
    std::string_view name;  ///< "intel_dsa.yaml"
    std::string_view path;  ///< "platform/devices/intel_dsa.yaml", for messages
    std::string_view text;
};

std::span<const file> all();
/// @throws std::logic_error if there is none of that name
const file& find(std::string_view name);

}  // namespace drydock::scenario::embedded
