// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace drydock::pcie {

/// Something in a configuration space that no device can have, or in a file that should hold one.
struct config_error : std::runtime_error {
    config_error(std::string file_name, unsigned line_number, const std::string& what_is_wrong);
    std::string file;   ///< empty if it did not come from a file
    unsigned line = 0;  ///< 1-based; 0 unknown
};

inline constexpr std::size_t config_bytes = 4096;
inline constexpr std::uint16_t extended_config_start = 0x100;  // PCIe

/// The 4 KiB of a function as they stand after reset, and what they cannot say: the sizes of the
/// BARs.
struct config_image {
    std::array<std::uint8_t, config_bytes> bytes{};
    /// Bytes, a power of two; 0: not implemented. A 64-bit BAR has its size at its lower index.
    std::array<std::uint64_t, 6> bar_size{};
    /// The same of the VF BARs of one VF, and of the expansion ROM.
    std::array<std::uint64_t, 6> vf_bar_size{};
    std::uint64_t rom_size = 0;
    /// A virtual function's: what its registers lack (PCIe, SR-IOV) cannot be told from the bytes.
    bool virtual_function = false;

    std::uint16_t u16(std::size_t at) const {
        return static_cast<std::uint16_t>(bytes[at] | (bytes[at + 1] << 8));
    }
    std::uint32_t u32(std::size_t at) const { return u16(at) | (std::uint32_t{u16(at + 2)} << 16); }
    void set16(std::size_t at, std::uint16_t v) {
        bytes[at] = static_cast<std::uint8_t>(v);
        bytes[at + 1] = static_cast<std::uint8_t>(v >> 8);
    }
    void set32(std::size_t at, std::uint32_t v) {
        set16(at, static_cast<std::uint16_t>(v));
        set16(at + 2, static_cast<std::uint16_t>(v >> 16));
    }
    /// Header byte 0x0e [6:0]: 0 device, 1 bridge.
    unsigned header_type() const { return bytes[0x0e] & 0x7f; }
    friend bool operator==(const config_image&, const config_image&) = default;
};

/// One entry of a capability chain.
struct capability_entry {
    std::uint16_t id = 0;
    std::uint16_t offset = 0;
    std::uint8_t version = 0;  ///< extended only
    bool extended = false;
};

/// Walks both chains (PCIe). @throws config_error for a cycle or a pointer outside its space;
/// `at` in the error text is the offset of the entry with the bad pointer
std::vector<capability_entry> list_capabilities(const config_image& image);

/// As list_capabilities, but gives where it went wrong instead of throwing.
struct capability_walk {
    std::vector<capability_entry> found;
    std::optional<std::uint16_t> broken_at;  ///< offset of the bad pointer
    std::string reason;
};
capability_walk walk_capabilities(const config_image& image);

}  // namespace drydock::pcie
