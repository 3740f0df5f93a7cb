// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace drydock::endpoint {

/// Which function of a device decodes an address: ranges of BARs, found in O(log n).
class address_map {
public:
    /// `count` equal pieces of `piece` bytes from `first` on: the n-th belongs to function
    /// owner + n. A BAR of a function is one piece, a VF BAR one for each virtual function.
    struct range {
        std::uint64_t first = 0;
        std::uint64_t piece = 0;  ///< a power of two
        std::uint64_t count = 1;
        std::uint32_t owner = 0;
    };

    void clear() { ranges_.clear(); }
    void add(const range& r) { ranges_.push_back(r); }
    /// After the last add(). Where ranges overlap the lower one wins (choice).
    void finish();
    std::optional<std::uint32_t> owner_of(std::uint64_t address) const;

private:
    struct piece {
        std::uint64_t first, last;  // decoded
        range of;
    };
    std::vector<range> ranges_;
    std::vector<piece> sorted_;
};

}  // namespace drydock::endpoint
