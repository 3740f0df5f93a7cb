// SPDX-License-Identifier: Apache-2.0
// Transactions that wait for software after a fault (SMMUv3 3.12.2).
#include <utility>

#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {
namespace {

constexpr std::uint64_t stall_bit = std::uint64_t{1} << 31;  // word 1: Stall[31] STAG[15:0]

}  // namespace

bool translator::engine::may_stall(const transaction& t) const {
    return t.request.kind == request_kind::ordinary && t.prefetch == prefetching::none;
}

void translator::engine::stall(std::uint32_t slot, const event_record& e) {
    // Switched off since its look-up: as those that stalled before, which ended then.
    if (!control_.smmuen) return finish(slot, outcome::abort);
    transaction& t = transactions_[slot];
    t.stall_record = e;
    numbers_.performed(t.number);  // nothing that was looked up is used: no SYNC waits for it
    if (stalled_ < config_.stall_max) return announce_stall(slot);
    t.at = state::stall_slot;
    t.since = context_.now();
    too_many_stalls_.begins(t.request.span, t.request.sid);
    append(stall_queue_, slot);
}

/// STAG is the slot: unique until the transaction is answered.
void translator::engine::announce_stall(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    t.at = state::stalled;
    ++stalled_;
    t.stall_record.words[1] |= stall_bit | slot;
    client_.stalled(slot, t.stall_record);
}

void translator::engine::end_stall(std::uint32_t slot) {
    if (transactions_[slot].at == state::stalled) --stalled_;
    while (!stall_queue_.empty() && stalled_ < config_.stall_max) {
        const std::uint32_t next = take(stall_queue_);
        const transaction& t = transactions_[next];
        too_many_stalls_.ends(t.request.span, t.request.sid, t.since);
        announce_stall(next);
    }
}

void translator::engine::terminate(std::uint32_t slot, outcome o) {
    end_stall(slot);
    transactions_[slot].number = numbers_.next();
    finish(slot, o);
}

void translator::engine::resume(base::stream_id sid, std::uint16_t stag, bool retry, bool abort) {
    if (stag >= config_.translation_slots) return;
    transaction& t = transactions_[stag];
    if (t.at != state::stalled || t.request.sid != sid) return;
    if (!retry) return terminate(stag, abort ? outcome::abort : outcome::raz_wi);
    end_stall(stag);
    enter(stag);
}

void translator::engine::terminate_stalled(std::optional<base::stream_id> sid) {
    const auto meant = [&](std::uint32_t slot) {
        return !sid || transactions_[slot].request.sid == *sid;
    };
    // Those without a record first, or they would be announced now.
    waiters queue = std::exchange(stall_queue_, {});
    waiters ending;
    while (!queue.empty()) {
        const std::uint32_t slot = take(queue);
        append(meant(slot) ? ending : stall_queue_, slot);
    }
    while (!ending.empty()) terminate(take(ending), outcome::abort);
    for (std::uint32_t slot = 0; slot < config_.translation_slots; ++slot)
        if (transactions_[slot].at == state::stalled && meant(slot))
            terminate(slot, outcome::abort);
}

}  // namespace drydock::smmu
