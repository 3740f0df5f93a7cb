// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <new>

#include "tests/bench/measure.h"

namespace {
std::uint64_t allocation_count = 0;
}

// Counted replacements of the global allocation functions; in a file of their own, so that none of
// a pair is inlined without the other.
void* operator new(std::size_t bytes) {
    ++allocation_count;
    if (void* p = std::malloc(bytes)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace drydock::bench {

std::uint64_t allocations() { return allocation_count; }

}  // namespace drydock::bench
