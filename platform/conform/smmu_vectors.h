// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace drydock::conform {

struct smmu_verdict {
    std::string text;  ///< what failed, then a line for the file
    unsigned passed = 0, failed = 0;
};

/// Replays recorded vectors (docs/conformance.md: JSON, one a line) on an SMMU with the features of
/// the one that they were recorded from. A vector passes if each of its steps ends as the
/// architecture is expected to, and, where the record says that both agree, as recorded.
/// @param text  of the whole file
/// @throws scenario::bad_input with the line where it is no such vector
smmu_verdict compare_smmu(const std::string& text, const std::string& file);

/// Where QEMU's SMMUv3 and the architecture are known to differ, and which side the model is on.
std::string smmu_deviations();

}  // namespace drydock::conform
