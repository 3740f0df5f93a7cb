// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/upstream_lane.h"

namespace drydock::root_complex {

using pcie::fc_class;
using pcie::tlp_ptr;
using pcie::tlp_type;

namespace {
constexpr std::uint32_t smmu_posted_room = 64, smmu_completion_room = 64;
}

upstream_lane::upstream_lane(const std::string& suffix, pcie::tlp_pool& pool,
                             upstream_request_pool& requests, unsigned port,
                             unsigned outstanding_reads, pcie::downstream_socket& link,
                             upstream_lane_owner& owner)
    : ats(("ats" + suffix).c_str(), ats_end_, pool),
      pool_(pool),
      requests_(requests),
      port_(port),
      outstanding_reads_(outstanding_reads),
      link_(link),
      owner_(owner),
      posted_channel_(("posted" + suffix).c_str(), channel_owner_),
      non_posted_channel_(("non_posted" + suffix).c_str(), channel_owner_),
      posted_queue_(64),
      reads_(64),
      translations_(64),
      completions_(64) {}

void upstream_lane::advertise() {
    ats.credit_return(fc_class::posted, smmu_posted_room, UINT32_MAX);
    ats.credit_return(fc_class::non_posted, 1, UINT32_MAX);  // the SMMU has none to send
    ats.credit_return(fc_class::completion, smmu_completion_room, UINT32_MAX);
}

void upstream_lane::write(tlp_ptr t, bool own) {
    ++writes_in_;
    hand_over(std::move(t), own);
}

void upstream_lane::hand_over(tlp_ptr t, bool own) {
    t->order = ++order_;
    ++posted_in_;
    posted_queue_.push({std::move(t), own});
}

void upstream_lane::read(tlp_ptr t) {
    t->order = ++order_;
    reads_.push({std::move(t), posted_in_});
}

void upstream_lane::translation(tlp_ptr t) {
    t->order = ++order_;
    translations_.push({std::move(t), posted_in_});
}

/// Told from inside a call of the SMMU. Nothing waits: nothing to do.
void upstream_lane::pump_soon() {
    if (!pumping_ && !idle()) owner_.pump_later();
}

void upstream_lane::pump() {
    if (pumping_) return;
    pumping_ = true;
    bool moved = true;
    while (moved) {
        moved = pump_posted();
        moved = pump_reads() || moved;
        moved = pump_translations() || moved;
        moved = pump_completions() || moved;
    }
    pumping_ = false;
}

bool upstream_lane::pump_posted() {
    bool moved = false;
    while (!posted_queue_.empty()) {
        if (posted_queue_.front().t->type == tlp_type::mwr) {
            if (!posted_channel_.free()) break;
            ++posted_out_;
            posted_entry e = posted_queue_.pop();
            upstream_request& r =
                requests_.make(std::move(e.t), pool_, static_cast<std::uint16_t>(port_));
            r.own = e.own;
            posted_channel_.send(r);
        } else {
            auto& room = smmu_room_[static_cast<std::size_t>(fc_class::posted)];
            if (room == 0) break;
            --room;
            ++posted_out_;
            tlp_ptr t = posted_queue_.pop().t;
            link_.free_buffer(*t);
            ats.send(std::move(t));
        }
        moved = true;
    }
    return moved;
}

bool upstream_lane::pump_reads() {
    bool moved = false;
    while (!reads_.empty() && reads_.front().gate <= posted_out_ && non_posted_channel_.free() &&
           reads_open_ < outstanding_reads_) {
        ++reads_open_;
        non_posted_channel_.send(
            requests_.make(reads_.pop().t, pool_, static_cast<std::uint16_t>(port_)));
        moved = true;
    }
    return moved;
}

bool upstream_lane::pump_translations() {
    bool moved = false;
    auto& room = smmu_room_[static_cast<std::size_t>(fc_class::non_posted)];
    while (!translations_.empty() && translations_.front().gate <= posted_out_ && room > 0) {
        --room;
        tlp_ptr t = translations_.pop().t;
        link_.free_buffer(*t);
        ats.send(std::move(t));
        moved = true;
    }
    return moved;
}

bool upstream_lane::pump_completions() {
    bool moved = false;
    // A completion pushes the posted writes before it (P-031): they are performed first.
    while (!completions_.empty() && completions_.front().gate <= writes_done_) {
        tlp_ptr t = completions_.pop().t;
        link_.free_buffer(*t);
        owner_.to_cpu(std::move(t));
        moved = true;
    }
    return moved;
}

void upstream_lane::room_at_smmu(fc_class c, std::uint32_t hdr) {
    smmu_room_[static_cast<std::size_t>(c)] += hdr;
    pump_soon();
}

void upstream_lane::request_accepted(upstream_request& r) {
    if (r.own) return;
    const bool write = r.is_write();  // a read has its buffer for the data already
    link_.free_buffer(r.tlp->virtual_channel, write ? fc_class::posted : fc_class::non_posted,
                      r.is_read() ? 0 : r.tlp->data_credits());
}

void upstream_lane::request_done(upstream_request& r, base::ps later) {
    if (r.is_write()) {
        ++writes_done_;
    } else {
        --reads_open_;
        owner_.answer(r, later);
    }
}

}  // namespace drydock::root_complex
