// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/invalidation_tracker_rtl.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

namespace drydock::rtl {
namespace {

constexpr std::size_t routing_ids = 0x10000;

template <class Each>
void each_itag(std::uint32_t vector, Each each) {
    for (; vector != 0; vector &= vector - 1) each(static_cast<unsigned>(std::countr_zero(vector)));
}

}  // namespace

invalidation_tracker_rtl::invalidation_tracker_rtl(std::string_view name, base::context& ctx,
                                                   const smmu::invalidation_tracker_config& c,
                                                   smmu::invalidation_tracker_client& client,
                                                   tracker_set set, bool look_ahead)
    : invalidation_tracker_rtl(name, ctx, c, client, make_invalidation_tracker(set, c.itags),
                               look_ahead) {}

invalidation_tracker_rtl::invalidation_tracker_rtl(std::string_view name, base::context& ctx,
                                                   const smmu::invalidation_tracker_config& c,
                                                   smmu::invalidation_tracker_client& client,
                                                   std::unique_ptr<invalidation_tracker_pins> block,
                                                   bool look_ahead)
    : ctx_(ctx),
      trace_(name, ctx),
      config_(c),
      grid_(c.grid()),
      client_(client),
      block_(std::move(block)),
      host_(name, ctx, c.clock, *this, look_ahead),
      name_(name),
      depth_(routing_ids, std::uint8_t{smmu::itags}),
      input_{base::never, {}} {
    if (c.itags > block_->has().itags)
        throw std::invalid_argument(std::string(name) + ": " + std::to_string(c.itags) +
                                    " ITags, but this parameter set of the block has " +
                                    std::to_string(block_->has().itags));
}

void invalidation_tracker_rtl::set_queue_depth(base::routing_id rid, unsigned depth) {
    depth_[rid.value] =
        static_cast<std::uint8_t>(depth == 0 || depth > smmu::itags ? smmu::itags : depth);
}

unsigned invalidation_tracker_rtl::outstanding() const {
    return static_cast<unsigned>(std::popcount(used_)) + (input_.due != base::never ? 1 : 0);
}

unsigned invalidation_tracker_rtl::free_itags() const {
    return config_.itags - static_cast<unsigned>(std::popcount(used_));
}

void invalidation_tracker_rtl::record_to(base::signal_recorder* to) {
    signals_ = make_signals(to, name_, *block_);
}

// -- inputs --------------------------------------------------------------------------------------

/// They stay at the pins until they are sampled, with the queue depth as it was.
void invalidation_tracker_rtl::drive_request(const smmu::invalidation& what) {
    block_->in.request_valid = static_cast<std::uint8_t>(1u << what.requester);
    block_->in.requests[what.requester] = {
        what.function.value, static_cast<std::uint8_t>(what.port), depth_[what.function.value]};
}

bool invalidation_tracker_rtl::try_invalidate(smmu::invalidation_id id,
                                              const smmu::invalidation& what) {
    const invalidation_tracker_pins::limits has = block_->has();
    if (what.port >= has.ports || what.requester >= has.requesters)
        throw std::invalid_argument("the invalidation tracker's parameter set has " +
                                    std::to_string(has.ports) + " ports and " +
                                    std::to_string(has.requesters) + " requesters");
    if (input_.due != base::never) {
        refused_ = true;
        return false;
    }
    drive_request(what);
    block_->settle();
    const bool ready = (block_->out.request_ready >> what.requester & 1) != 0;
    block_->in.request_valid = 0;
    if (!ready) {
        using lack = smmu::invalidation_tracker_trace::lack;
        const bool no_tag = outstanding() >= config_.itags;
        trace_.waits(id, what, no_tag ? lack::no_free_itag : lack::invalidate_queue_depth,
                     [&] { return holder(no_tag, what.function); });
        refused_ = true;
        return false;
    }
    input_ = {host_.wake(), {id, what, {}}};
    return true;
}

base::span_id invalidation_tracker_rtl::holder(bool any, base::routing_id function) const {
    const owner* oldest = nullptr;
    each_itag(used_, [&](unsigned tag) {
        const owner& o = owners_[tag];
        if ((any || o.what.function == function) && o.what.span != base::no_span &&
            (oldest == nullptr || o.started < oldest->started))
            oldest = &o;
    });
    return oldest != nullptr ? oldest->what.span : base::no_span;
}

void invalidation_tracker_rtl::completion(const smmu::invalidate_completion& c) {
    completions_.push({host_.wake(), c});
}

void invalidation_tracker_rtl::give_up(base::itag tag) {
    if ((used_ >> tag.value & 1) != 0) given_up_.push({host_.wake(), tag});
}

void invalidation_tracker_rtl::resume() {
    if (block_->in.port_room != UINT32_MAX) resume_ = host_.wake();
}

void invalidation_tracker_rtl::drain() { drain_ = host_.wake(); }

// -- an edge -------------------------------------------------------------------------------------

bool invalidation_tracker_rtl::more() {
    return signals_ ? signals_->again(has_input()) : has_input();
}

bool invalidation_tracker_rtl::has_input() const {
    return input_.due != base::never || !completions_.empty() || !given_up_.empty() ||
           drain_ != base::never || resume_ != base::never || sending_;
}

void invalidation_tracker_rtl::drive_inputs() {
    invalidation_tracker_pins::inputs& in = block_->in;
    in.tick = grid_.is_tick(host_.edge_time());
    in.send_ready = std::exchange(sending_, false);
    if (due(input_.due)) {
        taken_ = input_.what;
        in.request_valid = static_cast<std::uint8_t>(1u << taken_.what.requester);
        input_.due = base::never;
    }
    in.completion_valid = !completions_.empty() && due(completions_.front().due);
    if (in.completion_valid) {
        const smmu::invalidate_completion c = completions_.pop().what;
        in.completion_function = c.function.value;
        in.completion_port = static_cast<std::uint8_t>(c.port);
        in.completion_itags = c.itag_vector;
        in.completion_cc = c.cc;
        completed_by_ = c.function;
    }
    while (!given_up_.empty() && due(given_up_.front().due))
        in.give_up |= 1u << given_up_.pop().what.value;
    in.drain_valid = due(drain_);
    if (in.drain_valid) drain_ = base::never;
}

host::clocked::state invalidation_tracker_rtl::edge() {
    drive_inputs();
    block_->clock();
    if (signals_) signals_->sample(host_.edge_time(), *block_);
    invalidation_tracker_pins::inputs& in = block_->in;
    in.request_valid = 0;
    in.completion_valid = in.send_ready = in.drain_valid = false;
    in.give_up = 0;
    if (due(resume_)) {
        resume_ = base::never;
        in.port_room = UINT32_MAX;
        block_->settle();
    }
    host_.wake_at(block_->out.outstanding != 0 ? grid_.tick_after(host_.edge_time()) : base::never);
    if (has_output()) {
        if (signals_) signals_->has_results();
        return state::results;
    }
    return more() ? state::busy : state::idle;
}

// -- what it leaves ------------------------------------------------------------------------------

bool invalidation_tracker_rtl::has_output() const {
    const invalidation_tracker_pins::outputs& o = block_->out;
    return o.taken_valid || o.send_valid || o.drained ||
           (o.done | o.given_up | o.expired | o.not_outstanding | o.wrong_function |
            o.cc_differs) != 0;
}

bool invalidation_tracker_rtl::hand_out() {
    const invalidation_tracker_pins::outputs o = block_->out;
    tell_ends();
    if (o.taken_valid) {
        const unsigned tag = o.taken_itag;
        owners_[tag] = taken_;
        owners_[tag].started = ctx_.now();
        used_ |= 1u << tag;
        trace_.taken(taken_.id, taken_.what, tag, free_itags());
    }
    finish(o.done, false);
    finish(o.given_up, false);
    finish(o.expired, true);
    if (o.drained) client_.drained(o.drained_lost);
    offer();
    if ((o.taken_valid || (o.done | o.given_up | o.expired) != 0) && std::exchange(refused_, false))
        client_.ready();
    return more();
}

void invalidation_tracker_rtl::tell_ends() {
    const invalidation_tracker_pins::outputs& o = block_->out;
    using oddity = smmu::invalidation_tracker_trace::oddity;
    each_itag(o.done, [&](unsigned tag) {
        used_ &= ~(1u << tag);
        trace_.completed(owners_[tag].what, tag, free_itags());
    });
    trace_.unexpected(o.not_outstanding, completed_by_, oddity::not_outstanding);
    trace_.unexpected(o.wrong_function, completed_by_, oddity::wrong_function);
    trace_.unexpected(o.cc_differs, completed_by_, oddity::completion_count_differs);
    each_itag(o.given_up, [&](unsigned tag) {
        used_ &= ~(1u << tag);
        trace_.given_up(owners_[tag].what, tag, free_itags());
    });
    each_itag(o.expired, [&](unsigned tag) {
        used_ &= ~(1u << tag);
        trace_.expired(owners_[tag].what, tag, free_itags(), ctx_.now() - owners_[tag].started);
    });
}

void invalidation_tracker_rtl::finish(std::uint32_t vector, bool lost) {
    each_itag(vector, [&](unsigned tag) { client_.finished(owners_[tag].id, lost); });
}

void invalidation_tracker_rtl::offer() {
    while (block_->out.send_valid && !sending_) {
        const std::uint8_t tag = block_->out.send_itag;
        const owner o = owners_[tag];
        if (client_.try_send(o.id, base::itag{tag}, o.what)) {
            sending_ = true;
        } else {
            block_->in.port_room &= ~(1u << o.what.port);
            block_->settle();
        }
    }
}

}  // namespace drydock::rtl
