// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "tlm/pcie/errors.h"

namespace drydock::pcie {

constexpr bool is_atomic(tlp_type t) { return t >= tlp_type::fetch_add && t <= tlp_type::cas; }

/// Operand of an AtomicOp: 4 or 8 bytes, of CAS, which carries two, 16 as well.
inline unsigned operand_bytes(const tlp& t) {
    return t.bytes() / (t.type == tlp_type::cas ? 2 : 1);
}

/// Byte Count of a completion that ends a request with UR or CA: what is still due of a memory read
/// or AtomicOp, else 4.
inline unsigned due_of(const tlp& request) {
    if (is_atomic(request.type)) return operand_bytes(request);
    return request.type == tlp_type::mrd ? std::max(enabled_bytes_of(request).bytes, 1u) : 4;
}

}  // namespace drydock::pcie
