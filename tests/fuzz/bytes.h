// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#define DRYDOCK_FUZZ_EXPECT(condition)                                           \
    do {                                                                         \
        if (!(condition)) {                                                      \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                        \
        }                                                                        \
    } while (false)

namespace drydock::fuzz {

/// The input, consumed from its start; zeros when it is used up.
class bytes {
public:
    bytes(const std::uint8_t* data, std::size_t size) : left_(data, size) {}
    bool empty() const { return left_.empty(); }
    std::uint64_t take(unsigned n) {
        std::uint64_t v = 0;
        for (unsigned i = 0; i < n && !left_.empty(); ++i, left_ = left_.subspan(1))
            v |= std::uint64_t{left_.front()} << 8 * i;
        return v;
    }

private:
    std::span<const std::uint8_t> left_;
};

}  // namespace drydock::fuzz
