// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/link_timing.h"

#include <array>
#include <numeric>
#include <stdexcept>
#include <string>

namespace drydock::pcie {
namespace {

/// Raw fine_time (2^-16 ps) per byte and lane, as a fraction.
struct lane_rate {
    std::int64_t numerator, denominator;
};
constexpr std::int64_t ns = std::int64_t{1000} << 16;

// PCIe: raw bytes/ns/lane 0.25, 0.5, 8/8 x 128/130 and its doubles, gen6 8 x 236/256.
constexpr std::array<lane_rate, 6> lane_rates{{
    {ns * 4, 1},
    {ns * 2, 1},
    {ns * 130, 128},
    {ns * 65, 128},
    {ns * 65, 256},
    {ns * 8, 59},
}};

// SKP: 4 symbols per 1538 (PCIe).
constexpr std::int64_t skp_interval = 1538, skp_symbols = 4;
constexpr std::int64_t dllp_symbols = 8;

// REPLAY_TIMER from 16 GT/s on, without Extended Synch: 24,000 to 31,000 symbol times (PCIe).
constexpr std::int64_t simplified_replay_symbols = 24'000;

/// Symbol times of PCIe: 4 and 2 ns, from gen3 on 8 bit times of a lane with its line code.
base::ps symbols(unsigned gen, std::int64_t n) {
    const lane_rate lane = lane_rates[gen - 1];
    return base::fine_time::raw(n * lane.numerator / lane.denominator).rounded();
}

unsigned ack_factor_tenths(unsigned width, unsigned max_payload) {  // table of PCIe
    const bool small = max_payload <= 256;
    if (width <= 4) return small ? 14 : 10;
    if (width <= 8) return small ? 25 : 10;
    return small ? 30 : 20;
}

}  // namespace

void check_link(unsigned gen, unsigned width) {
    if (gen < 1 || gen > 6)
        throw std::invalid_argument("link generation " + std::to_string(gen) +
                                    " does not exist; 1..6 do");
    for (const unsigned w : {1u, 2u, 4u, 8u, 12u, 16u, 32u})
        if (w == width) return;
    throw std::invalid_argument("link width x" + std::to_string(width) +
                                " does not exist; x1, x2, x4, x8, x12, x16 and x32 do");
}

unsigned ack_limit_symbols(unsigned gen, unsigned width, unsigned max_payload) {
    const unsigned internal_delay = gen == 1 ? 19 : gen == 2 ? 70 : 115;
    return (max_payload + 28) * ack_factor_tenths(width, max_payload) / (10 * width) +
           internal_delay;
}

base::ps ack_limit(unsigned gen, unsigned width, unsigned max_payload) {
    return symbols(gen, ack_limit_symbols(gen, width, max_payload));
}

base::ps replay_timeout(unsigned gen, unsigned width, unsigned max_payload) {
    return symbols(gen, gen <= 3 ? 3 * std::int64_t{ack_limit_symbols(gen, width, max_payload)}
                                 : simplified_replay_symbols);
}

serial_rate::serial_rate(unsigned gen, unsigned width, unsigned max_payload,
                         dllp_accounting accounting) {
    check_link(gen, width);
    const lane_rate lane = lane_rates[gen - 1];
    numerator_ = lane.numerator;
    denominator_ = lane.denominator * width;
    if (accounting == dllp_accounting::mechanistic) {
        numerator_ *= skp_interval;
        denominator_ *= skp_interval - skp_symbols;
    } else if (accounting == dllp_accounting::pcie_bench) {
        // 1 - 8/limit - 8/limit - 4/1538 of the raw rate is left
        const std::int64_t limit = ack_limit_symbols(gen, width, max_payload);
        numerator_ *= skp_interval * limit;
        denominator_ *= (skp_interval - skp_symbols) * limit - 2 * dllp_symbols * skp_interval;
    }
    const std::int64_t common = std::gcd(numerator_, denominator_);
    numerator_ /= common;
    denominator_ /= common;
}

}  // namespace drydock::pcie
