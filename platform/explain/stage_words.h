// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace drydock::explain {

/// Who acts in a stage.
enum class role : std::uint8_t { software, smmu, link, device };

/// A stage as it is told: what goes on in it, and what ends it.
struct stage_words {
    std::string_view stage;
    role where;             ///< where the transaction is meanwhile
    std::string_view what;  ///< goes on in it
    role from, to;          ///< who tells whom at its end; alike: nobody
    std::string_view message;
};

/// "smmu"
std::string_view word(role r);
/// Words of a stage of a class of transactions ("atc_inv"); of one without, words that say nothing.
const stage_words& words_of(std::string_view stage, std::string_view transaction_class);

}  // namespace drydock::explain
