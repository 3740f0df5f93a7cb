// SPDX-License-Identifier: Apache-2.0
// What every receiver checks of a TLP (PCIe).
#include <bit>

#include "tlm/pcie/atomics.h"
#include "tlm/pcie/errors.h"

namespace drydock::pcie {
namespace {

constexpr std::uint64_t page = 4096;

bool needs_data(tlp_type t) {
    switch (t) {
        case tlp_type::mwr:
        case tlp_type::io_wr:
        case tlp_type::cfg_wr0:
        case tlp_type::cfg_wr1:
        case tlp_type::cpl_d:
        case tlp_type::cpl_d_locked:
        case tlp_type::msg_d:
        case tlp_type::fetch_add:
        case tlp_type::swap:
        case tlp_type::cas:
        case tlp_type::deferrable_write:
            return true;
        default:
            return false;
    }
}

std::string_view bad_byte_enables(const tlp& t) {
    if (t.length == 1) return t.last_be != 0 ? "Last BE with Length 1" : "";
    if (t.first_be == 0 || t.last_be == 0) return "no byte enabled in the first or last DW";
    const bool qword = t.length == 2 && t.address % 8 == 0;
    if (qword) return {};
    // Gaps are allowed only where the enabled bytes run towards the middle.
    const bool first_runs =
        t.first_be == 0xf || t.first_be == 0xe || t.first_be == 0xc || t.first_be == 0x8;
    const bool last_runs =
        t.last_be == 0xf || t.last_be == 0x7 || t.last_be == 0x3 || t.last_be == 0x1;
    return first_runs && last_runs ? "" : "byte enables with gaps";
}

std::string_view bad_memory_request(const tlp& t) {
    if (t.length == 0 || t.length > 1024) return "Length outside 1..1024";
    if (t.at > base::address_type::translated) return "reserved AT";
    if (t.at == base::address_type::translation_request && t.type == tlp_type::mrd) {
        if (t.length % 2 != 0) return "Translation Request of odd Length";
        if (t.first_be != 0xf || t.last_be != 0xf)
            return "Translation Request without all bytes enabled";
        return {};  // low address bits are flags there
    }
    if (t.address % 4 != 0) return "address not DW aligned";
    if (t.address % page + t.bytes() > page) return "crosses a 4 KiB boundary";
    return bad_byte_enables(t);
}

/// Operands of 32 and 64 bits, of CAS 128 too, naturally aligned.
std::string_view bad_atomic(const tlp& t) {
    const unsigned operand = operand_bytes(t);
    const bool wide = t.type == tlp_type::cas && operand == 16;
    if (operand != 4 && operand != 8 && !wide) return "AtomicOp with an operand of another size";
    if (t.type == tlp_type::cas && t.length % 2 != 0) return "CAS of odd Length";
    if (t.address % operand != 0) return "AtomicOp not aligned to its operand";
    if (t.at != base::address_type::untranslated && t.at != base::address_type::translated)
        return "reserved AT";
    return {};
}

/// INTx and error messages.
bool must_be_tc0(msg_code c) {
    return is_intx(c) || c == msg_code::err_cor || c == msg_code::err_nonfatal ||
           c == msg_code::err_fatal;
}

/// Config and IO requests.
std::string_view bad_register_request(const tlp& t) {
    if (t.length != 1 || t.last_be != 0) return "config or IO request not of Length 1";
    if (t.traffic_class != 0) return "config or IO request outside TC 0";
    if (t.at != base::address_type::untranslated || t.relaxed_ordering || t.id_based_ordering ||
        t.no_snoop)
        return "config or IO request with attributes";
    return {};
}

}  // namespace

std::string_view malformed(const tlp& t, unsigned max_payload) {
    if (needs_data(t.type) != t.has_data())
        return "data where there must be none, or none where there must be";
    if (t.has_data() && (t.length == 0 || t.length > 1024)) return "Length outside 1..1024";
    switch (t.type) {
        case tlp_type::mwr:
            if (t.bytes() > max_payload) return "payload above Max Payload Size";
            return bad_memory_request(t);
        case tlp_type::mrd:
            return bad_memory_request(t);
        case tlp_type::fetch_add:
        case tlp_type::swap:
        case tlp_type::cas:
            return bad_atomic(t);
        case tlp_type::msg:
        case tlp_type::msg_d:
            if (t.traffic_class != 0 && must_be_tc0(t.code)) return "message outside TC 0";
            return t.bytes() > max_payload && t.has_data() ? "payload above Max Payload Size" : "";
        case tlp_type::cpl_d:
            return t.bytes() > max_payload ? "payload above Max Payload Size" : "";
        case tlp_type::io_rd:
        case tlp_type::io_wr:
        case tlp_type::cfg_rd0:
        case tlp_type::cfg_wr0:
        case tlp_type::cfg_rd1:
        case tlp_type::cfg_wr1:
            return bad_register_request(t);
        default:
            return {};
    }
}

enabled_bytes enabled_bytes_of(const tlp& t) {
    enabled_bytes e;
    if (t.length == 1) {
        if (t.first_be == 0) return e;
        e.first = static_cast<unsigned>(std::countr_zero(t.first_be));
        e.bytes = static_cast<unsigned>(std::bit_width(t.first_be)) - e.first;
        e.contiguous = static_cast<unsigned>(std::popcount(t.first_be)) == e.bytes;
        return e;
    }
    e.first = static_cast<unsigned>(std::countr_zero(t.first_be));
    const unsigned end = t.bytes() - 4 + static_cast<unsigned>(std::bit_width(t.last_be));
    e.bytes = end - e.first;
    if (t.length == 2)
        e.contiguous =
            static_cast<unsigned>(std::popcount(t.first_be) + std::popcount(t.last_be)) == e.bytes;
    return e;
}

}  // namespace drydock::pcie
