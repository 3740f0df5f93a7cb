// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/completion_faults.h"

#include <bit>
#include <string>
#include <utility>

#include "tlm/pcie/ats_messages.h"

namespace drydock::endpoint {

completion_faults::completion_faults(std::string_view name, base::context& ctx,
                                     pcie::tlp_pool& pool, faults& f, outlet& tx)
    : ctx_(ctx), pool_(pool), faults_(f), tx_(tx), delayed_(ctx.timeline, name, sink{this}) {}

void completion_faults::send(pcie::tlp_ptr t) {
    if (faults::take(faults_.lose_completions)) return;
    std::uint32_t vector = pcie::completion_itag_vector(t->address);
    const auto first = static_cast<std::size_t>(std::countr_zero(vector));
    if (faults::take(faults_.wrong_itag)) vector = std::rotl(vector, 1);
    const unsigned cc = pcie::completion_cc(t->address) + (faults::take(faults_.wrong_cc) ? 1 : 0);
    t->address = pcie::encode_invalidate_completion(cc, vector);
    if (faults::take(faults_.delay_completions))
        return delayed_.push(ctx_.now() + faults_.delay, std::move(t));
    if (!late_[first] && faults::take(faults_.late_completions)) {
        late_[first] = std::move(t);
        return;
    }
    if (!overtaken_ && faults::take(faults_.reorder_completions)) {
        overtaken_ = std::move(t);
        return;
    }
    pcie::tlp_ptr again =
        faults::take(faults_.duplicate_completions) ? copy_of(*t) : pcie::tlp_ptr{};
    post(std::move(t));
    if (again) post(std::move(again));
    if (overtaken_) post(std::move(overtaken_));
}

void completion_faults::reused(base::itag tag) {
    if (pcie::tlp_ptr t = std::move(late_[tag.value & 31])) post(std::move(t));
}

/// In order; one whose channel is full lets those of other channels pass.
void completion_faults::room() {
    if (sending_) return;
    sending_ = true;
    for (bool moved = true; moved && !owed_.empty();) {
        moved = false;
        unsigned full = 0;  // bit v: VC v
        for (std::size_t left = owed_.size(); left > 0; --left) {
            pcie::tlp_ptr t = owed_.pop();
            const unsigned channel = 1u << tx_.channel_of(t->traffic_class);
            if (tx_.room(pcie::fc_class::posted, t->traffic_class) == 0) full |= channel;
            if ((full & channel) != 0) {
                owed_.push(std::move(t));
            } else {
                tx_.push(std::move(t));
                moved = true;
            }
        }
    }
    sending_ = false;
}

/// Behind those that wait for room; more than anybody can wait for are lost.
void completion_faults::post(pcie::tlp_ptr t) {
    if (!owed_.full()) owed_.push(std::move(t));
    room();
}

pcie::tlp_ptr completion_faults::copy_of(const pcie::tlp& t) {
    pcie::tlp_ptr c = pool_.make();
    c->type = t.type;
    c->code = t.code;
    c->routing = t.routing;
    c->requester = t.requester;
    c->target = t.target;
    c->traffic_class = t.traffic_class;
    c->address = t.address;
    return c;  // without spans: observers know it by no request
}

}  // namespace drydock::endpoint
