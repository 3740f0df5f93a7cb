// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace drydock::base {

/// FNV-1a, 64 bit.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325u) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
}

/// A counter-based random stream: draw n depends on (seed, hierarchical name, purpose, n) only, so
/// adding a component, a sink or a fidelity changes no other stream.
class rng {
public:
    rng(std::uint64_t seed, std::string_view hierarchical_name, std::string_view purpose = "")
        : key_(mix(seed ^ fnv1a(purpose, fnv1a(hierarchical_name)))) {}

    /// Uniform over 64 bits.
    std::uint64_t next() { return mix(key_ + 0x9e3779b97f4a7c15u * ++counter_); }
    /// Uniform in [0, n). @pre n > 0. Bias below n/2^64.
    std::uint64_t below(std::uint64_t n) {
        return static_cast<std::uint64_t>((static_cast<wide>(next()) * n) >> 64);
    }
    /// True with probability numerator/denominator.
    bool chance(std::uint64_t numerator, std::uint64_t denominator) {
        return below(denominator) < numerator;
    }

private:
    __extension__ using wide = unsigned __int128;
    static constexpr std::uint64_t mix(std::uint64_t z) {  // finaliser of SplitMix64
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    std::uint64_t key_;
    std::uint64_t counter_ = 0;
};

}  // namespace drydock::base
