// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/transmitter.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint32_t unlimited = UINT32_MAX;

void add(std::uint32_t& to, std::uint32_t n) {
    if (to == unlimited || n == unlimited || n > unlimited - to)
        to = unlimited;
    else
        to += n;
}

}  // namespace

void transmitter::push(outlet& from, pcie::tlp_ptr t) {
    queue& q = queues_[index(t->flow_class())];
    q.items.push({std::move(t), &from, pushed_++});
    run();
}

void transmitter::credits(pcie::fc_class c, std::uint32_t headers, std::uint32_t data) {
    queue& q = queues_[index(c)];
    add(q.headers, headers);
    add(q.data, data);
    run();
}

bool transmitter::may_go(const queue& q) const {
    const item& first = q.items.front();
    if (q.headers == 0 || (q.data != unlimited && q.data < first.t->data_credits())) return false;
    const queue& posted = queues_[index(pcie::fc_class::posted)];
    return &q == &posted || posted.items.empty() || posted.items.front().number > first.number;
}

bool transmitter::send_one(pcie::fc_class c) {
    queue& q = queues_[index(c)];
    if (q.items.empty() || !may_go(q)) return false;
    if (q.headers != unlimited) --q.headers;
    if (q.data != unlimited) q.data -= q.items.front().t->data_credits();
    item next = q.items.pop();
    wire_.put(std::move(next.t));
    next.from->gone(c);
    return true;
}

void transmitter::take_back(const outlet& of, pcie::fc_class c, std::vector<pcie::tlp_ptr>& into) {
    auto& items = queues_[index(c)].items;
    for (std::size_t left = items.size(); left > 0; --left) {
        item i = items.pop();
        if (i.from == &of)
            into.push_back(std::move(i.t));
        else
            items.push(std::move(i));
    }
}

/// The link may give credits back from inside put(): the loop takes them up.
void transmitter::run() {
    if (running_) return;
    running_ = true;
    while (send_one(pcie::fc_class::posted) || send_one(pcie::fc_class::completion) ||
           send_one(pcie::fc_class::non_posted)) {
    }
    running_ = false;
}

}  // namespace drydock::endpoint
