// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "platform/scenario/document.h"
#include "platform/scenario/scenario.h"

/// Reading of one timeline entry's verb; the schema has judged its form.
namespace drydock::scenario::build {

/// `device:` of a verb, which there must be. @throws bad_input
std::string device_of(const node& map, const run& r);
/// Name and CPU of the task that an entry starts.
std::pair<std::string, unsigned> new_task(const node& entry, const run& r);
/// What an `inject:` says; one of device, port, smmu is there.
do_inject inject_verb(const node&, const run& r);
/// unmap, use, call, remove, add, unbind, bind, map, free and fail; nothing for another verb.
std::optional<verb> software_verb(const node& entry, std::string_view name, const run& r);

}  // namespace drydock::scenario::build
