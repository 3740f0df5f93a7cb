// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/lockstep_atc.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "tlm/endpoint/atc.h"

namespace drydock::machine {

using endpoint::atc_access;
using endpoint::atc_channel;
using endpoint::atc_control;
using endpoint::atc_fault;
using endpoint::atc_key;
using endpoint::completion_entry;
using endpoint::itag_vector;
using endpoint::lookup_id;
using endpoint::request_slot;
using endpoint::translation;
using endpoint::use_id;

nlohmann::json lockstep_record::to_json() const {
    return {{"compared", compared}, {"differences", differences},  {"order", order},
            {"later", later},       {"largest_ps", largest.count}, {"open", open},
            {"first", first}};
}

/// What came of a lookup.
struct lockstep_atc::result {
    base::ps at{};
    std::optional<atc_fault> fault;
    translation t{};
    use_id use = 0;

    std::string text() const {
        if (fault) return fmt::format("fault {}", static_cast<int>(*fault));
        return fmt::format("{:#x}, {:#x} bytes{}", t.pa.value, t.bytes_left,
                           t.untranslated_only ? ", untranslated" : "");
    }
};

struct lockstep_atc::lookup {
    lookup_id id = 0;  ///< the caller's
    base::routing_id rid{};
    std::optional<result> block, twin;
    bool released = false;
    bool forgotten = false;  ///< its function was reset
};

/// The client of one of the two.
class lockstep_atc::side final : public endpoint::atc_client {
public:
    side(lockstep_atc& o, bool twin) : owner(o), is_twin(twin) {}
    void hit(lookup_id n, use_id u, const translation& t) override {
        owner.answered(n, *this, {owner.ctx_.now(), {}, t, u});
    }
    void fault(lookup_id n, atc_fault why) override {
        owner.answered(n, *this, {owner.ctx_.now(), why, {}, 0});
    }
    bool try_request(request_slot s, const atc_key& k, bool no_write) override {
        if (is_twin ? owner.requests_blocked_ : !owner.client_.try_request(s, k, no_write)) {
            owner.requests_blocked_ = true;
            return false;
        }
        owner.asked(*this, s, k, no_write);
        return true;
    }
    bool try_completion(base::routing_id rid, itag_vector v, std::uint8_t tc) override {
        if (is_twin ? owner.completions_blocked_ : !owner.client_.try_completion(rid, v, tc)) {
            owner.completions_blocked_ = true;
            return false;
        }
        owner.completed(*this, rid, v, tc);
        return true;
    }
    void ready(atc_channel c) override {
        if (is_twin)
            owner.retry();
        else
            owner.client_.ready(c);
    }

