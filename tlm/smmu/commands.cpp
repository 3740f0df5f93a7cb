// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/commands.h"

#include "tlm/base/bit_field.h"

namespace drydock::smmu {
namespace {

using base::bit_field;
using base::bit_mask;

// Fields that stand at the same place in several commands (SMMUv3 4.2-4.7).
using w0_ssv = bit_field<11>;
using w0_ssid = bit_field<31, 12>;
using w0_sid = bit_field<63, 32>;
using w0_vmid = bit_field<47, 32>;
using w0_asid = bit_field<63, 48>;
using w0_num = bit_field<16, 12>;
using w0_scale = bit_field<24, 20>;
using w0_global = bit_field<9>;
using w0_cs = bit_field<13, 12>;
using w0_ac = bit_field<12>;
using w0_ab = bit_field<13>;
using w1_stag = bit_field<15, 0>;
using w1_leaf = bit_field<0>;
using w1_range = bit_field<4, 0>;
using w1_ttl = bit_field<9, 8>;
using w1_tg = bit_field<11, 10>;
using w1_size = bit_field<5, 0>;
using w1_prg_index = bit_field<8, 0>;
using w1_resp = bit_field<13, 12>;
constexpr std::uint64_t w1_address = bit_mask(63, 12);
constexpr std::uint64_t ipa_address = bit_mask(51, 12);
constexpr std::uint64_t msi_address = bit_mask(51, 2);
constexpr unsigned largest_atc_size = 52;

constexpr std::uint64_t op_bits = bit_mask(7, 0);
constexpr std::uint64_t sid_bits = w0_sid::mask;
constexpr std::uint64_t ssid_bits = w0_ssid::mask;
constexpr std::uint64_t range_bits = w0_num::mask | w0_scale::mask;
constexpr std::uint64_t va_bits = w1_leaf::mask | w1_ttl::mask | w1_tg::mask | w1_address;

/// Bits that a command defines, used or ignored; every other bit is reserved. {0, 0}: no such
/// command.
struct defined_bits {
    std::uint64_t w0, w1;
};
constexpr defined_bits none{0, 0};

defined_bits prefetch_bits(opcode op) {
    const std::uint64_t w0 = op_bits | w0_ssv::mask | ssid_bits | sid_bits;
    return {w0, op == opcode::prefetch_addr ? bit_mask(10, 0) | w1_address : 0};
}

defined_bits cfgi_bits(opcode op, const smmu_config& c) {
    switch (op) {
        case opcode::cfgi_ste:
            return {op_bits | sid_bits, w1_leaf::mask};
        case opcode::cfgi_ste_range:
            return {op_bits | sid_bits, w1_range::mask};
        case opcode::cfgi_cd:
            return c.s1p ? defined_bits{op_bits | ssid_bits | sid_bits, w1_leaf::mask} : none;
        case opcode::cfgi_cd_all:
            return c.s1p ? defined_bits{op_bits | sid_bits, 0} : none;
        default:
            return none;  // CFGI_VMS_PIDM needs MPAM
    }
}

defined_bits tlbi_bits(opcode op, const smmu_config& c) {
    const std::uint64_t vmid = w0_vmid::mask, asid = w0_asid::mask;
    const bool stage1 = c.s1p, stage2 = c.s2p, el2 = c.hyp;
    switch (op) {
        case opcode::tlbi_nh_all:
            return stage1 ? defined_bits{op_bits | vmid, 0} : none;
        case opcode::tlbi_nh_asid:
            return stage1 ? defined_bits{op_bits | vmid | asid, 0} : none;
        case opcode::tlbi_nh_va:
            return stage1 ? defined_bits{op_bits | range_bits | vmid | asid, va_bits} : none;
        case opcode::tlbi_nh_vaa:
            return stage1 ? defined_bits{op_bits | range_bits | vmid, va_bits} : none;
        case opcode::tlbi_el2_all:
            return el2 ? defined_bits{op_bits, 0} : none;
        case opcode::tlbi_el2_asid:
            return el2 ? defined_bits{op_bits | asid, 0} : none;
        case opcode::tlbi_el2_va:
            return el2 ? defined_bits{op_bits | range_bits | asid, va_bits} : none;
        case opcode::tlbi_el2_vaa:
            return el2 ? defined_bits{op_bits | range_bits, va_bits} : none;
        case opcode::tlbi_s12_vmall:
            return stage2 ? defined_bits{op_bits | vmid, 0} : none;
        case opcode::tlbi_s2_ipa:
            return stage2 ? defined_bits{op_bits | range_bits | vmid,
                                         bit_mask(11, 8) | w1_leaf::mask | ipa_address}
                          : none;
        case opcode::tlbi_nsnh_all:
            return {op_bits, 0};
        default:
            return none;
    }
}

defined_bits other_bits(opcode op, const smmu_config& c) {
    const bool stalls = c.stall_model != 1;
    switch (op) {
        case opcode::atc_inv:
            return c.ats ? defined_bits{op_bits | w0_global::mask | w0_ssv::mask | ssid_bits |
                                            sid_bits,
                                        w1_size::mask | w1_address}
                         : none;
        case opcode::pri_resp:
            return c.pri ? defined_bits{op_bits | w0_ssv::mask | ssid_bits | sid_bits,
                                        w1_prg_index::mask | w1_resp::mask}
                         : none;
        case opcode::resume:
            return stalls ? defined_bits{op_bits | bit_mask(13, 12) | sid_bits, bit_mask(15, 0)}
                          : none;
        case opcode::stall_term:
            return stalls ? defined_bits{op_bits | sid_bits, 0} : none;
        case opcode::sync:
            return {op_bits | w0_cs::mask | bit_mask(23, 22) | bit_mask(27, 24) | bit_mask(63, 32),
                    msi_address};
        default:
            return none;
    }
}

defined_bits bits_of(opcode op, const smmu_config& c) {
    switch (op) {
        case opcode::prefetch_config:
        case opcode::prefetch_addr:
            return prefetch_bits(op);
        default:
            break;
    }
    if (op >= opcode::cfgi_ste && op <= opcode::cfgi_vms_pidm) return cfgi_bits(op, c);
    if (op >= opcode::tlbi_nh_all && op <= opcode::tlbi_nsnh_all) return tlbi_bits(op, c);
    return other_bits(op, c);
}

bool by_address(opcode op) {
    switch (op) {
        case opcode::tlbi_nh_va:
        case opcode::tlbi_nh_vaa:
        case opcode::tlbi_el2_va:
        case opcode::tlbi_el2_vaa:
        case opcode::tlbi_s2_ipa:
            return true;
        default:
            return false;
    }
}

/// Address operand with its range fields. @return false: CERROR_ILL
bool decode_range(const raw_command& raw, tlbi_range& out) {
    const std::uint64_t num = w0_num::get(raw[0]), scale = w0_scale::get(raw[0]);
    const std::uint64_t tg = w1_tg::get(raw[1]), ttl = w1_ttl::get(raw[1]);
    std::uint64_t address = raw[1] & w1_address;
    out.leaf = w1_leaf::get(raw[1]) != 0;
    if (tg == 0) {
        out = {address, address, out.leaf};
        return num == 0 && scale == 0 && ttl == 0;  // reserved without a granule
    }
    // TG 1, 2, 3 = 4, 16, 64 KiB; a 16K level-1 leaf does not exist, its TTL counts as 0
    const unsigned shift = 10 + 2 * static_cast<unsigned>(tg);
    const std::uint64_t level = tg == 2 && ttl == 1 ? 0 : ttl;
    if (num == 0 && scale == 0 && level == 0) return false;
    const unsigned leaf_shift =
        level == 0 || level == 3 ? shift : shift + (3 - static_cast<unsigned>(level)) * (shift - 3);
    address &= ~std::uint64_t{0} << leaf_shift;                // misaligned: aligned down (choice)
    const std::uint64_t bytes = (num + 1) << (scale + shift);  // at most 2^52
    const std::uint64_t last = address + bytes - 1;
    out.first = address;
    out.last = last < address ? ~std::uint64_t{0} : last;  // no wrap at the top
    return true;
}

bool decode_sync(const raw_command& raw, command& c) {
    const auto cs = w0_cs::get(raw[0]);
    if (cs == 3) return false;
    c.signal = static_cast<sync_signal>(cs);
    c.msi_data = static_cast<std::uint32_t>(raw[0] >> 32);
    c.msi_address = base::phys_addr{raw[1] & msi_address};
    return true;
}

void decode_resume(const raw_command& raw, command& c) {
    c.stag = static_cast<std::uint16_t>(w1_stag::get(raw[1]));
    c.retry = w0_ac::test(raw[0]);
    c.abort = w0_ab::test(raw[0]);
}

bool decode_pri_resp(const raw_command& raw, command& c) {
    // Resp 0 ResponseFailure, 1 InvalidRequest, 2 Success -> PRG response codes (SMMUv3)
    constexpr std::uint8_t codes[] = {0b1111, 0b0001, 0b0000};
    const auto resp = w1_resp::get(raw[1]);
    if (resp == 3) return false;
    c.prg_index = static_cast<std::uint16_t>(w1_prg_index::get(raw[1]));
    c.prg_code = codes[resp];
    return true;
}

bool decode_atc_inv(const raw_command& raw, command& c) {
    const auto size = static_cast<unsigned>(w1_size::get(raw[1]));
    if (size > largest_atc_size) return false;
    const bool global = c.ssid.has_value() && w0_global::test(raw[0]);  // ignored without SSV
    c.invalidate_body = invalidate_body(raw[1] & w1_address, size, global);
    return true;
}

}  // namespace

std::uint64_t invalidate_body(std::uint64_t address, unsigned size, bool global) {
    constexpr std::uint64_t s_bit = 1u << 11;
    std::uint64_t body = address & w1_address;
    if (size == largest_atc_size) {
        body = (w1_address >> 1 & w1_address) | s_bit;  // everything: bit 63 = 0, 62:12 = 1
    } else if (size > 0) {
        body &= ~(std::uint64_t{1} << (11 + size));
        if (size > 1) body |= bit_mask(10 + size, 12);
        body |= s_bit;
    }
    return body | (global ? 1 : 0);
}

std::optional<command> decode(const raw_command& raw, const smmu_config& config) {
    command c;
    c.op = opcode_of(raw);
    const defined_bits defined = bits_of(c.op, config);
    if (defined.w0 == 0 || (raw[0] & ~defined.w0) != 0 || (raw[1] & ~defined.w1) != 0)
        return std::nullopt;
    c.sid = base::stream_id{static_cast<std::uint32_t>(w0_sid::get(raw[0]))};
    c.vmid = static_cast<std::uint16_t>(w0_vmid::get(raw[0]));
    c.asid = static_cast<std::uint16_t>(w0_asid::get(raw[0]));
    c.leaf = w1_leaf::test(raw[1]);
    if (w0_ssv::test(raw[0]) || c.op == opcode::cfgi_cd)
        c.ssid = base::substream_id{static_cast<std::uint32_t>(w0_ssid::get(raw[0]))};
    bool legal = true;
    if (by_address(c.op))
        legal = decode_range(raw, c.va);
    else if (c.op == opcode::prefetch_addr)
        c.va.first = raw[1] & w1_address;  // Size and Stride: one page is enough of a hint (choice)
    else if (c.op == opcode::cfgi_ste_range)
        c.range = static_cast<std::uint8_t>(w1_range::get(raw[1]));
    else if (c.op == opcode::sync)
        legal = decode_sync(raw, c);
    else if (c.op == opcode::resume)
        decode_resume(raw, c);
    else if (c.op == opcode::pri_resp)
        legal = decode_pri_resp(raw, c);
    else if (c.op == opcode::atc_inv)
        legal = decode_atc_inv(raw, c);
    if (!legal) return std::nullopt;
    return c;
}

}  // namespace drydock::smmu
