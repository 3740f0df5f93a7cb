// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "platform/scenario/document.h"

/// SMMU configurations by name: what `machine.smmu.like` may say.
namespace drydock::configs {

struct configuration {
    std::string title;          ///< one line, for `drydock list`
    std::string why;            ///< where the figures are from
    scenario::node smmu;        ///< as `machine.smmu`
    scenario::node parameters;  ///< names below `smmu.` and values, as `machine.parameters`
};

/// Names of those that are part of the program, sorted.
std::vector<std::string> names();

/// A built-in name, or the path of a file of that form, relative to the file that names it.
/// @throws scenario::bad_input
configuration load(const std::string& like, const scenario::place& where);

}  // namespace drydock::configs
