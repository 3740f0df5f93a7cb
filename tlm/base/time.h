// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace drydock::base {

/// Simulated time or a span of it in whole picoseconds. Range: +-9.2e18 ps (106 days).
struct ps {
    std::int64_t count = 0;

    constexpr ps() = default;
    constexpr explicit ps(std::int64_t value) : count(value) {}

    friend constexpr auto operator<=>(ps, ps) = default;
    friend constexpr ps operator+(ps a, ps b) { return ps{a.count + b.count}; }
    friend constexpr ps operator-(ps a, ps b) { return ps{a.count - b.count}; }
    friend constexpr ps operator*(ps a, std::int64_t n) { return ps{a.count * n}; }
    friend constexpr ps operator*(std::int64_t n, ps a) { return ps{a.count * n}; }
    friend constexpr std::int64_t operator/(ps a, ps b) { return a.count / b.count; }
    friend constexpr ps operator/(ps a, std::int64_t n) { return ps{a.count / n}; }
    friend constexpr ps operator%(ps a, ps b) { return ps{a.count % b.count}; }
    constexpr ps& operator+=(ps b) {
        count += b.count;
        return *this;
    }
    constexpr ps& operator-=(ps b) {
        count -= b.count;
        return *this;
    }
};

/// The instant that never comes.
inline constexpr ps never{INT64_MAX};

namespace literals {
constexpr ps operator""_ps(unsigned long long v) { return ps{static_cast<std::int64_t>(v)}; }
constexpr ps operator""_ns(unsigned long long v) {
    return ps{static_cast<std::int64_t>(v) * 1'000};
}
constexpr ps operator""_us(unsigned long long v) {
    return ps{static_cast<std::int64_t>(v) * 1'000'000};
}
constexpr ps operator""_ms(unsigned long long v) {
    return ps{static_cast<std::int64_t>(v) * 1'000'000'000};
}
constexpr ps operator""_s(unsigned long long v) {
    return ps{static_cast<std::int64_t>(v) * 1'000'000'000'000};
}
}  // namespace literals

/// A number of cycles of some clock.
struct cycles {
    std::int64_t count = 0;
    friend constexpr auto operator<=>(cycles, cycles) = default;
};

/// A clock whose edges lie at whole multiples of its period, counted from time 0.
class clock_domain {
public:
    /// @param period length of a cycle, > 0
    constexpr explicit clock_domain(ps period) : period_(period) {}

    constexpr ps period() const { return period_; }
    constexpr ps to_time(cycles n) const { return ps{period_.count * n.count}; }

    /// The first edge strictly after t: an input that arrives at an edge is sampled at the next.
    constexpr ps next_edge(ps t) const { return ps{(t.count / period_.count + 1) * period_.count}; }
    /// The first edge at or after t.
    constexpr ps edge_at_or_after(ps t) const {
        return ps{(t.count + period_.count - 1) / period_.count * period_.count};
    }

private:
    ps period_;
};

/// Time in 2^-16 ps, for serialisers whose unit is no whole picosecond (24 B at gen6 x32 last
/// 101.7 ps). Range as ps; rounds only when it hands over.
class fine_time {
public:
    constexpr fine_time() = default;
    static constexpr fine_time from(ps t) { return fine_time{wide{t.count} << 16}; }
    static constexpr fine_time raw(std::int64_t value) { return fine_time{value}; }
    /// @pre of less than 140 s
    constexpr std::int64_t raw() const { return static_cast<std::int64_t>(raw_); }
    /// Rounded to the nearest picosecond.
    constexpr ps rounded() const { return ps{static_cast<std::int64_t>((raw_ + (1 << 15)) >> 16)}; }

    /// The next whole multiple of `step`, or this if it is one.
    constexpr fine_time up_to(fine_time step) const {
        return fine_time{(raw_ + step.raw_ - 1) / step.raw_ * step.raw_};
    }

    friend constexpr auto operator<=>(fine_time, fine_time) = default;
    friend constexpr fine_time operator+(fine_time a, fine_time b) {
        return fine_time{a.raw_ + b.raw_};
    }
    friend constexpr fine_time operator-(fine_time a, fine_time b) {
        return fine_time{a.raw_ - b.raw_};
    }
    friend constexpr fine_time operator*(fine_time a, std::int64_t n) {
        return fine_time{a.raw_ * n};
    }

private:
    __extension__ using wide = __int128;  // 64 bits would hold the first 140 s of a run
    constexpr explicit fine_time(wide v) : raw_(v) {}
    wide raw_ = 0;
};

}  // namespace drydock::base
