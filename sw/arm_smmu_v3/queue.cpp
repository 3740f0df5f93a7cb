// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/queue.h"

namespace drydock::sw {

namespace {
constexpr u64 page = 4096;
constexpr hal::duration ratelimit_interval = 5000ms;
constexpr u32 ratelimit_burst = 10;
}  // namespace

phys_addr_t alloc_aligned(kernel& k, u64 bytes, u64 align, std::string_view owner) {
    const u64 pages = (bytes + page - 1) / page;
    if (align <= page) return k.alloc_pages(static_cast<u32>(pages), owner);
    const u64 spare = align / page - 1;
    const phys_addr_t raw = k.alloc_pages(static_cast<u32>(pages + spare), owner);
    const phys_addr_t start = (raw + align - 1) / align * align;
    if (start > raw) k.free_pages(raw, static_cast<u32>((start - raw) / page));
    const phys_addr_t end = start + pages * page, raw_end = raw + (pages + spare) * page;
    if (raw_end > end) k.free_pages(end, static_cast<u32>((raw_end - end) / page));
    return start;
}

bool ratelimit::allow(hal::time_point now) {
    if (!started_ || now - begin_ > ratelimit_interval) {
        started_ = true;
        begin_ = now;
        printed_ = 0;
    }
    return printed_++ < ratelimit_burst;
}

}  // namespace drydock::sw
