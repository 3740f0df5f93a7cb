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
constexpr std::uint32_t none = UINT32_MAX;

constexpr std::uint64_t rank_mask = std::uint64_t{max_clients - 1} << rank_shift;

/// The one of up to four siblings that is due first. All four are there nearly always: compared in
/// pairs, without a branch that depends on their times.
template <class Record>
std::size_t least_child(const Record* heap, std::size_t first, std::size_t size) {
    if (first + 4 <= size) {
        const std::size_t a = first + (heap[first + 1].when < heap[first].when ? 1 : 0);
        const std::size_t b = first + (heap[first + 3].when < heap[first + 2].when ? 3 : 2);
        return heap[b].when < heap[a].when ? b : a;
    }
    std::size_t least = first;
    for (std::size_t c = first + 1; c < size; ++c)
        if (heap[c].when < heap[least].when) least = c;
    return least;
}

}  // namespace

std::uint32_t timeline::record::rank() const {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(when) & rank_mask) >> rank_shift);
}

timeline::timeline() : heap_(1024) { slots_.reserve(1024); }

timeline::client_id timeline::join(std::string_view name, timeline_client& client) {
    if (sealed_)
        throw std::logic_error("timeline: '" + std::string(name) + "' joins after the seal");
    if (members_.size() == max_clients) throw std::logic_error("timeline: too many clients");
    const auto id = static_cast<client_id>(members_.size());
    members_.push_back({std::string(name), &client});
    by_rank_.push_back(&client);
    rank_of_.push_back(std::uint64_t{id} << rank_shift);
    return id;
}

void timeline::seal() {
    if (sealed_) return;
    std::vector<client_id> by_name(members_.size());
    std::iota(by_name.begin(), by_name.end(), 0u);
    std::sort(by_name.begin(), by_name.end(),
              [&](client_id a, client_id b) { return members_[a].name < members_[b].name; });
    for (std::size_t r = 0; r < by_name.size(); ++r) {
        if (r > 0 && members_[by_name[r]].name == members_[by_name[r - 1]].name)
            throw std::logic_error("timeline: two clients are named '" + members_[by_name[r]].name +
                                   "'");
        rank_of_[by_name[r]] = std::uint64_t{r} << rank_shift;
        by_rank_[r] = members_[by_name[r]].client;
    }
    // Records pushed so far carry the client's id where the rank belongs.
    for (std::size_t i = 0; i < size_; ++i) {
        const record r = heap_[i];
        sift_up(i, (r.when & ~order{rank_mask}) | rank_of_[r.rank()], r.op, r.slot);
    }
    sealed_ = true;
}

timeline::handle timeline::at(ps when, phase p, client_id client, std::uint64_t op) {
    const std::uint32_t s = take_slot();
    const std::uint64_t key =
        (static_cast<std::uint64_t>(p) << phase_shift) | rank_of_[client] | (seq_++ & seq_mask);
    const order due = order{static_cast<std::uint64_t>(when.count)} << 64 | key;
    std::size_t place;
    if (hole_) {
        hole_ = false;
        place = sift_down(0, due, op, s);
    } else {
        if (size_ == heap_.size()) grow();
        place = sift_up(size_++, due, op, s);
    }
    if (place == 0 && driver_ != nullptr) driver_->earlier(when);
    return {s, slots_[s].generation};
}

std::uint32_t timeline::take_slot() {
    if (free_slot_ == none) {
        slots_.push_back({none, 0, true});
        return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t s = free_slot_;
    free_slot_ = slots_[s].position;
    slots_[s].used = true;
    return s;
}

void timeline::give_slot(std::uint32_t s) {
    slots_[s] = {free_slot_, slots_[s].generation + 1, false};
    free_slot_ = s;
}

void timeline::grow() { heap_.resize(2 * heap_.size()); }

bool timeline::pending(handle h) const {
    return h && slots_[h.slot].generation == h.generation && slots_[h.slot].used;
}

bool timeline::cancel(handle& h) {
    const bool was_pending = pending(h);
    if (was_pending) {
        const std::size_t i = slots_[h.slot].position;
        give_slot(h.slot);
        fill_from_back(i);
    }
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

ps timeline::next() const {
    if (!hole_) return size_ == 0 ? never : heap_[0].time();
    ps earliest = never;
    for (std::size_t i = 1; i < std::min<std::size_t>(size_, 5); ++i)
        earliest = std::min(earliest, heap_[i].time());
    return earliest;
}

bool timeline::run_due() {
    close_hole();
    while (!paused_ && !stopped_ && size_ > 0 && heap_[0].time() <= now_) dispatch_front();
    return !paused_ && !stopped_;
}

void timeline::run(ps until) {
    seal();
    close_hole();
    while (!stopped_ && size_ > 0 && heap_[0].time() <= until) {
        advance(heap_[0].time());
        dispatch_front();
    }
    if (!stopped_ && until != never) advance(until);
}

/// Most records push another one: the place at the top stays free until it is known.
void timeline::dispatch_front() {
    const record& front = heap_[0];
    timeline_client& client = *by_rank_[front.rank()];
    const std::uint64_t op = front.op;
    give_slot(front.slot);
    hole_ = true;
    ++records_run_;
    client.on_time(op);
    close_hole();
    if (records_run_ >= next_tick_) {
        next_tick_ += tick_every_;
        ticker_->tick(records_run_);
    }
}

void timeline::close_hole() {
    if (!hole_) return;
    hole_ = false;
    fill_from_back(0);
}

/// Fills the free place i with the last record.
void timeline::fill_from_back(std::size_t i) {
    const record& last = heap_[--size_];
    if (i == size_) return;
    if (i > 0 && last.when < heap_[(i - 1) / 4].when)
        sift_up(i, last.when, last.op, last.slot);
    else
        sift_down(i, last.when, last.op, last.slot);
}

std::size_t timeline::sift_up(std::size_t i, order when, std::uint64_t op, std::uint32_t s) {
    while (i > 0) {
        const std::size_t parent = (i - 1) / 4;
        if (when >= heap_[parent].when) break;
        place(i, heap_[parent]);
        i = parent;
    }
    return place(i, {when, op, s});
}

std::size_t timeline::sift_down(std::size_t i, order when, std::uint64_t op, std::uint32_t s) {
    record* const heap = heap_.data();
    for (std::size_t child = 4 * i + 1; child < size_; child = 4 * i + 1) {
        const std::size_t least = least_child(heap, child, size_);
        if (heap[least].when >= when) break;
        place(i, heap[least]);
        i = least;
    }
    return place(i, {when, op, s});
}

}  // namespace drydock::base
