// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/atc.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

#include "rtl/adapter/atc_signals.h"

namespace drydock::rtl {
namespace {

constexpr unsigned page_log2 = 12;

void check(bool fits, std::string_view what, unsigned wanted, unsigned has, const char* unit) {
    if (fits) return;
    throw std::invalid_argument("the ATC block '" + std::string(unit) + "' has " +
                                std::to_string(has) + " " + std::string(what) + ", " +
                                std::to_string(wanted) + " are needed");
}

const atc_unit& checked(const atc_unit& u, const atc_config& c) {
    check(c.uses <= u.shape.uses, "uses", c.uses, u.shape.uses, u.name);
    check(u.shape.uses <= most_uses, "uses, more than an adapter can number:", most_uses,
          u.shape.uses, u.name);
    check(c.invalidate_queue <= u.shape.queue, "places for Invalidate Requests", c.invalidate_queue,
          u.shape.queue, u.name);
    return u;
}

}  // namespace

atc::atc(std::string_view name, base::context& ctx, const atc_unit& unit, const atc_config& config,
         endpoint::atc_client& client)
    : ctx_(ctx),
      unit_(checked(unit, config)),
      block_(unit.make()),
      config_(config),
      client_(client),
      place_(ctx.probe.place(name)),
      host_(name, ctx, config.clock, *this, config.look_ahead),
      lookups_(unit.shape.uses),
      requested_(unit.shape.slots),
      obtained_(std::size_t{unit.shape.sets} * unit.shape.ways),
      reason_disabled_(ctx.probe.text("ATS disabled")),
      reason_reset_(ctx.probe.text("reset while queued")) {
    in_.shared = config.shared;
    in_.ignore_when_disabled = config.ignore_when_disabled;
    in_.retry_after_ur = config.retry_after_ur;
    out_.control_ready = out_.lookup_ready = out_.fill_ready = out_.invalidate_ready = 1;
    for (std::size_t t = lookups_.size(); t-- > 0;)
        free_tags_.push_back(static_cast<std::uint16_t>(t));
}

atc::~atc() { unit_.unmake(block_); }

void atc::set_stu(std::uint8_t log2_bytes) {
    in_.unit = static_cast<std::uint8_t>(log2_bytes - page_log2);
}

void atc::show(signal_sink& to) const {
    show_ports(unit_.shape, in_, out_, to);
    if (unit_.show_state != nullptr) unit_.show_state(block_, to);
}

void atc::record_to(base::signal_recorder* to) {
    signals_ = make_signals(to, ctx_.probe.name(place_), *this);
}

// -- inputs ------------------------------------------------------------------------------------

bool atc::try_lookup(endpoint::lookup_id id, const endpoint::atc_key& key,
                     endpoint::atc_access access) {
    if (!room_for_lookups() || free_tags_.empty()) {
        lookup_refused_ = true;
        return false;
    }
    const std::uint16_t tag = free_tags_.back();
    free_tags_.pop_back();
    ++in_progress_;
    lookup& l = lookups_[tag];
    l.id = id;
    l.key = key;
    l.access = access;
    l.is = lookup::state::in_progress;
    lookup_queue_.push_back({tag, host_.wake()});
    return true;
}

bool atc::try_fill(endpoint::request_slot slot, const endpoint::completion_entry& entry) {
    if (fill_queue_.size() == most_fills) return false;
    fill_queue_.push_back({slot, entry, host_.wake()});
    return true;
}

bool atc::try_invalidate(const endpoint::invalidate& what) {
    if (!room_for_invalidates()) {
        invalidate_refused_ = true;
        return false;
    }
    std::uint8_t slot = 0;
    while (invalidations_[slot].taken) ++slot;
    ++invalidates_;
    invalidations_[slot] = {what, {}, {}, true, false};
    invalidate_queue_.push_back({slot, host_.wake()});
    return true;
}

bool atc::try_control(base::routing_id rid, endpoint::atc_control what) {
    if (control_queue_.size() == most_controls) {
        control_refused_ = true;
        return false;
    }
    control_queue_.push_back({rid, what, host_.wake()});
    return true;
}

void atc::release(endpoint::use_id id) {
    const auto tag = static_cast<std::uint16_t>(id & 0xffff);
    lookup& l = lookups_[tag];
    if (l.is != lookup::state::used || l.generation != id >> 16) return;  // of before a reset
    releases_[tag / 64] |= std::uint64_t{1} << (tag % 64);
    releasing_ = true;
    free_tag(tag);
    if (lookup_refused_) ready_due_ = true;
    host_.wake();
}

void atc::resume() {
    if (!requests_blocked_ && !completions_blocked_) return;
    requests_blocked_ = completions_blocked_ = false;
    host_.wake();
}

void atc::free_tag(std::uint16_t tag) {
    lookup& l = lookups_[tag];
    l.is = lookup::state::free;
    ++l.generation;
    --in_progress_;
    free_tags_.push_back(tag);
}

// -- an edge -----------------------------------------------------------------------------------

host::clocked::state atc::edge() {
    offer();
    taken();
    unit_.edge(block_, &in_, &out_);
    if (signals_) signals_->sample(host_.edge_time(), *this);
    in_.request_ready = in_.completion_ready = 0;
    if (in_.release_valid) std::fill(std::begin(in_.release), std::end(in_.release), 0);
    if (has_results()) {
        if (signals_) signals_->has_results();
        return state::results;
    }
    return busy() ? state::busy : state::idle;
}

/// Shows the block what is due: at most one of each kind.
void atc::offer() {
    forgotten lost;
    in_.control_valid = due(control_queue_);
    if (in_.control_valid) {
        const queued_control c = control_queue_.front();
        in_.control = static_cast<std::uint8_t>(c.what);
        in_.control_rid = c.rid.value;
        if (c.what == endpoint::atc_control::reset && out_.control_ready) lost = forget(c.rid);
    }
    in_.lookup_valid = !lost.lookup && due(lookup_queue_);
    if (in_.lookup_valid) {
        const std::uint16_t tag = lookup_queue_.front().tag;
        const lookup& l = lookups_[tag];
        in_.lookup_tag = tag;
        in_.lookup_rid = l.key.rid.value;
        in_.lookup_pasid_valid = l.key.ssid.has_value();
        in_.lookup_pasid = l.key.ssid ? l.key.ssid->value : 0;
        in_.lookup_privileged = l.key.priv;
        in_.lookup_page = l.key.va.value >> page_log2;
        in_.lookup_access = static_cast<std::uint8_t>(l.access);
    }
    in_.fill_valid = !lost.fill && due(fill_queue_);
    if (in_.fill_valid) {
        in_.fill_slot = fill_queue_.front().slot;
        in_.fill_status = static_cast<std::uint8_t>(fill_queue_.front().entry.result);
        in_.fill_data = fill_queue_.front().entry.data;
    }
    in_.invalidate_valid = !lost.invalidate && due(invalidate_queue_);
    if (in_.invalidate_valid) {
        in_.invalidate_slot = invalidate_queue_.front().slot;
        const endpoint::invalidate& i = invalidations_[in_.invalidate_slot].what;
        in_.invalidate_rid = i.rid.value;
        in_.invalidate_pasid_valid = i.ssid.has_value();
        in_.invalidate_pasid = i.ssid ? i.ssid->value : 0;
        in_.invalidate_global = i.global;
        in_.invalidate_itag = i.tag.value & 31;
        in_.invalidate_class = i.traffic_class;
        in_.invalidate_first = i.first.value >> page_log2;
        in_.invalidate_last = i.last.value >> page_log2;
    }
    in_.release_valid = releasing_;
    if (std::exchange(releasing_, false)) {
        std::copy(releases_.begin(), releases_.end(), in_.release);
        releases_.fill(0);
    }
}

/// What is valid and ready at this edge has been handed over.
void atc::taken() {
    if (in_.control_valid && out_.control_ready) {
        control_queue_.pop_front();
        ready_due_ = ready_due_ || control_refused_;
    }
    if (in_.lookup_valid && out_.lookup_ready) lookup_queue_.pop_front();
    if (in_.fill_valid && out_.fill_ready) {
        filled_ = fill_queue_.front();
        fill_queue_.pop_front();
    }
    if (in_.invalidate_valid && out_.invalidate_ready) {
        invalidations_[in_.invalidate_slot].sample = host_.edge_time();
        invalidate_queue_.pop_front();
    }
}

/// A function is reset: what it has handed in is not looked at any more, and what the block still
/// says of its lookups is not handed out. What would have been handed over at this edge leaves its
/// place in it empty.
atc::forgotten atc::forget(base::routing_id rid) {
    forgotten lost;
    lost.lookup = due(lookup_queue_) && out_.lookup_ready &&
                  of(lookups_[lookup_queue_.front().tag].key.rid, rid);
    lost.fill =
        due(fill_queue_) && out_.fill_ready && of(requested_[fill_queue_.front().slot].rid, rid);
    lost.invalidate = due(invalidate_queue_) && out_.invalidate_ready &&
                      of(invalidations_[invalidate_queue_.front().slot].what.rid, rid);
    std::erase_if(fill_queue_,
                  [&](const queued_fill& f) { return of(requested_[f.slot].rid, rid); });
    std::erase_if(lookup_queue_, [&](const queued_lookup& q) {
        if (!of(lookups_[q.tag].key.rid, rid)) return false;
        free_tag(q.tag);
        return true;
    });
    std::erase_if(invalidate_queue_, [&](const queued_invalidate& q) {
        if (!of(invalidations_[q.slot].what.rid, rid)) return false;
        ignored(q.slot, reason_reset_);
        return true;
    });
    for (std::size_t t = 0; t < lookups_.size(); ++t) {
        lookup& l = lookups_[t];
        if (l.is == lookup::state::free || !of(l.key.rid, rid)) continue;
        if (l.is == lookup::state::used || !config_.shared)
            free_tag(static_cast<std::uint16_t>(t));
        else
            l.is = lookup::state::forgotten;  // until the block has answered it
    }
    if (!config_.shared) requests_blocked_ = completions_blocked_ = false;
    if (!config_.shared) lookup_refused_ = invalidate_refused_ = false;
    ready_due_ = true;
    return lost;
}

bool atc::pending() const {
    return !control_queue_.empty() || !lookup_queue_.empty() || !fill_queue_.empty() ||
           !invalidate_queue_.empty() || releasing_ || in_.request_ready || in_.completion_ready;
}

bool atc::has_results() const {
    return out_.answer_valid || out_.wake_valid || out_.dropped_valid || out_.started_valid ||
           out_.processed_valid || (out_.drained | out_.ignored) != 0 ||
           (out_.request_valid && !requests_blocked_) ||
           (out_.completion_valid && !completions_blocked_) || ready_due_;
}

bool atc::busy() {
    const bool more = out_.busy || pending();
    return signals_ ? signals_->again(more) : more;
}

}  // namespace drydock::rtl
