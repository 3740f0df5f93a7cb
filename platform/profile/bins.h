// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "tlm/base/time.h"

namespace drydock::profile {

/// Bins of durations on a logarithmic scale: 2^bits of them to a factor of two, so a bin is at most
/// 2^-bits of its value wide; values below 2^(bits + 1) ps have a bin each.
struct scale {
    unsigned bits;

    constexpr std::uint32_t bin(base::ps t) const {
        const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(t.count, 0));
        const unsigned octave = static_cast<unsigned>(std::bit_width(v));
        if (octave <= bits + 1) return static_cast<std::uint32_t>(v);
        const unsigned shift = octave - bits - 1;
        return static_cast<std::uint32_t>((std::uint64_t{shift} << bits) + (v >> shift));
    }
    /// The smallest duration of a bin.
    constexpr base::ps lowest(std::uint32_t bin) const {
        if (bin < (2u << bits)) return base::ps{bin};
        const unsigned shift = (bin >> bits) - 1;
        const std::uint64_t v = ((std::uint64_t{1} << bits) + (bin & ((1u << bits) - 1)));
        return base::ps{static_cast<std::int64_t>(v << shift)};
    }
};

/// How often each bin was met; sorted by bin.
class tally {
public:
    using entry = std::pair<std::uint32_t, std::uint64_t>;  ///< bin, count

    void add(std::uint32_t bin, std::uint64_t n = 1) {
        const auto at = std::lower_bound(entries_.begin(), entries_.end(), entry{bin, 0});
        if (at != entries_.end() && at->first == bin)
            at->second += n;
        else
            entries_.insert(at, {bin, n});
    }
    void add(const tally& other) {
        for (const auto& [bin, n] : other.entries_) add(bin, n);
    }
    const std::vector<entry>& entries() const { return entries_; }
    bool empty() const { return entries_.empty(); }
    void clear() { entries_.clear(); }

private:
    std::vector<entry> entries_;
};

/// Columns of equal length from time 0 on, however long the run gets: when it outgrows them, each
/// two become one. At least half of them are in use once the run is long enough.
/// @tparam Column has add(const Column&) and clear()
template <class Column>
class columns {
public:
    /// @param n even
    explicit columns(std::size_t n) : columns_(n) {}

    Column& at(base::ps t) {
        while (index(t) >= columns_.size()) fold();
        used_ = std::max(used_, index(t) + 1);
        return columns_[index(t)];
    }
    std::size_t index(base::ps t) const { return static_cast<std::size_t>(t / width_); }
    base::ps width() const { return width_; }
    std::size_t used() const { return used_; }
    const Column& operator[](std::size_t i) const { return columns_[i]; }

private:
    void fold() {
        for (std::size_t i = 0; i < columns_.size() / 2; ++i) {
            if (i != 0) {
                columns_[i].clear();
                columns_[i].add(columns_[2 * i]);
            }
            columns_[i].add(columns_[2 * i + 1]);
        }
        for (std::size_t i = columns_.size() / 2; i < columns_.size(); ++i) columns_[i].clear();
        used_ = (used_ + 1) / 2;
        width_ = width_ * 2;
    }
    std::vector<Column> columns_;
    base::ps width_{1'000'000};
    std::size_t used_ = 0;
};

/// Time that something lasted, within a column.
struct busy {
    base::ps time{};
    void add(const busy& other) { time += other.time; }
    void clear() { time = {}; }
};

/// Spreads an interval over the columns that it covers.
inline void add_interval(columns<busy>& to, base::ps from, base::ps until) {
    if (until <= from) return;
    to.at(until - base::ps{1});  // before the first is asked for: it may fold
    while (from < until) {
        const base::ps edge = to.width() * static_cast<std::int64_t>(to.index(from) + 1);
        const base::ps here = std::min(edge, until);
        to.at(from).time += here - from;
        from = here;
    }
}

}  // namespace drydock::profile
