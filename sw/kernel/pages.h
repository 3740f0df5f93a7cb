// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sw/hal/host.h"

namespace drydock::sw {

/// Who owns which 4 KiB page of RAM. Single pages come back last in, first out, so that a page is
/// soon in other hands; runs of pages come from behind those used so far, searched anew from the
/// bottom when that is exhausted. Every allocation is a new owner: owner numbers in page events
/// count up from 1.
class page_allocator {
public:
    static constexpr u64 page_bytes = 4096;

    page_allocator(hal::dma_memory& memory, hal::observe& observe);

    /// Zeroed. @throws std::runtime_error when no such run is free
    phys_addr_t take(u32 count, std::string_view owner, hal::place_id who, hal::span_id span);
    /// @throws std::logic_error if one of them is not allocated
    void give(phys_addr_t at, u32 count, bool poison, hal::place_id who, hal::span_id span);
    u64 in_use() const { return in_use_; }

private:
    static constexpr u64 none = ~u64{0};
    bool used(u64 page) const { return (used_[page / 64] >> (page % 64)) & 1; }
    void mark(u64 first, u32 count, bool use);
    u64 recycled();
    u64 find(u64 from, u64 to, u32 count) const;
    void fill(u64 first, u32 count, u8 byte);
    void tell(u64 first, u32 count, u64 owner, std::string_view name, hal::place_id who,
              hal::span_id span);
    hal::text_id text(std::string_view name);

    hal::dma_memory& memory_;
    hal::observe& observe_;
    u64 base_;
    u64 pages_;
    std::vector<u64> used_;    ///< one bit per page
    std::vector<u64> recent_;  ///< freed single pages, newest at the back; some may be in use again
    std::unordered_map<std::string, hal::text_id> texts_;
    u64 fresh_ = 0;  ///< pages from here on were never handed out
    u64 in_use_ = 0;
    u64 owners_ = 0;
};

}  // namespace drydock::sw
