// SPDX-License-Identifier: Apache-2.0
#include "platform/lockstep/invalidation_tracker.h"

namespace drydock::lockstep {

invalidation_tracker::invalidation_tracker(std::string_view name, base::context& ctx,
                                           const smmu::invalidation_tracker_config& c,
                                           smmu::invalidation_tracker_client& client,
                                           const smmu::invalidation_tracker_maker& block,
                                           findings& into)
    : ctx_(ctx),
      client_(client),
      sent_(into, "Invalidate Request [id, ITag, port, taken]"),
      finished_(into, "end of an invalidation [id, lost]"),
      drained_(into, "drained [lost ITags]"),
      accepted_(into, "acceptance [id]"),
      block_(block(name, ctx, c, *this)),
      twin_client_(*this),
      twin_("twin", inputs_.context(), c, twin_client_) {
    into.block = name;
    inputs_.context().timeline.seal();
}

void invalidation_tracker::settle() {
    catch_up(ctx_.now());
    for (channel* c : {&sent_, &finished_, &drained_, &accepted_}) c->finish(ctx_.now());
}

void invalidation_tracker::catch_up(base::ps now) {
    inputs_.catch_up(now, [this](const input& i) { hand_on(i); });
}

void invalidation_tracker::hand_on(const input& i) {
    switch (i.what) {
        case input::kind::depth:
            return twin_.set_queue_depth(i.invalidation.function, i.number);
        case input::kind::invalidate:
            if (twin_.try_invalidate(i.number, i.invalidation))
                accepted_.from_twin(inputs_.context().now(), {i.number});
            return;
        case input::kind::completion:
            return twin_.completion(i.completion);
        case input::kind::give_up:
            return twin_.give_up(base::itag{static_cast<std::uint8_t>(i.number)});
        case input::kind::resume:
            return twin_.resume();
        case input::kind::drain:
            return twin_.drain();
    }
}

// -- to the block --------------------------------------------------------------------------------

void invalidation_tracker::set_queue_depth(base::routing_id rid, unsigned depth) {
    catch_up(ctx_.now());
    block_->set_queue_depth(rid, depth);
    input i{.what = input::kind::depth, .number = depth};
    i.invalidation.function = rid;
    inputs_.push(ctx_.now(), i);
}

bool invalidation_tracker::try_invalidate(smmu::invalidation_id id,
                                          const smmu::invalidation& what) {
    catch_up(ctx_.now());
    if (!block_->try_invalidate(id, what)) return false;
    accepted_.from_block(ctx_.now(), {id});
    inputs_.push(ctx_.now(), {.what = input::kind::invalidate, .number = id, .invalidation = what});
    return true;
}

void invalidation_tracker::completion(const smmu::invalidate_completion& c) {
    catch_up(ctx_.now());
    block_->completion(c);
    inputs_.push(ctx_.now(), {.what = input::kind::completion, .completion = c});
}

void invalidation_tracker::give_up(base::itag tag) {
    catch_up(ctx_.now());
    block_->give_up(tag);
    inputs_.push(ctx_.now(), {.what = input::kind::give_up, .number = tag.value});
}

void invalidation_tracker::resume() {
    catch_up(ctx_.now());
    block_->resume();
    inputs_.push(ctx_.now(), {.what = input::kind::resume});
}

void invalidation_tracker::drain() {
    catch_up(ctx_.now());
    block_->drain();
    inputs_.push(ctx_.now(), {.what = input::kind::drain});
}

// -- from the block ------------------------------------------------------------------------------

bool invalidation_tracker::try_send(smmu::invalidation_id id, base::itag tag,
                                    const smmu::invalidation& what) {
    const bool taken = client_.try_send(id, tag, what);
    sent_.from_block(ctx_.now(), {id, tag.value, what.port, taken});
    return taken;
}

void invalidation_tracker::finished(smmu::invalidation_id id, bool lost) {
    finished_.from_block(ctx_.now(), {id, lost});
    client_.finished(id, lost);
}

void invalidation_tracker::drained(std::uint32_t lost) {
    drained_.from_block(ctx_.now(), {lost});
    client_.drained(lost);
}

// -- from the twin -------------------------------------------------------------------------------

bool invalidation_tracker::twin_client::try_send(smmu::invalidation_id id, base::itag tag,
                                                 const smmu::invalidation& what) {
    // The port has room for the twin when it had for the block.
    const bool taken = !self.sent_.waits() || self.sent_.next()[3] != 0;
    self.sent_.from_twin(self.inputs_.context().now(), {id, tag.value, what.port, taken});
    return taken;
}

void invalidation_tracker::twin_client::finished(smmu::invalidation_id id, bool lost) {
    self.finished_.from_twin(self.inputs_.context().now(), {id, lost});
}

void invalidation_tracker::twin_client::drained(std::uint32_t lost) {
    self.drained_.from_twin(self.inputs_.context().now(), {lost});
}

}  // namespace drydock::lockstep
