// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "waves/wave_index.h"

namespace drydock::waves {

/// A GTKWave save file for one wave file, from a template of waves/views: a save file in which a
/// signal's name may hold stars, each for any characters but a dot, and its alias "$1" for what the
/// first one stands for. Signals that are not in the file are left out, and groups without any; a
/// view with a line "[if] name" is for files that have such a signal. Markers stand at the first
/// violation (A) and at injected faults (B..); the view begins around the first of them.
/// @param wave_name, save_name relative to where GTKWave runs
/// @return nothing if the wave file has no signal of the view
std::optional<std::string> save_file(std::string_view view, const wave_index& index,
                                     const std::string& wave_name, const std::string& save_name);

}  // namespace drydock::waves
