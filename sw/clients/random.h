// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sw/hal/types.h"

namespace drydock::sw {

/// A client's own stream of random numbers: counter-based, from the run's seed and the client's
/// name, so that clients do not disturb each other.
class random_stream {
public:
    random_stream(u64 seed, std::string_view name) : key_(mix(seed ^ hash(name))) {}

    u64 next() { return mix(key_ + ++count_ * 0x9e37'79b9'7f4a'7c15); }
    /// Uniform in [0, n). @pre 0 < n <= 2^32. The bias is below n / 2^64.
    u64 below(u64 n) {
        const u64 r = next(), high = r >> 32,
                  low = r & 0xffff'ffff;  // high half of r * n for n < 2^32
        return (high * n + (low * n >> 32)) >> 32;
    }

private:
    static u64 mix(u64 z) {  // splitmix64's finaliser
        z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
        return z ^ z >> 31;
    }
    static u64 hash(std::string_view s) {  // FNV-1a
        u64 h = 0xcbf2'9ce4'8422'2325;
        for (const char c : s) h = (h ^ static_cast<u8>(c)) * 0x100'0000'01b3;
        return h;
    }
    u64 key_;
    u64 count_ = 0;
};

}  // namespace drydock::sw
