// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tlm/smmu/config.h"

namespace drydock::conform {

/// One access of a device, as somebody outside the SMMU sees it.
struct dma_access {
    std::uint32_t sid = 0;
    bool write = false;
    std::uint64_t iova = 0;
    unsigned bytes = 4;  ///< 1..64, not across a page
};
struct dma_outcome {
    bool ok = false;
    std::optional<std::uint64_t> pa;  ///< where it reached for memory
    std::vector<std::uint8_t> data;   ///< of a read that was answered
    std::vector<std::string> events;  ///< records written meanwhile, as hex of 32 bytes
    bool queue_was_empty = false;     ///< the event queue, before
    std::vector<unsigned> irqs;       ///< wires pulsed meanwhile: 0 EVTQ, 1 PRIQ, 2 SYNC, 3 GERROR
};

/// An SMMU with registers, RAM and a device on one root port's sockets, and nothing else. Every
/// call lets what it started come to rest.
class smmu_rig {
public:
    /// RAM: [0x4000'0000, 0x2'4000'0000); every access elsewhere ends in an external abort.
    static constexpr std::uint64_t ram = 0x4000'0000, ram_bytes = std::uint64_t{8} << 30;

    /// Once per process.
    explicit smmu_rig(const smmu::smmu_config&);
    ~smmu_rig();
    smmu_rig(const smmu_rig&) = delete;
    smmu_rig& operator=(const smmu_rig&) = delete;

    /// @throws std::out_of_range outside RAM
    void write_memory(std::uint64_t pa, std::span<const std::uint8_t>);
    std::uint64_t read_register(std::uint64_t offset, unsigned bytes);
    void write_register(std::uint64_t offset, unsigned bytes, std::uint64_t value);
    /// Privileged, data, no SubstreamID, Untranslated.
    dma_outcome access(const dma_access&);

private:
    class parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace drydock::conform
