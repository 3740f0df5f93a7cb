// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/pages.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace drydock::sw {

page_allocator::page_allocator(hal::dma_memory& memory, hal::observe& observe)
    : memory_(memory),
      observe_(observe),
      base_(memory.ram_base()),
      pages_(memory.ram_bytes() / page_bytes),
      used_((pages_ + 63) / 64) {}

phys_addr_t page_allocator::take(u32 count, std::string_view owner, hal::place_id who,
                                 hal::span_id span) {
    if (count == 0)
        throw std::invalid_argument("pages: '" + std::string(owner) + "' asks for none");
    u64 first = count == 1 ? recycled() : none;
    if (first == none) first = find(fresh_, pages_, count);
    if (first == none) first = find(0, pages_, count);
    if (first == none)
        throw std::runtime_error("pages: '" + std::string(owner) + "' asks for " +
                                 std::to_string(count) + " pages in a row, none such is free (" +
                                 std::to_string(in_use_) + " of " + std::to_string(pages_) +
                                 " in use); give the machine more RAM");
    mark(first, count, true);
    fresh_ = std::max(fresh_, first + count);
    tell(first, count, ++owners_, owner, who, span);
    fill(first, count, 0);
    return base_ + first * page_bytes;
}

void page_allocator::give(phys_addr_t at, u32 count, bool poison, hal::place_id who,
                          hal::span_id span) {
    const u64 first = (at - base_) / page_bytes;
    const bool inside = at >= base_ && at % page_bytes == 0 && first + count <= pages_;
    for (u64 p = first; inside && p < first + count; ++p)
        if (!used(p))
            throw std::logic_error("pages: page " + std::to_string(p) + " of RAM is freed twice");
    if (!inside)
        throw std::logic_error("pages: address " + std::to_string(at) + " is no page of RAM");
    if (poison) fill(first, count, 0xa5);
    mark(first, count, false);
    if (count == 1) recent_.push_back(first);
    tell(first, count, 0, {}, who, span);
}

u64 page_allocator::recycled() {
    while (!recent_.empty()) {
        const u64 page = recent_.back();
        recent_.pop_back();
        if (!used(page)) return page;
    }
    return none;
}

u64 page_allocator::find(u64 from, u64 to, u32 count) const {
    u64 run = 0;
    for (u64 p = from; p < to; ++p) {
        run = used(p) ? 0 : run + 1;
        if (run == count) return p + 1 - count;
    }
    return none;
}

void page_allocator::mark(u64 first, u32 count, bool use) {
    for (u64 p = first; p < first + count; ++p) used_[p / 64] ^= u64{1} << (p % 64);
    in_use_ = use ? in_use_ + count : in_use_ - count;
}

void page_allocator::fill(u64 first, u32 count, u8 byte) {
    std::array<u8, page_bytes> page;
    page.fill(byte);
    for (u32 i = 0; i < count; ++i)
        memory_.write(base_ + (first + i) * page_bytes, page.data(), page.size(), 0);
}

void page_allocator::tell(u64 first, u32 count, u64 owner, std::string_view name, hal::place_id who,
                          hal::span_id span) {
    if (!observe_.wants(hal::note::page)) return;
    observe_.emit(hal::note::page, who, span, base_ + first * page_bytes, owner, count,
                  name.empty() ? 0 : text(name));
}

hal::text_id page_allocator::text(std::string_view name) {
    const auto [at, fresh] = texts_.try_emplace(std::string(name), 0);
    if (fresh) at->second = observe_.text(name);
    return at->second;
}

}  // namespace drydock::sw
