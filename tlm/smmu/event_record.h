// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tlm/base/ids.h"

namespace drydock::smmu {

/// Event numbers (SMMUv3 7.3).
enum class event_id : std::uint8_t {
    f_uut = 0x01,
    c_bad_streamid = 0x02,
    f_ste_fetch = 0x03,
    c_bad_ste = 0x04,
    f_bad_ats_treq = 0x05,
    f_stream_disabled = 0x06,
    f_transl_forbidden = 0x07,
    c_bad_substreamid = 0x08,
    f_cd_fetch = 0x09,
    c_bad_cd = 0x0a,
    f_walk_eabt = 0x0b,
    f_translation = 0x10,
    f_addr_size = 0x11,
    f_access = 0x12,
    f_permission = 0x13,
};

/// Events that an STE need not allow to merge (SMMUv3 7.3.1).
constexpr bool merges_without_mev(event_id id) {
    return id == event_id::c_bad_streamid || id == event_id::f_ste_fetch ||
           id == event_id::c_bad_ste;
}

/// CLASS of a fault: what the failing address was for.
enum class fault_class : std::uint8_t { cd = 0, tt = 1, in = 2 };

/// One entry of the event queue: 32 bytes, four little-endian words (SMMUv3 7.3). Plain data.
struct event_record {
    std::array<std::uint64_t, 4> words{};

    constexpr event_id id() const { return static_cast<event_id>(words[0] & 0xff); }
    constexpr base::stream_id stream() const {
        return base::stream_id{static_cast<std::uint32_t>(words[0] >> 32)};
    }
    /// SSID field, whether or not SSV is set.
    constexpr std::uint32_t substream() const { return words[0] >> 12 & 0xfffff; }
    constexpr bool ssv() const { return (words[0] >> 11 & 1) != 0; }
    constexpr std::uint64_t input_address() const { return words[2]; }
    friend constexpr bool operator==(const event_record&, const event_record&) = default;
};

/// The transaction as a record shows it: privilege and instruction after STE overrides.
struct event_access {
    std::uint64_t address = 0;
    bool read = true;
    bool instruction = false;
    bool privileged = false;
};

/// ID, SID and, with SSV, SSID (7.3 common fields): C_BAD_STREAMID, C_BAD_STE, C_BAD_CD.
event_record make_config_event(event_id, base::stream_id, std::optional<base::substream_id>);
/// F_STE_FETCH, F_CD_FETCH: word 3 FetchAddr[51:3].
event_record make_fetch_event(event_id, base::stream_id, std::optional<base::substream_id>,
                              base::phys_addr fetch);
/// C_BAD_SUBSTREAMID: the SSID without SSV.
event_record make_bad_substreamid(base::stream_id, std::uint32_t ssid);
/// F_STREAM_DISABLED: the SID only.
event_record make_stream_disabled(base::stream_id);
/// F_TRANSL_FORBIDDEN: RnW and the address; no SSID, PnU and InD.
event_record make_transl_forbidden(base::stream_id, std::uint64_t address, bool read);

/// What a refused Translation Request asked for, before STE overrides.
struct ats_request_fields {
    std::uint64_t address = 0;
    bool no_write = false;
    bool execute = false;     ///< from the PASID prefix, false without
    bool privileged = false;  ///< from the PASID prefix, false without
    std::uint8_t stus = 1;    ///< smallest translation units asked for
};
/// F_BAD_ATS_TREQ: Span[51:44] P[32] X[33] W[34] R[35] of word 1, InputAddr[63:12].
event_record make_bad_ats_treq(base::stream_id, std::optional<base::substream_id>,
                               const ats_request_fields&);
/// F_WALK_EABT: FetchAddr[51:3].
/// @param what    TT with stage 1; what stage 2 translated with stage 2
/// @param stage2  the descriptor was one of stage 2
event_record make_walk_abort(base::stream_id, std::optional<base::substream_id>,
                             const event_access&, base::phys_addr fetch,
                             fault_class what = fault_class::tt, bool stage2 = false);
/// F_TRANSLATION, F_ADDR_SIZE, F_ACCESS, F_PERMISSION of stage 1 or of its bypass: CLASS=IN, S2=0.
event_record make_stage1_fault(event_id, base::stream_id, std::optional<base::substream_id>,
                               const event_access&);
/// Where stage 2 refused.
struct stage2_place {
    fault_class what = fault_class::in;
    std::uint64_t ipa = 0;
    bool table_write = false;  ///< CLASS=TT: hardware was to change a stage-1 descriptor
};
/// The same four of stage 2: S2=1, IPA[51:12], TTRnW[44] of F_PERMISSION with CLASS=TT.
event_record make_stage2_fault(event_id, base::stream_id, std::optional<base::substream_id>,
                               const event_access&, const stage2_place&);

}  // namespace drydock::smmu
