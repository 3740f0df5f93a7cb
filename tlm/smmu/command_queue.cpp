// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/command_queue.h"

#include <algorithm>

#include "tlm/smmu/little_endian.h"

namespace drydock::smmu {

command_queue::command_queue(std::string_view name, base::context& ctx, base::place_id place,
                             const smmu_config& c, register_map& regs, memory_port& memory,
                             translator& t, event_queue& events, msi& interrupts,
                             global_errors& errors, command_queue_client& client)
    : ctx_(ctx),
      place_(place),
      config_(c),
      regs_(regs),
      memory_(memory),
      translator_(t),
      events_(events),
      msi_(interrupts),
      errors_(errors),
      client_(client),
      timeline_id_(ctx.timeline.join(name, *this)),
      trace_(place, ctx, memory) {}

// -- when to look
// ------------------------------------------------------------------------------------

void command_queue::prod_written(std::uint64_t before) {
    if (enabled_)
        trace_.visible(geometry_, static_cast<std::uint32_t>(before) & geometry_.position_mask(),
                       prod());
    look();
}

void command_queue::enable(bool on) {
    enabled_ = on;
    if (on) {
        geometry_ = queue_geometry::of(regs_.cmdq_base, config_.cmdqs, command_bytes);
        trace_.visible(geometry_, cons(), prod());
        start_over();
    } else if (state_ == state::idle) {
        start_over();
        client_.commands_quiet();
    }
}

void command_queue::restart() { start_over(); }

/// Forgets what has been fetched and looks again from CMDQ_CONS on.
void command_queue::start_over() {
    if (state_ != state::idle) return;
    forget_fetched();
    fetch_position_ = cons();
    look();
}

void command_queue::forget_fetched() {
    buffer_.clear();
    ++fetch_epoch_;
    fetching_ = fetch_aborted_ = fetch_singly_ = next_told_ = false;
}

void command_queue::look() {
    if (!running()) return;
    if (state_ == state::idle && !next_told_ && !geometry_.empty(prod(), cons())) {
        next_told_ = true;
        trace_.next(geometry_, cons());
    }
    fetch();
    begin();
}

void command_queue::fetch() {
    if (fetching_ || fetch_aborted_ ||
        buffer_.size() + config_.commands_per_fetch > buffer_commands)
        return;
    const std::uint32_t waiting = geometry_.used(prod(), fetch_position_);
    if (waiting == 0) return;
    const std::uint32_t n = std::min({waiting, fetch_singly_ ? 1u : config_.commands_per_fetch,
                                      geometry_.entries() - geometry_.index(fetch_position_)});
    fetching_ = true;
    memory_.read(*this, fetch_epoch_, geometry_.address(fetch_position_),
                 n * static_cast<unsigned>(command_bytes));
    fetch_position_ = geometry_.advanced(fetch_position_, n);
}

void command_queue::answered(std::uint64_t epoch, tlm::tlm_generic_payload& gp) {
    if (epoch != fetch_epoch_) return;
    fetching_ = false;
    if (gp.is_response_error()) {
        // Which of several commands cannot be read is found out one by one.
        const std::uint32_t n = gp.get_data_length() / command_bytes;
        if (n == 1) fetch_aborted_ = true;
        fetch_position_ = geometry_.advanced(fetch_position_, 0 - n);
        fetch_singly_ = true;
    } else {
        const std::uint8_t* bytes = gp.get_data_ptr();
        for (unsigned at = 0; at < gp.get_data_length(); at += command_bytes)
            buffer_.push({load_le(bytes + at), load_le(bytes + at + 8)});
    }
    look();
}

// -- the head of the queue
// ---------------------------------------------------------------------------

void command_queue::begin() {
    if (state_ != state::idle) return;
    if (buffer_.empty()) {
        if (fetch_aborted_) fail(cerror::abt);
        return;
    }
    state_ = state::decoding;
    trace_.fetched(geometry_, cons(), buffer_.front());
    ctx_.timeline.after(config_.command, base::phase::serve, timeline_id_,
                        static_cast<std::uint64_t>(op::decoded));
}

void command_queue::on_time(std::uint64_t what) {
    switch (static_cast<op>(what)) {
        case op::decoded:
            return decoded();
        case op::worked:
            return consume();
        case op::tbus_done:
            return poke();
        case op::sync_check:
            check_scheduled_ = false;
            if (state_ == state::waiting_sync) check_sync();
    }
}

void command_queue::decoded() {
    trace_.decoded();
    const auto c = decode(buffer_.front(), config_);
    if (!c) {
        fail(cerror::ill);
        return;
    }
    head_ = *c;
    run();
}

void command_queue::run() {
    if (is_invalidation_of_caches(head_.op)) {
        run_invalidation();
        return;
    }
    switch (head_.op) {
        case opcode::atc_inv:
            run_atc_inv();
            break;
        case opcode::sync:
            begin_sync();
            break;
        case opcode::pri_resp:
            if (client_.translating()) client_.respond(head_);
            consume();
            break;
        case opcode::resume:
            translator_.resume(head_.sid, head_.stag, head_.retry, head_.abort);
            consume();
            break;
        case opcode::stall_term:
            translator_.terminate_stalled(head_.sid);
            consume();
            break;
        default:
            run_prefetch();
            consume();
            break;
    }
}

void command_queue::run_prefetch() {
    const bool by_address = head_.op == opcode::prefetch_addr;
    translator_.prefetch(head_.sid, head_.ssid,
                         by_address ? std::optional(base::iova{head_.va.first}) : std::nullopt,
                         client_.tbu_of(head_.sid));
}

/// Acts at once; its work takes its time at the TCU, then at the TBUs and back.
void command_queue::run_invalidation() {
    invalidate_caches();
    effect_number_ = translator_.newest_number();
    state_ = state::working;
    const bool tlbi = head_.op >= opcode::tlbi_nh_all;
    const std::uint64_t cycles =
        tlbi ? config_.tlbi_cycles - 1 + translator_.last_tlbi_sets() : config_.cfgi_cycles;
    const base::ps work = config_.clock * static_cast<std::int64_t>(cycles);
    if (tlbi)
        tbus_done_ = ctx_.now() + work +
                     config_.clock * (config_.tcu_to_tbu_cycles + config_.tbu_to_tcu_cycles);
    ctx_.timeline.after(work, base::phase::serve, timeline_id_,
                        static_cast<std::uint64_t>(op::worked));
}

void command_queue::invalidate_caches() {
    const command& c = head_;
    switch (c.op) {
        case opcode::cfgi_ste:
            translator_.invalidate_ste(c.sid, c.leaf);
            break;
        case opcode::cfgi_ste_range:
            if (c.range == 31)
                translator_.invalidate_all_config();
            else
                translator_.invalidate_ste_range(c.sid, c.range);
            break;
        case opcode::cfgi_cd:
            translator_.invalidate_cd(c.sid, *c.ssid, c.leaf);
            break;
        case opcode::cfgi_cd_all:
            translator_.invalidate_cd_all(c.sid);
            break;
        case opcode::tlbi_nh_all:
            translator_.tlbi_nh_all(c.vmid);
            break;
        case opcode::tlbi_nh_asid:
            translator_.tlbi_nh_asid(c.vmid, c.asid);
            break;
        case opcode::tlbi_nh_va:
            translator_.tlbi_nh_va(c.vmid, c.asid, c.va);
            break;
        case opcode::tlbi_nh_vaa:
            translator_.tlbi_nh_vaa(c.vmid, c.va);
            break;
        case opcode::tlbi_el2_all:
            translator_.tlbi_el2_all();
            break;
        case opcode::tlbi_el2_asid:
            translator_.tlbi_el2_asid(c.asid);
            break;
        case opcode::tlbi_el2_va:
            translator_.tlbi_el2_va(c.asid, c.va);
            break;
        case opcode::tlbi_el2_vaa:
            translator_.tlbi_el2_vaa(c.va);
            break;
        case opcode::tlbi_s12_vmall:
            translator_.tlbi_s12_vmall(c.vmid);
            break;
        case opcode::tlbi_s2_ipa:
            translator_.tlbi_s2_ipa(c.vmid, c.va);
            break;
        default:
            translator_.tlbi_nsnh_all();
            break;
    }
}

void command_queue::run_atc_inv() {
    if (!client_.translating()) {
        consume();
        return;
    }
    const base::span_id span = trace_.span();
    switch (client_.invalidate(head_, span)) {
        case invalidations::outcome::refused:
            state_ = state::waiting_itag;
            return;
        case invalidations::outcome::started:
            ++outstanding_;
            break;
        case invalidations::outcome::done:
            break;
    }
    trace_.covers(span);
    consume();
}

void command_queue::invalidations_ready() {
    if (state_ == state::waiting_itag) {
        trace_.waits_for(released_by_);
        run_atc_inv();
    }
}

void command_queue::invalidation_finished(base::span_id span, bool lost) {
    --outstanding_;
    if (lost) ++lost_;
    released_by_ = span;
    poke();
}

void command_queue::invalidations_drained() {
    draining_ = false;
    poke();
}

// -- CMD_SYNC
// ------------------------------------------------------------------------------------------

void command_queue::begin_sync() {
    state_ = state::waiting_sync;
    sync_events_ = events_.submitted();
    released_by_ = base::no_span;
    draining_ = outstanding_ > 0;
    if (draining_) client_.drain_invalidations();
    if (lost_ > 0 || sync_done()) return check_sync();
    if (tbus_done_ > ctx_.now())
        ctx_.timeline.at(tbus_done_, base::phase::serve, timeline_id_,
                         static_cast<std::uint64_t>(op::tbus_done));
}

bool command_queue::sync_done() const {
    return outstanding_ == 0 && !draining_ && tbus_done_ <= ctx_.now() &&
           translator_.oldest_unperformed() > effect_number_ && events_.settled() >= sync_events_ &&
           msi_.settled(msi_source::cmdq);
}

void command_queue::poke() {
    if (state_ != state::waiting_sync || check_scheduled_ || (lost_ == 0 && !sync_done())) return;
    // Everything that ends at this instant counts: several ITags expire at one tick.
    check_scheduled_ = true;
    ctx_.timeline.after(base::ps{0}, base::phase::serve, timeline_id_,
                        static_cast<std::uint64_t>(op::sync_check));
}

void command_queue::check_sync() {
    if (lost_ > 0) {
        fail(cerror::atc_inv_sync);
    } else if (sync_done()) {
        end_sync();
    }
}

void command_queue::end_sync() {
    trace_.waits_for(released_by_);
    trace_.synced(released_by_);
    effect_number_ = 0;
    const command sync = head_;
    pass();
    // Whoever sees the signal sees CMDQ_CONS past the SYNC.
    if (sync.signal == sync_signal::interrupt)
        msi_.send(msi_source::cmdq, config_.msi ? sync.msi_address : base::phys_addr{},
                  sync.msi_data);
    else if (sync.signal == sync_signal::event && config_.sev)
        client_.sev();
    look();
}

// -- leaving the head
// ------------------------------------------------------------------------------------

void command_queue::consume() {
    pass();
    look();
}

/// CMDQ_CONS passes the command at the head.
void command_queue::pass() {
    const std::uint32_t position = cons();
    const std::uint32_t next = geometry_.advanced(position, 1);
    trace_.left(geometry_, position, opcode_of(buffer_.front()), geometry_.empty(prod(), next));
    buffer_.pop();
    state_ = state::idle;
    next_told_ = false;
    regs_.cmdq_cons.value = (regs_.cmdq_cons.value & ~queue_index::position) | next;
    notify();
    if (enabled_) return;
    start_over();
    client_.commands_quiet();
}

void command_queue::fail(cerror code) {
    if (ctx_.probe.wants(base::kind::cerror))
        ctx_.probe.emit(base::kind::cerror, place_, ctx_.now(), trace_.span(),
                        static_cast<std::uint64_t>(code), geometry_.index(cons()));
    if (code == cerror::atc_inv_sync) {
        lost_ = 0;
        trace_.stopped(released_by_);
        if (config_.after_lost_invalidation == cerror_sync::skipped) {
            trace_.synced(released_by_);
            regs_.cmdq_cons.value =
                (regs_.cmdq_cons.value & ~queue_index::position) | geometry_.advanced(cons(), 1);
        }
    }
    state_ = state::idle;
    forget_fetched();
    regs_.cmdq_cons.set<cmdq_cons::err>(static_cast<std::uint64_t>(code));
    notify();
    errors_.raise(global_error::cmdq);
    if (!enabled_) client_.commands_quiet();
}

void command_queue::notify() {
    if (observer_ != nullptr) observer_->register_changed(regs_.cmdq_cons.offset);
}

}  // namespace drydock::smmu
