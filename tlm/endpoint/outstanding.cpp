// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/outstanding.h"

namespace drydock::endpoint {

outstanding_requests::outstanding_requests(std::string_view name, base::context& ctx,
                                           timeout_listener& listener)
    : ctx_(ctx), listener_(listener), id_(ctx.timeline.join(name, *this)), timeout_(base::never) {
    requests_[end].previous = requests_[end].next = end;
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

void outstanding_requests::refill() {
    free_.clear();
    for (std::uint16_t t = 0; t < tags; ++t)
        if (usable(t) && requests_[t].is == outstanding_request::state::free) free_.push(t);
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
    const std::uint16_t last = requests_[end].previous;
    const base::ps deadline = timeout_ == base::never ? base::never : ctx_.now() + timeout_;
    requests_[tag] = {
        outstanding_request::state::waiting, kind, owner, bytes, 0, deadline, last, end};
    requests_[last].next = tag;
    requests_[end].previous = tag;
    ++waiting_;
    if (deadline != base::never && !ctx_.timeline.pending(timer_))
        timer_ = ctx_.timeline.at(deadline, base::phase::arrive, id_);
    return tag;
}

void outstanding_requests::free(std::uint16_t tag) {
    outstanding_request& r = requests_[tag];
    if (r.is == outstanding_request::state::waiting) --waiting_;
    requests_[r.previous].next = r.next;
    requests_[r.next].previous = r.previous;
    r.is = outstanding_request::state::free;
    if (usable(tag)) free_.push(tag);
}

void outstanding_requests::forget() {
    for (std::uint16_t t = requests_[end].next; t != end; t = requests_[t].next)
        requests_[t].is = outstanding_request::state::quarantined;
    waiting_ = 0;
}

/// The oldest deadlines come first; a record that finds them moved goes to the next one.
void outstanding_requests::on_time(std::uint64_t) {
    while (requests_[end].next != end && requests_[requests_[end].next].deadline <= ctx_.now()) {
        const std::uint16_t tag = requests_[end].next;
        if (requests_[tag].is == outstanding_request::state::waiting) listener_.timed_out(tag);
        free(tag);
    }
    const std::uint16_t oldest = requests_[end].next;
    if (oldest != end && requests_[oldest].deadline != base::never &&
        !ctx_.timeline.pending(timer_))
        timer_ = ctx_.timeline.at(requests_[oldest].deadline, base::phase::arrive, id_);
}

}  // namespace drydock::endpoint