    lockstep_atc& owner;
    const bool is_twin;
};

lockstep_atc::lockstep_atc(const std::string& name, base::context& ctx,
                           const endpoint::atc_config& config, endpoint::atc_client& client,
                           const block_factory& make_block)
    : ctx_(ctx),
      shared_(config.shared),
      client_(client),
      block_side_(std::make_unique<side>(*this, false)),
      twin_side_(std::make_unique<side>(*this, true)),
      block_(make_block(*block_side_)) {
    endpoint::atc_config silent = config;
    silent.silent = true;
    twin_ = std::make_unique<endpoint::atc>(name + ".twin", ctx, silent, *twin_side_);
}

lockstep_atc::~lockstep_atc() = default;

void lockstep_atc::compare(bool same, base::ps of_block, base::ps of_twin, const char* what,
                           const std::string& block, const std::string& twin) {
    lockstep_record& r = *record_;
    ++r.compared;
    const base::ps apart = of_block < of_twin ? of_twin - of_block : of_block - of_twin;
    if (apart > base::ps{}) ++r.later;
    r.largest = std::max(r.largest, apart);
    if (same) return;
    if (r.differences++ == 0)
        r.first = fmt::format("{} ps, {}: block {}, twin {}", of_block.count, what, block, twin);
}

// -- inputs ------------------------------------------------------------------------------------

void lockstep_atc::to_twin(std::function<bool()> input) {
    if (waiting_.empty() && input()) return;
    waiting_.push_back(std::move(input));
}

void lockstep_atc::retry() {
    while (!waiting_.empty() && waiting_.front()()) waiting_.pop_front();
}

bool lockstep_atc::try_lookup(lookup_id id, const atc_key& key, atc_access access) {
    const lookup_id number = last_ + 1;
    if (!block_->try_lookup(number, key, access)) return false;
    last_ = number;
    lookup& l = lookups_[number];
    l.id = id;
    l.rid = key.rid;
    to_twin([this, number, key, access] { return twin_->try_lookup(number, key, access); });
    return true;
}

bool lockstep_atc::try_fill(request_slot slot, const completion_entry& entry) {
    if (!block_->try_fill(slot, entry)) return false;
    const auto paired = twin_slot_.find(slot);
    if (paired == twin_slot_.end()) {
        fills_[slot].push_back(entry);
        return true;
    }
    to_twin([this, s = paired->second, entry] { return twin_->try_fill(s, entry); });
    return true;
}

bool lockstep_atc::try_invalidate(const endpoint::invalidate& what) {
    if (!block_->try_invalidate(what)) return false;
    endpoint::invalidate unseen = what;
    unseen.span = {};
    to_twin([this, unseen] { return twin_->try_invalidate(unseen); });
    return true;
}

void lockstep_atc::release(use_id use) {
    block_->release(use);
    const auto number = use_of_.find(use);
    if (number == use_of_.end()) return;  // of before a reset
    const auto at = lookups_.find(number->second);
    use_of_.erase(number);
    if (at == lookups_.end()) return;
    at->second.released = true;
    if (!at->second.twin) return;
    if (!at->second.twin->fault) twin_->release(at->second.twin->use);
    lookups_.erase(at);
}

bool lockstep_atc::try_control(base::routing_id rid, atc_control what) {
    if (!block_->try_control(rid, what)) return false;
    if (what == atc_control::reset) forget(rid);
    to_twin([this, rid, what] { return twin_->try_control(rid, what); });
    return true;
}

void lockstep_atc::set_stu(std::uint8_t log2_bytes) {
    block_->set_stu(log2_bytes);
    twin_->set_stu(log2_bytes);
}

void lockstep_atc::resume() {
    requests_blocked_ = completions_blocked_ = false;
    block_->resume();
    twin_->resume();
}

/// Neither answers what a reset takes away, nor does anybody wait for it.
void lockstep_atc::forget(base::routing_id rid) {
    const auto of_it = [&](base::routing_id r) { return !shared_ || r == rid; };
    for (auto& [number, l] : lookups_) l.forgotten = l.forgotten || of_it(l.rid);
    std::erase_if(lookups_, [](const auto& l) { return l.second.forgotten && l.second.block; });
    for (auto& q : requests_) std::erase_if(q, [&](const request& r) { return of_it(r.key.rid); });
    for (auto& q : completions_)
        std::erase_if(q, [&](const completion& c) { return of_it(c.rid); });
    if (!shared_) requests_blocked_ = completions_blocked_ = false;
}

// -- results -----------------------------------------------------------------------------------

void lockstep_atc::answered(lookup_id number, side& by, result r) {
    const auto at = lookups_.find(number);
    if (at == lookups_.end()) return;  // the twin's, of before a reset
    lookup& l = at->second;
    (by.is_twin ? l.twin : l.block) = r;
    const lookup_id id = l.id;
    if (!by.is_twin && !r.fault) use_of_[r.use] = number;
    if (l.block && l.twin && !l.forgotten)
        compare(l.block->text() == l.twin->text(), l.block->at, l.twin->at, "lookup",
                l.block->text(), l.twin->text());
    if (l.block && l.twin && (l.block->fault || l.released)) {
        if (!l.twin->fault) twin_->release(l.twin->use);
        lookups_.erase(at);
    } else if (by.is_twin && l.forgotten) {
        l.twin.reset();
    }
    if (by.is_twin) return;
    if (r.fault)
        client_.fault(id, *r.fault);
    else
        client_.hit(id, r.use, r.t);
}

void lockstep_atc::asked(side& by, request_slot slot, const atc_key& key, bool no_write) {
    if (!by.is_twin) {
        twin_slot_.erase(slot);
        fills_.erase(slot);
    }
    std::deque<request>& others = requests_[by.is_twin ? 0 : 1];
    const auto same = std::find_if(others.begin(), others.end(), [&](const request& r) {
        return r.key.va == key.va && r.key.rid == key.rid && r.key.ssid == key.ssid &&
               r.key.priv == key.priv;
    });
    if (same == others.end()) {
        requests_[by.is_twin ? 1 : 0].push_back({key, no_write, slot, ctx_.now()});
        return;
    }
    if (same != others.begin()) ++record_->order;
    const request other = *same;
    others.erase(same);
    const auto text = [&](bool nw) { return fmt::format("{:#x}, NW {}", key.va.value, nw); };
    const bool of_block = by.is_twin ? other.no_write : no_write;
    const bool of_twin = by.is_twin ? no_write : other.no_write;
    compare(of_block == of_twin, by.is_twin ? other.at : ctx_.now(),
            by.is_twin ? ctx_.now() : other.at, "Translation Request", text(of_block),
            text(of_twin));
    const request_slot block_slot = by.is_twin ? other.slot : slot;
    const request_slot twins = by.is_twin ? slot : other.slot;
    twin_slot_[block_slot] = twins;
    for (const completion_entry& e : fills_[block_slot])
        to_twin([this, twins, e] { return twin_->try_fill(twins, e); });
    fills_.erase(block_slot);
}

void lockstep_atc::completed(side& by, base::routing_id rid, itag_vector v, std::uint8_t tc) {
    completions_[by.is_twin ? 1 : 0].push_back({rid, v, tc, ctx_.now()});
    while (!completions_[0].empty() && !completions_[1].empty()) {
        const completion b = completions_[0].front(), t = completions_[1].front();
        completions_[0].pop_front();
        completions_[1].pop_front();
        const auto text = [](const completion& c) {
            return fmt::format("{:#x} ITags {:#x} TC{}", c.rid.value, c.itags, c.tc);
        };
        compare(text(b) == text(t), b.at, t.at, "Invalidate Completion", text(b), text(t));
    }
    record_->open =
        requests_[0].size() + requests_[1].size() + completions_[0].size() + completions_[1].size();
}

}  // namespace drydock::machine
