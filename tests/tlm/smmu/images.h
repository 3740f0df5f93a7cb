// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "tlm/smmu/event_record.h"

namespace drydock::smmu::test {

/// Bits at a position, as a table in the specification gives them.
constexpr std::uint64_t at(std::uint64_t value, unsigned low) { return value << low; }

/// An STE as software writes it. Field positions are written down again here, apart from the
/// model's.
struct ste_image {
    std::uint64_t config = 5, s1fmt = 0, cd = 0, s1cdmax = 0;
    std::uint64_t s1dss = 0, s1stalld = 0, eats = 1, strw = 0, privcfg = 0, instcfg = 0;
    std::uint64_t s2fwb = 0, mev = 0;
    std::uint64_t w2 = 0, w3 = 0;
    bool valid = true;
    std::array<std::uint64_t, 8> words() const {
        return {(valid ? 1u : 0u) | at(config, 1) | at(s1fmt, 4) | cd | at(s1cdmax, 59),
                s1dss | at(mev, 19) | at(s2fwb, 25) | at(s1stalld, 27) | at(eats, 28) |
                    at(strw, 30) | at(privcfg, 48) | at(instcfg, 50),
                w2,
                w3,
                0,
                0,
                0,
                0};
    }
};

/// A CD as software writes it: TTB0 with 4 KiB granule and 48 bits, TTB1 off, abort and record.
struct cd_image {
    std::uint64_t t0sz = 16, tg0 = 0, epd0 = 0, endi = 0, t1sz = 16, tg1 = 2, epd1 = 1;
    std::uint64_t valid = 1, ips = 5, affd = 0, wxn = 0, tbi0 = 0, tbi1 = 0, pan = 0, aa64 = 1,
                  hd = 0, ha = 0;
    std::uint64_t s = 0, r = 1, a = 1, asid = 1;
    std::uint64_t ttb0 = 0x2000'0000, had0 = 0, ttb1 = 0, had1 = 0, mair = 0xff;
    std::array<std::uint64_t, 8> words() const {
        return {t0sz | at(tg0, 6) | at(epd0, 14) | at(endi, 15) | at(t1sz, 16) | at(tg1, 22) |
                    at(epd1, 30) | at(valid, 31) | at(ips, 32) | at(affd, 35) | at(wxn, 36) |
                    at(tbi0, 38) | at(tbi1, 39) | at(pan, 40) | at(aa64, 41) | at(hd, 42) |
                    at(ha, 43) | at(s, 44) | at(r, 45) | at(a, 46) | at(asid, 48),
                ttb0 | at(had0, 1),
                ttb1 | at(had1, 1),
                mair,
                0,
                0,
                0,
                0};
    }
};

// Descriptor bits (VMSAv8-64).
inline constexpr std::uint64_t af = 1u << 10, ng = 1u << 11, ap_user = 1u << 6, ap_ro = 1u << 7;
inline constexpr std::uint64_t dbm = 1ull << 51, pxn = 1ull << 53, uxn = 1ull << 54;
/// Read-write for both privileges, not global.
inline constexpr std::uint64_t rw_page = af | ng | ap_user;

/// The record's bytes as four words, for exact comparison.
inline event_record words(std::uint64_t w0, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                          std::uint64_t w3 = 0) {
    return {{w0, w1, w2, w3}};
}
/// Word 0 without SubstreamID.
constexpr std::uint64_t head(std::uint64_t id, std::uint64_t sid) { return id | sid << 32; }
/// Word 0 with SSV=1.
constexpr std::uint64_t head(std::uint64_t id, std::uint64_t sid, std::uint64_t ssid) {
    return id | 1u << 11 | ssid << 12 | sid << 32;
}
// Word 1 of faults.
inline constexpr std::uint64_t s2_fault = 1ull << 39, ttrnw = 1ull << 44;
inline constexpr std::uint64_t pnu = 1ull << 33, ind = 1ull << 34, rnw = 1ull << 35,
                               class_tt = 1ull << 40, class_in = 2ull << 40;

}  // namespace drydock::smmu::test
