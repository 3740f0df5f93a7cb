// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/conform/smmu_rig.h"
#include "platform/scenario/place.h"

namespace drydock::conform {

// The steps of a vector (docs/conformance.md).
struct memory_step {
    std::uint64_t pa;
    std::vector<std::uint8_t> bytes;
};
struct write_step {
    std::string name;
    std::uint64_t offset;
    unsigned bytes;
    std::uint64_t value;
};
struct read_step {
    std::string name;
    std::uint64_t offset;
    std::uint64_t mask;
    std::optional<std::uint64_t> architecture, recorded;  ///< recorded: only where it is trusted
};
/// What is expected of an access; what is absent is not compared.
struct expected_dma {
    bool ok = false;
    std::optional<std::uint64_t> pa;
    std::optional<std::string> data;  ///< hex
    std::vector<std::string> events;  ///< hex of 32 bytes
    std::optional<std::vector<unsigned>> irqs;
};
struct dma_step {
    dma_access access;
    std::optional<expected_dma> architecture, recorded;
};
using step = std::variant<memory_step, write_step, read_step, dma_step>;

struct smmu_vector {
    std::string id;
    std::string recorder;  ///< version of QEMU
    std::vector<step> steps;
};

/// One line of a file of vectors.
/// @throws scenario::bad_input at `where`
smmu_vector parse_smmu_vector(std::string_view line, const scenario::place& where);

}  // namespace drydock::conform
