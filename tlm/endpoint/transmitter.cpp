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

transmitter::queues& transmitter::queues_beside_vc0(unsigned vc) {
    if (!others_) others_ = std::make_unique<other_queues>();
    auto& of = (*others_)[vc];
    if (!of) of = std::make_unique<queues>();
    return *of;
}

void transmitter::set_map(const pcie::channel_map& m) {
    for (std::uint8_t tc = 0; tc < channel_of_tc_.size(); ++tc)
        channel_of_tc_[tc] = m.channel_of(tc);
}

void transmitter::push(outlet& from, pcie::tlp_ptr t) {
    const unsigned vc = channel_of(t->traffic_class);
    t->virtual_channel = static_cast<std::uint8_t>(vc);
    queue& q = queues_of(vc)[index(t->flow_class())];
    q.items.push({std::move(t), &from, pushed_++});
    run();
}

void transmitter::credits(unsigned vc, pcie::fc_class c, std::uint32_t headers,
                          std::uint32_t data) {
    queue& q = queues_of(vc)[index(c)];
    add(q.headers, headers);
    add(q.data, data);
    run();
}

bool transmitter::may_go(const queues& of, const queue& q) {
    const item& first = q.items.front();
    if (q.headers == 0 || (q.data != unlimited && q.data < first.t->data_credits())) return false;
    const queue& posted = of[index(pcie::fc_class::posted)];
    return &q == &posted || posted.items.empty() || posted.items.front().number > first.number;
}

bool transmitter::send_one(unsigned vc, queues& of, pcie::fc_class c) {
    queue& q = of[index(c)];
    if (q.items.empty() || !may_go(of, q)) return false;
    if (q.headers != unlimited) --q.headers;
    if (q.data != unlimited) q.data -= q.items.front().t->data_credits();
    item next = q.items.pop();
    wire_.put(std::move(next.t));
    next.from->gone(vc, c);
    return true;
}

void transmitter::take_back(queues& of, const outlet& from, pcie::fc_class c,
                            std::vector<pcie::tlp_ptr>& into) {
    auto& items = of[index(c)].items;
    for (std::size_t left = items.size(); left > 0; --left) {
        item i = items.pop();
        if (i.from == &from)
            into.push_back(std::move(i.t));
        else
            items.push(std::move(i));
    }
}

void transmitter::take_back(const outlet& from, pcie::fc_class c,
                            std::vector<pcie::tlp_ptr>& into) {
    take_back(queues_, from, c, into);
    if (!others_) return;
    for (auto& of : *others_)
        if (of) take_back(*of, from, c, into);
}

bool transmitter::send_any(unsigned vc, queues& of) {
    return send_one(vc, of, pcie::fc_class::posted) ||
           send_one(vc, of, pcie::fc_class::completion) ||
           send_one(vc, of, pcie::fc_class::non_posted);
}

bool transmitter::send_others() {
    for (unsigned vc = 1; vc < pcie::most_channels; ++vc)
        if ((*others_)[vc] && send_any(vc, *(*others_)[vc])) return true;
    return false;
}

/// The link may give credits back from inside put(): the loop takes them up.
void transmitter::run() {
    if (running_) return;
    running_ = true;
    while (send_any(0, queues_) || (others_ && send_others())) {
    }
    running_ = false;
}

}  // namespace drydock::endpoint
