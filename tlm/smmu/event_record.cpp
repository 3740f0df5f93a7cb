// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/event_record.h"

namespace drydock::smmu {
namespace {

// Word 0 (SMMUv3 7.3): ID[7:0] SSV[11] SSID[31:12] SID[63:32]
constexpr std::uint64_t word0(event_id id, base::stream_id sid) {
    return static_cast<std::uint64_t>(id) | std::uint64_t{sid.value} << 32;
}
constexpr std::uint64_t word0(event_id id, base::stream_id sid,
                              std::optional<base::substream_id> ssid) {
    const std::uint64_t w = word0(id, sid);
    return ssid ? w | 1u << 11 | std::uint64_t{ssid->value & 0xfffff} << 12 : w;
}

// Word 1: PnU[33] InD[34] RnW[35] S2[39] CLASS[41:40] TTRnW[44]; InD is zero for writes
constexpr std::uint64_t pnu_bit = 1ull << 33, ind_bit = 1ull << 34, rnw_bit = 1ull << 35,
                        s2_bit = 1ull << 39, ttrnw_bit = 1ull << 44;
constexpr unsigned class_shift = 40;
constexpr std::uint64_t access_bits(const event_access& a) {
    return (a.privileged ? pnu_bit : 0) | (a.instruction && a.read ? ind_bit : 0) |
           (a.read ? rnw_bit : 0);
}
constexpr std::uint64_t class_bits(fault_class c) {
    return static_cast<std::uint64_t>(c) << class_shift;
}

constexpr std::uint64_t fetch_bits(base::phys_addr a) {
    return a.value & 0x000f'ffff'ffff'fff8u;
}  // [51:3]

}  // namespace

event_record make_config_event(event_id id, base::stream_id sid,
                               std::optional<base::substream_id> ssid) {
    return {{word0(id, sid, ssid), 0, 0, 0}};
}

event_record make_fetch_event(event_id id, base::stream_id sid,
                              std::optional<base::substream_id> ssid, base::phys_addr fetch) {
    return {{word0(id, sid, ssid), 0, 0, fetch_bits(fetch)}};
}

event_record make_bad_substreamid(base::stream_id sid, std::uint32_t ssid) {
    return {
        {word0(event_id::c_bad_substreamid, sid) | std::uint64_t{ssid & 0xfffff} << 12, 0, 0, 0}};
}

event_record make_stream_disabled(base::stream_id sid) {
    return {{word0(event_id::f_stream_disabled, sid), 0, 0, 0}};
}

event_record make_transl_forbidden(base::stream_id sid, std::uint64_t address, bool read) {
    return {{word0(event_id::f_transl_forbidden, sid), read ? rnw_bit : 0, address, 0}};
}

event_record make_bad_ats_treq(base::stream_id sid, std::optional<base::substream_id> ssid,
                               const ats_request_fields& f) {
    // Word 1: P[32] X[33] W[34] R[35] Span[51:44]; R is always asked for
    const std::uint64_t w1 = (f.privileged ? 1ull << 32 : 0) | (f.execute ? 1ull << 33 : 0) |
                             (f.no_write ? 0 : 1ull << 34) | 1ull << 35 |
                             std::uint64_t{f.stus} << 44;
    return {{word0(event_id::f_bad_ats_treq, sid, ssid), w1, f.address & ~std::uint64_t{0xfff}, 0}};
}

event_record make_walk_abort(base::stream_id sid, std::optional<base::substream_id> ssid,
                             const event_access& a, base::phys_addr fetch, fault_class what,
                             bool stage2) {
    return {{word0(event_id::f_walk_eabt, sid, ssid),
             access_bits(a) | class_bits(what) | (stage2 ? s2_bit : 0), a.address,
             fetch_bits(fetch)}};
}

event_record make_stage1_fault(event_id id, base::stream_id sid,
                               std::optional<base::substream_id> ssid, const event_access& a) {
    return {{word0(id, sid, ssid), access_bits(a) | class_bits(fault_class::in), a.address, 0}};
}

event_record make_stage2_fault(event_id id, base::stream_id sid,
                               std::optional<base::substream_id> ssid, const event_access& a,
                               const stage2_place& at) {
    const bool table_read =
        id == event_id::f_permission && at.what == fault_class::tt && !at.table_write;
    return {{word0(id, sid, ssid),
             access_bits(a) | class_bits(at.what) | s2_bit | (table_read ? ttrnw_bit : 0),
             a.address, at.ipa & 0x000f'ffff'ffff'f000u}};
}

}  // namespace drydock::smmu
