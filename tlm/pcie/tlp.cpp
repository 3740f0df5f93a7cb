// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {
namespace {

constexpr unsigned short_header = 12;
constexpr unsigned long_header = 16;
constexpr unsigned prefix_bytes = 4;
constexpr unsigned digest_bytes = 4;
constexpr std::uint64_t four_gib = std::uint64_t{1} << 32;

}  // namespace

fc_class tlp::flow_class() const {
    switch (type) {
        case tlp_type::mwr:
        case tlp_type::msg:
        case tlp_type::msg_d:
            return fc_class::posted;
        case tlp_type::cpl:
        case tlp_type::cpl_d:
        case tlp_type::cpl_locked:
        case tlp_type::cpl_d_locked:
            return fc_class::completion;
        default:
            return fc_class::non_posted;
    }
}

unsigned tlp::header_bytes() const {
    switch (type) {
        case tlp_type::msg:
        case tlp_type::msg_d:
            return long_header;
        case tlp_type::mrd:
        case tlp_type::mwr:
        case tlp_type::mrd_locked:
        case tlp_type::fetch_add:
        case tlp_type::swap:
        case tlp_type::cas:
        case tlp_type::deferrable_write:
            return address < four_gib ? short_header : long_header;
        default:
            return short_header;
    }
}

unsigned tlp::wire_bytes() const {
    return header_bytes() + (pasid ? prefix_bytes : 0) + (has_data() ? bytes() : 0) +
           (digest ? digest_bytes : 0);
}

void tlp::clear() { *this = tlp{}; }

}  // namespace drydock::pcie
