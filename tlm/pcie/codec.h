// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// Appends the wire bytes of a TLP: prefixes, header, payload and, with TD=1, its ECRC, which is
/// right or, where `digest_bad` says so, wrong.
void pack(const tlp& t, std::vector<std::uint8_t>& to);
inline std::vector<std::uint8_t> pack(const tlp& t) {
    std::vector<std::uint8_t> bytes;
    pack(t, bytes);
    return bytes;
}

/// A decoded TLP, or why the bytes are none. `error` is empty on success.
struct unpacked {
    tlp_ptr t;
    std::string_view error;
    explicit operator bool() const { return t != nullptr; }
};

/// Decodes one whole TLP. Never throws for what the bytes hold: a malformed TLP comes back as an
/// error. With TD=1 `digest_bad` says whether the ECRC fits.
unpacked unpack(std::span<const std::uint8_t> bytes, tlp_pool& pool);

/// Position of the flags in byte 1 of the PASID prefix; the specification marks them as unverified
/// (PCIe base).
inline constexpr unsigned pasid_privileged_bit = 5, pasid_execute_bit = 4;

}  // namespace drydock::pcie
