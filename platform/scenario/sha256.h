// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace drydock::scenario {

/// SHA-256 (FIPS 180-4) in lower-case hexadecimal, as sha256sum prints it. For naming files, not
/// for secrets: that is why no cryptographic library is linked for it.
std::string sha256(std::string_view data);

}  // namespace drydock::scenario
