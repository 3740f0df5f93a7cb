// SPDX-License-Identifier: Apache-2.0
#include "tlm/system/memory.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "tlm/base/timeline_kernel.h"

namespace drydock::system {

memory::memory(sc_core::sc_module_name name, base::context& ctx, const memory_config& config)
    : sc_module(name),
      socket("socket"),
      ctx_(ctx),
      config_(config),
      place_(ctx.probe.place(this->name())) {
    if (config.bytes == 0 || config.base.value % page_bytes != 0 || config.bytes % page_bytes != 0)
        throw std::invalid_argument(std::string(this->name()) +
                                    ": base and size must be multiples of 4 KiB, size > 0");
    if (config.bytes > UINT64_MAX - config.base.value)
        throw std::invalid_argument(std::string(this->name()) +
                                    ": ends beyond the 64-bit address space");
    if (config.bytes_per_second != 0)
        byte_time_ = static_cast<std::int64_t>((std::uint64_t{1'000'000'000'000} << 16) /
                                               config.bytes_per_second);
    chunks_.resize((config.bytes / page_bytes + chunk_pages - 1) / chunk_pages);
    socket.bind(*this);
}

memory::~memory() = default;

memory::chunk& memory::chunk_of(std::uint64_t page_index) {
    auto& c = chunks_[page_index / chunk_pages];
    if (!c) c = std::make_unique<chunk>();
    return *c;
}

std::uint8_t memory::flags_of(std::uint64_t page_index) const {
    const auto& c = chunks_[page_index / chunk_pages];
    return c ? c->flags[page_index % chunk_pages] : 0;
}

bool memory::any_flag(base::phys_addr at, std::uint64_t bytes, flag f) const {
    if (bytes == 0) return false;
    const std::uint64_t last = page_number(base::phys_addr{at.value + bytes - 1});
    for (std::uint64_t p = page_number(at); p <= last; ++p)
        if ((flags_of(p) & f) != 0) return true;
    return false;
}

void memory::flag_pages(base::phys_addr at, std::uint64_t bytes, flag f, bool on) {
    if (!contains(at, bytes) || bytes == 0)
        throw std::out_of_range(std::string(name()) + ": range outside the memory");
    const std::uint64_t last = page_number(base::phys_addr{at.value + bytes - 1});
    for (std::uint64_t p = page_number(at); p <= last; ++p) {
        std::uint8_t& flags = chunk_of(p).flags[p % chunk_pages];
        flags = static_cast<std::uint8_t>(on ? flags | f : flags & ~f);
    }
}

void memory::poison(base::phys_addr at, std::uint64_t bytes) {
    flag_pages(at, bytes, poisoned, true);
}
void memory::cure(base::phys_addr at, std::uint64_t bytes) {
    flag_pages(at, bytes, poisoned, false);
}

void memory::watch(write_observer& o, base::phys_addr at) {
    flag_pages(at, 1, watched, true);
    observers_[page_number(at)].push_back(&o);
}

void memory::unwatch(write_observer& o, base::phys_addr at) {
    const auto found = observers_.find(page_number(at));
    if (found == observers_.end()) return;
    auto& list = found->second;
    const auto one = std::find(list.begin(), list.end(), &o);
    if (one != list.end()) list.erase(one);
    if (list.empty())
        flag_pages(at, 1, watched, false);  // the entry stays: its page will be watched again
}

void memory::tell(base::phys_addr at, std::uint64_t bytes) {
    if (bytes == 0) return;
    const std::uint64_t end = at.value + bytes;
    for (std::uint64_t a = at.value; a < end;) {
        const std::uint64_t stop = std::min(end, (a / page_bytes + 1) * page_bytes);
        const std::uint64_t p = page_number(base::phys_addr{a});
        if ((flags_of(p) & watched) != 0) {
            auto& list = observers_.at(p);
            for (std::size_t i = 0; i < list.size(); ++i) {
                write_observer* const o = list[i];
                o->written(base::phys_addr{a}, static_cast<unsigned>(stop - a));
                // An observer may stop watching from inside its call.
                if (i < list.size() && list[i] != o) --i;
            }
        }
        a = stop;
    }
}

void memory::copy_out(base::phys_addr at, std::uint8_t* to, std::uint64_t bytes) const {
    std::uint64_t a = at.value - config_.base.value;
    while (bytes > 0) {
        const std::uint64_t n = std::min(bytes, page_bytes - a % page_bytes);
        const std::uint64_t p = a / page_bytes;
        const auto& c = chunks_[p / chunk_pages];
        if (c && c->pages[p % chunk_pages])
            std::memcpy(to, c->pages[p % chunk_pages]->data() + a % page_bytes, n);
        else
            std::memset(to, 0, n);
        a += n, to += n, bytes -= n;
    }
}

void memory::copy_in(base::phys_addr at, const std::uint8_t* from, std::uint64_t bytes) {
    std::uint64_t a = at.value - config_.base.value;
    while (bytes > 0) {
        const std::uint64_t n = std::min(bytes, page_bytes - a % page_bytes);
        const std::uint64_t p = a / page_bytes;
        auto& slot = chunk_of(p).pages[p % chunk_pages];
        if (!slot) {
            slot = std::make_unique<page>();
            ++pages_;
        }
        std::memcpy(slot->data() + a % page_bytes, from, n);
        a += n, from += n, bytes -= n;
    }
}

void memory::read(base::phys_addr at, void* to, std::size_t bytes) const {
    if (!contains(at, bytes))
        throw std::out_of_range(std::string(name()) + ": read outside the memory");
    copy_out(at, static_cast<std::uint8_t*>(to), bytes);
}

void memory::write(base::phys_addr at, const void* from, std::size_t bytes) {
    if (!contains(at, bytes))
        throw std::out_of_range(std::string(name()) + ": write outside the memory");
    copy_in(at, static_cast<const std::uint8_t*>(from), bytes);
    tell(at, bytes);
}

}  // namespace drydock::system
