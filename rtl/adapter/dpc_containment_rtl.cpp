// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/dpc_containment_rtl.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace drydock::rtl {
namespace {

using root_complex::containment_answer;
using root_complex::containment_cause;
using root_complex::containment_channel;
using root_complex::containment_class;
using root_complex::containment_verdict;
using root_complex::containment_way;

constexpr std::size_t index(containment_way w) { return static_cast<std::size_t>(w); }
constexpr std::size_t index(containment_channel c) { return static_cast<std::size_t>(c); }

/// message_t of rtl/dpc_containment_pkg.sv.
constexpr std::uint8_t err_nonfatal = 1, err_fatal = 2;

// The enumerations of the interface have the codes of rtl/dpc_containment_pkg.sv.
static_assert(static_cast<int>(containment_cause::software) == 4);
static_assert(static_cast<int>(containment_class::completion) == 2);
static_assert(static_cast<int>(containment_verdict::complete_ca) == 3);
static_assert(static_cast<int>(containment_answer::ignored) == 2);

/// Of a block without timer: its ticks never matter.
base::tick_grid grid_of(const root_complex::containment_config& c) {
    return c.rp_busy == base::never ? base::tick_grid(base::ps{0}, c.clock) : c.grid();
}

}  // namespace

dpc_containment_rtl::dpc_containment_rtl(std::string_view name, base::context& ctx,
                                         const root_complex::containment_config& config,
                                         root_complex::containment_client& client,
                                         containment_set set, bool look_ahead)
    : dpc_containment_rtl(
          name, ctx, config, client,
          make_dpc_containment(set, config.root_port_extensions, config.rp_busy == base::never),
          look_ahead) {}

dpc_containment_rtl::dpc_containment_rtl(std::string_view name, base::context& ctx,
                                         const root_complex::containment_config& config,
                                         root_complex::containment_client& client,
                                         std::unique_ptr<dpc_containment_pins> block,
                                         bool look_ahead)
    : config_(config),
      grid_(grid_of(config)),
      client_(client),
      block_(std::move(block)),
      host_(name, ctx, config.clock, *this, look_ahead),
      name_(name) {
    if (config.lanes > block_->lanes())
        throw std::invalid_argument(std::string(name) + ": " + std::to_string(config.lanes) +
                                    " TLPs an edge, but this parameter set of the block has " +
                                    std::to_string(block_->lanes()) + " lanes");
}

void dpc_containment_rtl::record_to(base::signal_recorder* to) {
    signals_ = make_signals(to, name_, *block_);
}

// -- inputs --------------------------------------------------------------------------------------

void dpc_containment_rtl::control(const root_complex::containment_control& c) {
    controls_.push({host_.wake(), c});
}

bool dpc_containment_rtl::try_trigger(const root_complex::containment_trigger& t) {
    if (trigger_.due != base::never) {
        refused_[index(containment_channel::trigger)] = true;
        return false;
    }
    trigger_ = {host_.wake(), t};
    return true;
}

bool dpc_containment_rtl::try_tlp(containment_way way, const root_complex::containment_tlp& t) {
    auto& waiting = tlps_[index(way)];
    if (waiting.size() == config_.lanes) {
        refused_[index(way == containment_way::up ? containment_channel::up
                                                  : containment_channel::down)] = true;
        return false;
    }
    waiting.push({host_.wake(), t});
    return true;
}

void dpc_containment_rtl::release() { release_ = host_.wake(); }

bool dpc_containment_rtl::more() { return signals_ ? signals_->again(has_input()) : has_input(); }

bool dpc_containment_rtl::has_input() const {
    return !controls_.empty() || trigger_.due != base::never || release_ != base::never ||
           !tlps_[0].empty() || !tlps_[1].empty();
}

// -- an edge -------------------------------------------------------------------------------------

void dpc_containment_rtl::drive_lanes(containment_way way, lanes_in& lanes) {
    auto& waiting = tlps_[index(way)];
    for (auto& lane : lanes) {
        lane.valid = !waiting.empty() && due(waiting.front().due);
        if (!lane.valid) continue;
        const root_complex::containment_tlp t = waiting.pop().what;
        lane.what = static_cast<std::uint8_t>(t.what);
        lane.message = t.err_fatal ? err_fatal : t.err_nonfatal ? err_nonfatal : 0;
        lane.source = t.requester.value;
    }
}

void dpc_containment_rtl::drive_inputs() {
    dpc_containment_pins::inputs& in = block_->in;
    in.tick = grid_.is_tick(host_.edge_time());
    in.control_valid = false;
    while (!controls_.empty() && due(controls_.front().due)) {
        const root_complex::containment_control c = controls_.pop().what;
        in.control_valid = true;
        in.control_enable = c.trigger_enable;
        in.control_complete_ur = c.complete_with_ur;
    }
    in.trigger_valid = due(trigger_.due);
    if (in.trigger_valid) {
        triggered_by_ = std::exchange(trigger_, {}).what;
        in.trigger_cause = static_cast<std::uint8_t>(triggered_by_.cause);
        in.trigger_fatal = triggered_by_.fatal;
        in.trigger_source = triggered_by_.source.value;
    }
    in.release = due(release_);
    if (in.release) release_ = base::never;
    drive_lanes(containment_way::up, in.up);
    drive_lanes(containment_way::down, in.down);
}

host::clocked::state dpc_containment_rtl::edge() {
    drive_inputs();
    block_->clock();
    if (signals_) signals_->sample(host_.edge_time(), *block_);
    const bool counts = block_->out.rp_busy && config_.rp_busy != base::never;
    host_.wake_at(counts ? grid_.tick_after(host_.edge_time()) : base::never);
    if (has_output()) {
        if (signals_) signals_->has_results();
        return state::results;
    }
    return more() ? state::busy : state::idle;
}

// -- what it leaves ------------------------------------------------------------------------------

bool dpc_containment_rtl::has_output() const {
    const dpc_containment_pins::outputs& o = block_->out;
    return o.answer_valid || o.released || o.release_too_early || o.rp_idle || o.up[0].judged ||
           o.down[0].judged;
}

bool dpc_containment_rtl::hand_out() {
    const dpc_containment_pins::outputs o = block_->out;
    if (o.rp_idle) client_.rp_idle();
    if (o.contained_by_trigger) client_.contained(triggered_by_);
    if (o.answer_valid) client_.answered(static_cast<containment_answer>(o.answer));
    if (o.release_too_early) client_.release_too_early();
    if (o.released) client_.released();
    tell_verdicts(containment_way::up, o.up);
    tell_verdicts(containment_way::down, o.down);
    tell_ready();
    return more();
}

void dpc_containment_rtl::tell_verdicts(containment_way way, const lanes_out& lanes) {
    bool by_message = way == containment_way::up && block_->out.contained_by_message;
    for (const dpc_containment_pins::verdict& v : lanes) {
        if (!v.judged) break;
        const auto verdict = static_cast<containment_verdict>(v.is);
        if (verdict == containment_verdict::discard && std::exchange(by_message, false)) {
            const bool fatal =
                block_->out.reason == static_cast<std::uint8_t>(containment_cause::fatal_message);
            client_.contained(
                {fatal ? containment_cause::fatal_message : containment_cause::nonfatal_message,
                 fatal, base::routing_id{block_->out.source}});
        }
        client_.judged(way, verdict);
    }
}

void dpc_containment_rtl::tell_ready() {
    for (const auto c :
         {containment_channel::trigger, containment_channel::up, containment_channel::down})
        if (std::exchange(refused_[index(c)], false)) client_.ready(c);
}

}  // namespace drydock::rtl
