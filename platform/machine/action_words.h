// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "platform/scenario/scenario.h"

namespace drydock::machine {

/// What an entry of the timeline does, as kind::action tells it.
struct action_words {
    std::string_view verb;  ///< the scenario's key: "inject"
    std::string target;     ///< what it is done to: "ep0 lose_completions"
};
action_words words_of(const scenario::verb& v);

}  // namespace drydock::machine
