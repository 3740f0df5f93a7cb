// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tlm/base/ids.h"
#include "tlm/smmu/config.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu {

/// Command opcodes (SMMUv3 4.1.1), W0[7:0].
enum class opcode : std::uint8_t {
    prefetch_config = 0x01,
    prefetch_addr = 0x02,
    cfgi_ste = 0x03,
    cfgi_ste_range = 0x04,
    cfgi_cd = 0x05,
    cfgi_cd_all = 0x06,
    cfgi_vms_pidm = 0x07,
    tlbi_nh_all = 0x10,
    tlbi_nh_asid = 0x11,
    tlbi_nh_va = 0x12,
    tlbi_nh_vaa = 0x13,
    tlbi_el2_all = 0x20,
    tlbi_el2_asid = 0x21,
    tlbi_el2_va = 0x22,
    tlbi_el2_vaa = 0x23,
    tlbi_s12_vmall = 0x28,
    tlbi_s2_ipa = 0x2a,
    tlbi_nsnh_all = 0x30,
    atc_inv = 0x40,
    pri_resp = 0x41,
    resume = 0x44,
    stall_term = 0x45,
    sync = 0x46
};

/// CMDQ_CONS.ERR (SMMUv3 7.1).
enum class cerror : std::uint8_t { none = 0, ill = 1, abt = 2, atc_inv_sync = 3 };

/// How a CMD_SYNC signals its completion: CS.
enum class sync_signal : std::uint8_t { none = 0, interrupt = 1, event = 2 };

/// One command as it lies in memory: 16 bytes, two little-endian words.
using raw_command = std::array<std::uint64_t, 2>;
inline constexpr std::uint64_t command_bytes = 16;

/// A legal command, decoded. Which members mean something depends on op (SMMUv3).
struct command {
    opcode op{};
    base::stream_id sid{};
    std::optional<base::substream_id> ssid;  ///< SSV=1: SSID; CFGI_CD: always
    bool leaf = false;
    std::uint8_t range = 0;  ///< CFGI_STE_RANGE; 31 = all
    std::uint16_t vmid = 0, asid = 0;
    tlbi_range va{};                    ///< TLBI by address; PREFETCH_ADDR: first
    std::uint64_t invalidate_body = 0;  ///< ATC_INV: body of the Invalidate Request (SMMUv3)
    std::uint16_t prg_index = 0;        ///< PRI_RESP
    std::uint8_t prg_code = 0;          ///< PRI_RESP: response code of the message
    std::uint16_t stag = 0;             ///< RESUME
    bool retry = false, abort = false;  ///< RESUME: Ac, Ab
    sync_signal signal{};               ///< SYNC
    std::uint32_t msi_data = 0;         ///< SYNC
    base::phys_addr msi_address{};      ///< SYNC; 0 = none
};

/// Decodes and checks. Reserved bits and values are checked; fields that are defined but ignored
/// are not.
/// @return the command, or nothing: CERROR_ILL
std::optional<command> decode(const raw_command&, const smmu_config&);

/// Opcode of a command as it lies in memory, legal or not.
constexpr opcode opcode_of(const raw_command& raw) { return static_cast<opcode>(raw[0] & 0xff); }
constexpr bool is_invalidation_of_caches(opcode op) {
    return op >= opcode::cfgi_ste && op <= opcode::tlbi_nsnh_all;
}

/// Body of an Invalidate Request: address, S[11], Global[0].
/// @param size  ATC_INV Size, 0..52: 2^size pages of 4 KiB
std::uint64_t invalidate_body(std::uint64_t address, unsigned size, bool global);

}  // namespace drydock::smmu
