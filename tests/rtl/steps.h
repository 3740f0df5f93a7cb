// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace drydock::test {

/// Steps of a random sequence; its seed repeats it.
class steps {
public:
    explicit steps(std::uint64_t seed) : state_(seed * 2 + 1) {}
    /// 0..n-1
    std::uint32_t below(std::uint32_t n) {
        state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
        return static_cast<std::uint32_t>(((state_ >> 32) * n) >> 32);
    }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    /// A number of n bits, each set with a chance of one in `sparse`.
    std::uint32_t bits(unsigned n, std::uint32_t sparse) {
        std::uint32_t v = 0;
        for (unsigned i = 0; i < n; ++i) v |= (one_in(sparse) ? 1u : 0u) << i;
        return v;
    }

private:
    std::uint64_t state_;
};

}  // namespace drydock::test
