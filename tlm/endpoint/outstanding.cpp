// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/outstanding.h"

#include <algorithm>

namespace drydock::endpoint {
namespace {

using namespace base::literals;
constexpr base::ps longest_default_timeout = 50_ms;  // PCIe: 50 us .. 50 ms

}  // namespace

outstanding_requests::outstanding_requests(std::string_view name, base::context& ctx,
                                           timeout_listener& listener)
    : ctx_(ctx), listener_(listener), id_(ctx.timeline.join(name, *this)), timeout_(base::never) {
    refill();
}

bool outstanding_requests::usable(std::uint16_t tag) const {
    switch (width_) {
        case tag_width::five:
            return tag < 32;
        case tag_width::eight:
            return tag < 256;
        case tag_width::ten:
            return tag >= 256 && tag < tags;
    }
    return false;
}

std::uint16_t outstanding_requests::tags_of_width() const {
    return width_ == tag_width::five ? 32 : width_ == tag_width::eight ? 256 : tags;
}

void outstanding_requests::refill() {
    requests_.resize(std::max<std::size_t>(requests_.size(), tags_of_width() + 1u));
    free_.clear();
    for (std::uint16_t t = 0; t < tags_of_width(); ++t)
        if (usable(t) && at(t).is == outstanding_request::state::free) free_.push(t);
}

void outstanding_requests::set_width(tag_width w) {
    if (w == width_) return;
    width_ = w;
    refill();
}

std::optional<std::uint16_t> outstanding_requests::take(waiter_kind kind, std::uint32_t owner,
                                                        std::uint32_t bytes) {
    if (free_.empty()) return {};
    const std::uint16_t tag = free_.pop();
    const base::ps deadline = timeout_ == base::never ? base::never : ctx_.now() + timeout_;
    // In order of deadlines: behind the last one, unless software has shortened the timeout.
    std::uint16_t before = requests_[end].previous;
    while (before != end && requests_[before].deadline > deadline)
        before = requests_[before].previous;
    const std::uint16_t after = requests_[before].next;
    at(tag) = {outstanding_request::state::waiting, kind, owner, bytes, 0, deadline, before, after};
    requests_[before].next = requests_[after].previous = static_cast<std::uint16_t>(tag + 1);
    ++waiting_;
    arm(deadline);
    return tag;
}

void outstanding_requests::arm(base::ps deadline) {
    if (deadline == base::never) return;
    if (ctx_.timeline.pending(timer_)) {
        if (armed_ <= deadline) return;
        ctx_.timeline.cancel(timer_);
    }
    armed_ = deadline;
    timer_ = ctx_.timeline.at(deadline, base::phase::arrive, id_);
}

void outstanding_requests::free(std::uint16_t tag) {
    outstanding_request& r = at(tag);
    if (r.is == outstanding_request::state::waiting) --waiting_;
    requests_[r.previous].next = r.next;
    requests_[r.next].previous = r.previous;
    r.is = outstanding_request::state::free;
    if (usable(tag)) free_.push(tag);
}

void outstanding_requests::forget() {
    base::ps longest = ctx_.now() + longest_default_timeout;
    for (std::uint16_t n = requests_[end].next; n != end; n = requests_[n].next) {
        outstanding_request& r = requests_[n];
        r.is = outstanding_request::state::quarantined;
        if (r.deadline == base::never) r.deadline = longest;
        longest = std::max(longest, r.deadline);
    }
    if (requests_[end].next != end) arm(requests_[requests_[end].next].deadline);
    waiting_ = 0;
}

/// The oldest deadlines come first; a record that finds them moved goes to the next one.
void outstanding_requests::on_time(std::uint64_t) {
    while (requests_[end].next != end && requests_[requests_[end].next].deadline <= ctx_.now()) {
        const auto tag = static_cast<std::uint16_t>(requests_[end].next - 1);
        if (at(tag).is == outstanding_request::state::waiting) listener_.timed_out(tag);
        free(tag);
    }
    if (requests_[end].next != end) arm(requests_[requests_[end].next].deadline);
}

}  // namespace drydock::endpoint
