// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tlm/endpoint/atc.h"

namespace drydock::endpoint {
namespace {

std::uint64_t substream_field(const std::optional<base::substream_id>& s) {
    return s ? s->value : 0;
}

/// The part of an address above the Smallest Translation Unit.
std::uint64_t unit_of(base::iova va, unsigned stu) { return va.value & ~below_bit(stu); }

}  // namespace

void atc::do_lookups() {
    while (!pipeline_.empty() && lookups_[pipeline_.front()].due <= now())
        evaluate(pipeline_.pop());
}

void atc::evaluate(std::uint32_t index) {
    const lookup& l = lookups_[index];
    if (l.is != lookup::turn::first && ends_lost(index)) return;
    const function f = function_of(l.key.rid);
    const stored_translation* found = f.enabled ? store_.find(l.key, l.access) : nullptr;
    const bool hit = found != nullptr && allows(found->entry, l.access);
    if (tells(base::kind::atc_lookup))
        ctx_.probe.emit(base::kind::atc_lookup, place_, now(), {}, l.key.va.value, hit,
                        substream_field(l.key.ssid));
    if (!f.enabled) {
        refuse(index, atc_fault::disabled);
    } else if (hit) {
        ++counted_.hits;
        grant(index, *found);
    } else if (f.denied) {
        refuse(index, atc_fault::unsupported_request);
    } else if (!join_or_request(index)) {
        stalled_.push(index);
    }
}

/// Of a lookup that went through the pipeline again, or whose function was reset.
bool atc::ends_lost(std::uint32_t index) {
    const lookup::turn is = lookups_[index].is;
    if (is != lookup::turn::lost) replaying_ = false;
    if (is == lookup::turn::again) return false;
    free_lookups_.push_back(index);
    return true;
}

/// Waits for the request that is already out for its page, or makes one. A cached entry that does
/// not allow the access counts as no entry: rights may have been raised without an invalidate.
bool atc::join_or_request(std::uint32_t index) {
    const lookup& l = lookups_[index];
    const std::uint64_t unit = unit_of(l.key.va, stu_);
    for (const request_slot s : active_requests_) {
        request& r = requests_[s];
        if (r.abandoned || r.key.va.value != unit || r.key.rid != l.key.rid ||
            r.key.ssid != l.key.ssid || r.key.priv != l.key.priv)
            continue;
        if (r.is == request::state::to_send && l.access == atc_access::write) r.no_write = false;
        wait_in(s, index);
        return true;
    }
    if (free_requests_.empty()) return false;
    const request_slot s = free_requests_.back();
    free_requests_.pop_back();
    active_requests_.push_back(s);
    requests_[s] = {l.key, request::state::free, l.access != atc_access::write, false, false, none,
                    none};
    requests_[s].key.va = base::iova{unit};
    wait_in(s, index);
    ask(s);
    return true;
}

void atc::wait_in(request_slot s, std::uint32_t index) {
    request& r = requests_[s];
    lookups_[index].next = none;
    if (r.first_waiter == none)
        r.first_waiter = index;
    else
        lookups_[r.last_waiter].next = index;
    r.last_waiter = index;
}

void atc::ask(request_slot s) {
    requests_[s].is = request::state::to_send;
    to_send_.push(s);
}

/// One an edge, the one that has waited longest.
void atc::send_request() {
    const request_slot s = to_send_.front();
    request& r = requests_[s];
    if (!client_.try_request(s, r.key, r.no_write)) {
        requests_blocked_ = true;
        return;
    }
    to_send_.pop();
    r.is = request::state::sent;
    r.gone_first = UINT64_MAX, r.gone_last = 0;
    ++counted_.requests;
}

void atc::finish_request(request_slot s) {
    requests_[s] = {};
    active_requests_.erase(std::find(active_requests_.begin(), active_requests_.end(), s));
    free_requests_.push_back(s);
}

/// A lookup that found no free request slot goes through the pipeline again, one at a time, before
/// new ones; that of a disabled function, or of one that was reset since, at once.
void atc::replay_stalled() {
    if (replaying_ || stalled_.empty()) return;
    lookup& first = lookups_[stalled_.front()];
    const bool lost = first.is == lookup::turn::lost;
    if (free_requests_.empty() && !lost && function_of(first.key.rid).enabled) return;
    const std::uint32_t index = stalled_.pop();
    first.is = lost ? lookup::turn::lost_again : lookup::turn::again;
    replaying_ = true;
    put_first(index, clock_.next_edge(now()));
}

/// Those that are to be sampled at that edge and right behind it wait a cycle longer.
void atc::put_first(std::uint32_t index, base::ps sample) {
    const base::ps cycles = clock_.to_time({config_.lookup_cycles});
    lookups_[index].due = sample + cycles;
    pipeline_.push(index);
    std::size_t at = pipeline_.size() - 1;
    for (; at > 0 && lookups_[pipeline_.at(at - 1)].due >= lookups_[index].due; --at)
        pipeline_.at(at) = pipeline_.at(at - 1);
    pipeline_.at(at) = index;
    for (base::ps due = lookups_[index].due; at + 1 < pipeline_.size(); ++at) {
        base::ps& behind = lookups_[pipeline_.at(at + 1)].due;
        if (behind > due) break;
        due = behind = due + clock_.period();
    }
    last_lookup_sample_ = lookups_[pipeline_.at(pipeline_.size() - 1)].due - cycles;
}

void atc::grant(std::uint32_t index, const stored_translation& t) {
    const lookup l = lookups_[index];
    free_lookups_.push_back(index);
    if (free_uses_.empty()) {
        free_uses_.push_back(static_cast<std::uint32_t>(uses_.size()));
        uses_.emplace_back();
    }
    const std::uint32_t u = free_uses_.back();
    free_uses_.pop_back();
    use& taken = uses_[u];
    // What goes out untranslated is translated by the TA itself: nothing for an invalidate to wait
    // for.
    const bool drained_by_ta = t.entry.untranslated;
    taken.first = drained_by_ta ? 1 : t.first;
    taken.last = drained_by_ta ? 0 : t.last();
    taken.ssid = t.ssid;
    taken.rid = t.rid;
    taken.global = t.entry.global;
    taken.holds = 0;
    taken.position = static_cast<std::uint32_t>(live_uses_.size());
    live_uses_.push_back(u);

    const std::uint64_t offset = l.key.va.value - t.first;
    const std::uint64_t left = t.last() - l.key.va.value;
    translation answer;
    answer.pa = base::phys_addr{drained_by_ta ? l.key.va.value : t.entry.base + offset};
    answer.bytes_left = left == UINT64_MAX ? left : left + 1;
    answer.untranslated_only = drained_by_ta;
    answer.obtained = t.obtained;
    client_.hit(l.id, u | std::uint32_t{taken.generation} << 16, answer);
}

void atc::refuse(std::uint32_t index, atc_fault why) {
    const lookup_id id = lookups_[index].id;
    free_lookups_.push_back(index);
    client_.fault(id, why);
}

// -- answers ---------------------------------------------------------------------------------

void atc::do_fills() {
    while (!fills_.empty() && fills_.front().edge <= now()) {
        const sampled_fill f = fills_.pop();
        if (f.slot >= requests_.size() || requests_[f.slot].is != request::state::sent) {
            ++counted_.unexpected_fills;
            continue;
        }
        filled(f.slot, f.entry);
    }
}

/// An invalidate that came since the request left reaches the answer: it may be of before.
bool atc::overtaken(const request& r, const ats_entry& e) const {
    if (r.overtaken || e.log2_bytes <= stu_ || (!e.read && !e.write)) return r.overtaken;
    const std::uint64_t first = r.key.va.value & ~below_bit(e.log2_bytes);
    return first <= r.gone_last && (first | below_bit(e.log2_bytes)) >= r.gone_first;
}

void atc::filled(request_slot s, const completion_entry& c) {
    using status = completion_entry::status;
    request& r = requests_[s];
    ++counted_.fills;
    if (r.abandoned) return finish_request(s);
    if (c.result == status::unsupported_request) {
        function_of(r.key.rid).denied = !config_.retry_after_ur;
        return refuse_waiters(s, atc_fault::unsupported_request), finish_request(s);
    }
    if (c.result == status::completer_abort)
        return refuse_waiters(s, atc_fault::completer_abort), finish_request(s);
    if (c.result == status::timeout)
        return refuse_waiters(s, atc_fault::timeout), finish_request(s);
    const ats_entry whole = decode_entry(c.data);
    const ats_entry e = part_of(whole, r.key.va.value);
    if (overtaken(r, e)) {  // PCIe duty 2
        r.overtaken = false;
        ++counted_.repeated_requests;
        return ask(s);
    }
    if (!e.read && !e.write) return refuse_waiters(s, atc_fault::no_access), finish_request(s);
    if (whole.log2_bytes < stu_) {  // illegal: smaller than the STU
        ++counted_.illegal_entries;
        return refuse_waiters(s, atc_fault::no_access), finish_request(s);
    }
    const std::uint64_t first = r.key.va.value & ~below_bit(e.log2_bytes);
    const stored_translation t{
        first, e, r.key.rid, r.key.ssid, r.key.priv, c.obtained != base::ps{} ? c.obtained : now()};
    const bool kept = !shadows(t);
    if (kept) store_.insert(t);
    if (kept && tells(base::kind::atc_fill))
        ctx_.probe.emit(base::kind::atc_fill, place_, now(), {}, first, e.base,
                        below_bit(e.log2_bytes) + 1, substream_field(r.key.ssid));
    answer_waiters(s, t);
}

std::uint32_t atc::take_waiters(request_slot s) {
    const std::uint32_t first = requests_[s].first_waiter;
    requests_[s].first_waiter = requests_[s].last_waiter = none;
    return first;
}

/// A write that waits behind an answer to NW = 1 with W = 0 asks again with NW = 0; any other
/// access that the answer does not allow is refused.
void atc::answer_waiters(request_slot s, const stored_translation& t) {
    bool ask_again = false;
    for (std::uint32_t i = take_waiters(s); i != none;) {
        const std::uint32_t next = lookups_[i].next;
        const atc_access access = lookups_[i].access;
        if (allows(t.entry, access)) {
            grant(i, t);
        } else if (access == atc_access::write && requests_[s].no_write) {
            wait_in(s, i);
            ask_again = true;
        } else {
            refuse(i, atc_fault::no_access);
        }
        i = next;
    }
    if (!ask_again) return finish_request(s);
    requests_[s].no_write = false;
    ++counted_.repeated_requests;
    ask(s);
}

void atc::refuse_waiters(request_slot s, atc_fault why) {
    for (std::uint32_t i = take_waiters(s); i != none;) {
        const std::uint32_t next = lookups_[i].next;
        refuse(i, why);
        i = next;
    }
}

}  // namespace drydock::endpoint
