// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/timeline.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace drydock::base {
namespace {

constexpr unsigned phase_shift = 62;
constexpr unsigned rank_shift = 40;
constexpr std::uint64_t seq_mask = (std::uint64_t{1} << rank_shift) - 1;
constexpr std::uint32_t max_clients = 1u << (phase_shift - rank_shift);
constexpr std::uint32_t gone = UINT32_MAX;

std::uint32_t rank_of(std::uint64_t key) {
    return static_cast<std::uint32_t>((key >> rank_shift) & (max_clients - 1));
}

}  // namespace

timeline::timeline() {
    heap_.reserve(1024);
    slots_.reserve(1024);
    free_slots_.reserve(1024);
}

timeline::client_id timeline::join(std::string_view name, timeline_client& client) {
    if (sealed_)
        throw std::logic_error("timeline: '" + std::string(name) + "' joins after the seal");
    if (members_.size() == max_clients) throw std::logic_error("timeline: too many clients");
    const auto id = static_cast<client_id>(members_.size());
    members_.push_back({std::string(name), &client, id});
    by_rank_.push_back(&client);
    return id;
}

void timeline::seal() {
    if (sealed_) return;
    std::vector<client_id> order(members_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(),
              [&](client_id a, client_id b) { return members_[a].name < members_[b].name; });
    for (std::size_t r = 0; r < order.size(); ++r) {
        if (r > 0 && members_[order[r]].name == members_[order[r - 1]].name)
            throw std::logic_error("timeline: two clients are named '" + members_[order[r]].name +
                                   "'");
        members_[order[r]].rank = static_cast<std::uint32_t>(r);
        by_rank_[r] = members_[order[r]].client;
    }
    // Records pushed so far carry the client's id where the rank belongs.
    std::vector<record> early;
    early.swap(heap_);
    heap_.reserve(std::max<std::size_t>(1024, early.capacity()));
    for (record& r : early) {
        const std::uint64_t rank = members_[rank_of(r.key)].rank;
        r.key = (r.key & ~(std::uint64_t{max_clients - 1} << rank_shift)) | (rank << rank_shift);
        heap_.push_back(r);
        sift_up(heap_.size() - 1, r);
    }
    sealed_ = true;
}

timeline::handle timeline::at(ps when, phase p, client_id client, std::uint64_t op) {
    std::uint32_t s;
    if (free_slots_.empty()) {
        s = static_cast<std::uint32_t>(slots_.size());
        slots_.push_back({gone, 0});
        free_slots_.reserve(slots_.capacity());
    } else {
        s = free_slots_.back();
        free_slots_.pop_back();
    }
    const std::uint64_t key = (static_cast<std::uint64_t>(p) << phase_shift) |
                              (std::uint64_t{members_[client].rank} << rank_shift) |
                              (seq_++ & seq_mask);
    const record r{when, key, op, s};
    heap_.push_back(r);
    sift_up(heap_.size() - 1, r);
    if (driver_ != nullptr && slots_[s].position == 0) driver_->earlier(when);
    return {s, slots_[s].generation};
}

bool timeline::pending(handle h) const {
    return h && slots_[h.slot].generation == h.generation && slots_[h.slot].position != gone;
}

bool timeline::cancel(handle& h) {
    const bool was_pending = pending(h);
    if (was_pending) remove_at(slots_[h.slot].position);
    h = {};
    return was_pending;
}

void timeline::advance(ps t) {
    if (t > now_) now_ = t;
}

void timeline::set_ticker(ticker* t, std::uint32_t every) {
    ticker_ = t;
    tick_every_ = every;
    next_tick_ = t != nullptr ? records_run_ + every : UINT64_MAX;
}

bool timeline::run_due() {
    while (!paused_ && !stopped_ && !heap_.empty() && heap_.front().time <= now_) dispatch_front();
    return !paused_ && !stopped_;
}

void timeline::run(ps until) {
    seal();
    while (!stopped_ && !heap_.empty() && heap_.front().time <= until) {
        advance(heap_.front().time);
        dispatch_front();
    }
    if (!stopped_ && until != never) advance(until);
}

void timeline::dispatch_front() {
    const record r = heap_.front();
    remove_at(0);
    ++records_run_;
    by_rank_[rank_of(r.key)]->on_time(r.op);
    if (records_run_ >= next_tick_) {
        next_tick_ += tick_every_;
        ticker_->tick(records_run_);
    }
}

void timeline::remove_at(std::size_t i) {
    slot& s = slots_[heap_[i].slot];
    s.position = gone;
    ++s.generation;
    free_slots_.push_back(heap_[i].slot);
    const record last = heap_.back();
    heap_.pop_back();
    if (i == heap_.size()) return;
    if (i > 0 && before(last, heap_[(i - 1) / 4]))
        sift_up(i, last);
    else
        sift_down(i, last);
}

void timeline::sift_up(std::size_t i, record r) {
    while (i > 0) {
        const std::size_t parent = (i - 1) / 4;
        if (!before(r, heap_[parent])) break;
        place(i, heap_[parent]);
        i = parent;
    }
    place(i, r);
}

void timeline::sift_down(std::size_t i, record r) {
    const std::size_t n = heap_.size();
    for (std::size_t child = 4 * i + 1; child < n; child = 4 * i + 1) {
        std::size_t least = child;
        const std::size_t end = std::min(child + 4, n);
        for (std::size_t c = child + 1; c < end; ++c)
            if (before(heap_[c], heap_[least])) least = c;
        if (!before(heap_[least], r)) break;
        place(i, heap_[least]);
        i = least;
    }
    place(i, r);
}

}  // namespace drydock::base
