// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include "sw/kernel/costs.h"

namespace drydock::sw {

/// The instants at which a poll loop with doubling back-off looks, as offsets from its first look,
/// without executing it. A round is `spins` + 1 looks one (look + relax) apart, then a udelay of
/// first << round: look k = round * (spins + 1) + step begins at round * (spins * (look + relax) +
/// look) + first * (2^round - 1)
/// + step * (look + relax).
struct poll_grid {
    hal::duration look{};  ///< how long one look holds the CPU
    hal::duration relax{};
    hal::duration first{};  ///< first udelay; 0: relax only, for ever
    u32 spins = 0;

    struct point {
        u64 index = 0;
        hal::duration at{};
    };

    /// @throws std::invalid_argument if looks would follow each other without time passing
    void check() const {
        if (look + (spins > 0 || first.count() == 0 ? relax : first) <= hal::duration::zero() ||
            relax.count() < 0)
            throw std::invalid_argument("poll: a loop whose looks take no time never ends");
    }
    /// The first look at or after t. O(log(t / first)).
    point at_or_after(hal::duration t) const {
        if (t <= hal::duration::zero()) return {};
        const hal::duration step = look + relax;
        if (first.count() == 0) return line(0, {}, steps_to(t, step), step);
        const hal::duration fixed = step * spins + look;
        hal::duration begin{};
        for (u64 round = 0;; ++round) {
            const hal::duration last = begin + step * spins;
            if (t <= last) return line(round * (spins + 1), begin, steps_to(t - begin, step), step);
            begin += fixed + first * (std::int64_t{1} << round);
            if (t <= begin) return {(round + 1) * (spins + 1), begin};
        }
    }
    /// The last look before t, or at t. @pre t >= 0
    point at_or_before(hal::duration t) const {
        const point next = at_or_after(t);
        if (next.at == t || next.index == 0) return next;
        return at_index(next.index - 1);
    }
    point at_index(u64 index) const {
        const hal::duration step = look + relax;
        if (first.count() == 0) return line(0, {}, static_cast<std::int64_t>(index), step);
        const u64 round = index / (spins + 1);
        const hal::duration begin = (step * spins + look) * static_cast<std::int64_t>(round) +
                                    first * ((std::int64_t{1} << round) - 1);
        return {index, begin + step * static_cast<std::int64_t>(index % (spins + 1))};
    }

private:
    static std::int64_t steps_to(hal::duration t, hal::duration step) {
        if (t <= hal::duration::zero()) return 0;
        return (t.count() + step.count() - 1) / step.count();
    }
    static point line(u64 index, hal::duration begin, std::int64_t steps, hal::duration step) {
        return {index + static_cast<u64>(steps), begin + step * steps};
    }
};

}  // namespace drydock::sw
