// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/cmdq.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "sw/arm_smmu_v3/regs.h"
#include "sw/pci/device.h"

namespace drydock::sw {

namespace {

constexpr u32 owned_flag = 1u << 31;
constexpr u64 entry_bytes = 16;

hal::span_class class_of(u64 word0) {
    switch (word0 & 0xff) {
        case CMDQ_OP_ATC_INV:
            return hal::span_class::atc_inv;
        case CMDQ_OP_CMD_SYNC:
            return hal::span_class::sync;
        case CMDQ_OP_CFGI_STE:
        case CMDQ_OP_CFGI_ALL:
        case CMDQ_OP_CFGI_CD:
            return hal::span_class::cfgi;
        default:
            return hal::span_class::tlbi;
    }
}

hal::span_id begin_span(kernel& k, hal::span_class c, u16 device, u64 detail) {
    auto& tell = k.observe();
    if (!tell.wants(hal::note::span_begin) && !tell.wants(hal::note::stage)) return 0;
    const auto id = tell.new_span();
    tell.emit(hal::note::span_begin, k.current_place(), id, static_cast<u64>(c), k.current_span(),
              device, detail);
    return id;
}

void stage(kernel& k, hal::span_id span, u64 boundary) {
    if (span != 0) k.observe().emit(hal::note::stage, k.current_place(), span, boundary);
}

}  // namespace

// -- batch --

void arm_smmu_cmdq_batch::push(bool sync) {
    const int rc = queue_.issue_cmdlist(*this, sync);
    if (sync) {
        end_spans(rc);
        if (failed_ == 0) failed_ = rc;
    } else {
        for (u32 i = 0; i < num_; ++i)
            if (spans_[i] != 0) pushed_.emplace_back(spans_[i], is_atc_[i]);
    }
    num_ = 0;
}

void arm_smmu_cmdq_batch::add(const arm_smmu_cmdq_ent& e) {
    if (num_ == queue_.batch_entries()) push(queue_.config().force_sync);
    const bool atc = e.opcode == CMDQ_OP_ATC_INV;
    cmds_[num_] = arm_smmu_cmdq_build_cmd(e);
    spans_[num_] =
        begin_span(queue_.k(), class_of(e.opcode), e.rid.value_or(static_cast<u16>(e.sid)), e.addr);
    is_atc_[num_] = atc;
    if (atc) stage(queue_.k(), spans_[num_], 0);
    atc_inv_ |= atc;
    ++num_;
}

int arm_smmu_cmdq_batch::submit() {
    const int rc = queue_.issue_cmdlist(*this, true);
    end_spans(rc);
    num_ = 0;
    atc_inv_ = false;
    return failed_ != 0 ? std::exchange(failed_, 0) : rc;
}

void arm_smmu_cmdq_batch::end_spans(int result) {
    const auto end = [&](hal::span_id s, bool atc) {
        if (s == 0) return;
        kernel& k = queue_.k();
        if (atc) stage(k, s, 16);
        k.observe().emit(hal::note::span_end, k.current_place(), s,
                         static_cast<u64>(static_cast<std::int64_t>(result)));
    };
    for (const auto& [s, atc] : pushed_) end(s, atc);
    pushed_.clear();
    for (u32 i = 0; i < num_; ++i) end(spans_[i], is_atc_[i]);
}

// -- queue --

arm_smmu_cmdq::arm_smmu_cmdq(kernel& k, phys_addr_t smmu_base, const arm_smmu_cmdq_config& config)
    : kernel_(k),
      smmu_(smmu_base),
      config_(config),
      valid_(std::size_t{1} << config.log2size, 0),
      atc_sync_timeouts_(valid_),
      sync_waits_(valid_) {
    llq_.max_n_shift = config.log2size;
}

void arm_smmu_cmdq::limit_to(bool sev, bool msi) {
    config_.sev &= sev;
    config_.msi_polling &= msi;
}

u32 arm_smmu_cmdq::batch_entries() const {
    return std::min(CMDQ_BATCH_ENTRIES - (config_.force_sync ? 1 : 0), llq_.entries() - 1);
}

void arm_smmu_cmdq::init() {
    const u64 bytes = entry_bytes << config_.log2size;
    memory_ = {alloc_aligned(kernel_, bytes, bytes, "cmdq"), entry_bytes};
    kernel_.host().memory.track_writers(memory_.base, bytes);
    kernel_.writeq(smmu_ + smmu_reg::CMDQ_BASE, smmu_reg::Q_BASE_RWA |
                                                    (memory_.base & smmu_reg::Q_BASE_ADDR) |
                                                    config_.log2size);
    kernel_.writel(smmu_ + smmu_reg::CMDQ_PROD, llq_.prod);
    kernel_.writel(smmu_ + smmu_reg::CMDQ_CONS, llq_.cons);
}

template <class Condition>
void arm_smmu_cmdq::spin_until(Condition met) {
    while (!met()) kernel_.spend(kernel_.costs().cpu_relax);
}

/// Before our slots become valid: the queue cannot wrap twice unseen.
void arm_smmu_cmdq::shared_lock() {
    spin_until([this] { return lock_ >= 0; });
    ++lock_;
}

/// The last waiter moves the copy of CONS: until then every waiter can tell by it whether it was
/// passed.
void arm_smmu_cmdq::shared_unlock(u32 cons) {
    if (lock_ == 1) llq_.cons = cons;
    --lock_;
}

/// If nobody waits for a SYNC, brings the copy of CONS up to date: alone, since what another waiter
/// puts there meanwhile would be newer. Else Linux's queue_poll() on the copy, which that waiter
/// updates; no register is read. Where only n slots are lacking Linux spins; here it looks once a
/// microsecond (choice).
void arm_smmu_cmdq::poll_until_not_full(u32 n) {
    if (lock_ == 0) {
        kernel_.local_irq_save();
        lock_ = -1;
        llq_.cons = kernel_.readl(smmu_ + smmu_reg::CMDQ_CONS);
        lock_ = 0;
        kernel_.local_irq_restore();
        kernel_.spend(kernel_.costs().lock);  // who waits to share the lock gets it now
        return;
    }
    const auto limit = kernel_.now() + config_.timeout;
    u32 spins = 0;
    for (hal::duration delay = 1us; lock_ != 0 && !llq_.has_space(n);) {
        if (!llq_.full()) {
            kernel_.udelay(1us);
        } else if (kernel_.now() > limit) {
            if (full_log_.allow(kernel_.now())) kernel_.log(3, "CMDQ timeout");
            return;
        } else if (++spins < 10) {
            kernel_.spend(kernel_.costs().cpu_relax);
        } else {
            kernel_.udelay(delay);
            delay *= 2;
            spins = 0;
        }
    }
}

arm_smmu_cmdq::reservation arm_smmu_cmdq::reserve(u32 n) {
    while (!llq_.has_space(n)) {
        kernel_.local_irq_restore();
        poll_until_not_full(n);
        kernel_.local_irq_save();
    }
    reservation r;
    r.llq = llq_;
    r.owner = !(llq_.prod & owned_flag);
    r.llq.prod &= ~owned_flag;
    r.head = llq_.inc(r.llq.prod, n);
    llq_.prod = r.head | owned_flag;
    return r;
}

void arm_smmu_cmdq::write_commands(const arm_smmu_cmdq_batch& batch, u32 prod) {
    for (u32 i = 0; i < batch.num_; ++i)
        kernel_.copy_to(memory_.entry(llq_, prod + i), batch.cmds_[i].data(), entry_bytes,
                        batch.spans_[i]);
}

hal::span_id arm_smmu_cmdq::write_sync(u32 prod) {
    arm_smmu_cmdq_ent e{.opcode = CMDQ_OP_CMD_SYNC};
    if (config_.msi_polling) {
        e.signal = sync_signal::irq;
        e.msiaddr = memory_.entry(llq_, prod);
    } else if (config_.sev) {
        e.signal = sync_signal::sev;
    }
    const cmdq_words words = arm_smmu_cmdq_build_cmd(e);
    const auto span = begin_span(kernel_, hal::span_class::sync, 0, llq_.idx(prod));
    kernel_.copy_to(memory_.entry(llq_, prod), words.data(), entry_bytes, span);
    return span;
}

void arm_smmu_cmdq::mark_valid(u32 from, u32 to) {
    for (u32 p = from; p != to; p = llq_.inc(p)) valid_[llq_.idx(p)] = llq_.wrp(p) ? 0 : 1;
}

/// What the owner does: [from, to) are its own slots; those reserved meanwhile come along.
void arm_smmu_cmdq::publish(u32 from, u32 to) {
    spin_until([&] { return owner_prod_ == from; });  // the previous owner has written the register
    llq_.prod &= ~owned_flag;                         // whoever comes now owns the next run
    to = llq_.prod;
    for (u32 p = from; p != to; p = llq_.inc(p)) {
        const u8 want = llq_.wrp(p) ? 0 : 1;
        spin_until([&] { return valid_[llq_.idx(p)] == want; });
    }
    kernel_.writel(smmu_ + smmu_reg::CMDQ_PROD, to);
    owner_prod_ = to;
}

int arm_smmu_cmdq::issue_cmdlist(arm_smmu_cmdq_batch& batch, bool sync) {
    const u32 n = batch.num_;
    if (n + (sync ? 1 : 0) == 0) return 0;
    kernel_.local_irq_save();
    // Building the list and the compare-and-swap on PROD's copy: an uncontended lock's worth each.
    kernel_.spend(kernel_.costs().function_call + kernel_.costs().lock);
    const reservation r = reserve(n + (sync ? 1 : 0));
    tell_space_held(batch);
    write_commands(batch, r.llq.prod);
    const u32 sync_prod = llq_.inc(r.llq.prod, n);
    hal::span_id sync_span = 0;
    if (sync) {
        sync_span = write_sync(sync_prod);
        shared_lock();
    }
    mark_valid(r.llq.prod, r.head);
    if (r.owner) publish(r.llq.prod, r.head);
    tell_issued(batch, sync);
    int rc = 0;
    if (sync) {
        u8& waits = sync_waits_[llq_.idx(sync_prod)];
        waits = 1;
        rc = wait_for_sync(sync_prod);
        waits = 0;
        if (config_.atc_error != 0 && take_atc_error(sync_prod)) rc = config_.atc_error;
        if (sync_span != 0)
            kernel_.observe().emit(hal::note::span_end, kernel_.current_place(), sync_span,
                                   static_cast<u64>(static_cast<std::int64_t>(rc)));
    }
    kernel_.local_irq_restore();
    return rc;
}

int arm_smmu_cmdq::issue_cmd(const arm_smmu_cmdq_ent& e) {
    arm_smmu_cmdq_batch batch(*this);
    batch.add(e);
    const int rc = issue_cmdlist(batch, false);
    batch.end_spans(rc);
    return rc;
}

int arm_smmu_cmdq::issue_cmd_with_sync(const arm_smmu_cmdq_ent& e) {
    arm_smmu_cmdq_batch batch(*this);
    batch.add(e);
    return batch.submit();
}

int arm_smmu_cmdq::wait_for_sync(u32 sync_prod) {
    u32 cons = 0;
    const int rc = config_.msi_polling ? poll_until_msi(sync_prod, cons)
                                       : poll_until_consumed(sync_prod, cons);
    if (rc != 0) report_timeout(sync_prod);
    shared_unlock(cons);
    return rc;
}

/// One wait for the whole time limit, or, where GERROR is looked at, a row of waits that become
/// longer, up to 1 ms, with a look after each (choice): an interrupt that this CPU cannot take is
/// seen soon, a long wait costs little.
template <class Poll>
bool arm_smmu_cmdq::poll(Poll wait) {
    if (!config_.poll_gerror) return wait(config_.timeout);
    const auto end = kernel_.now() + config_.timeout;
    for (hal::duration slice = 10us; kernel_.now() < end;
         slice = std::min<hal::duration>(slice * 2, 1ms)) {
        if (wait(std::min<hal::duration>(slice, end - kernel_.now()))) return true;
        const u32 active =
            kernel_.readl(smmu_ + smmu_reg::GERROR) ^ kernel_.readl(smmu_ + smmu_reg::GERRORN);
        if (gerror_ && (active & smmu_reg::GERROR_CMDQ_ERR)) gerror_();
    }
    return false;
}

int arm_smmu_cmdq::poll_until_consumed(u32 sync_prod, u32& cons) {
    // One pointer as capture: a callable of this size lives in std::function without an allocation.
    struct waiting {
        arm_smmu_ll_queue seen;
        u32 prod;
    } w{llq_, sync_prod};
    const bool done =
        w.seen.consumed(sync_prod) || poll([&](hal::duration limit) {
            const poll_backoff backoff{
                .spins = 9, .first_delay = 1us, .wait_for_event = config_.sev, .limit = limit};
            return kernel_.poll_register(
                smmu_ + smmu_reg::CMDQ_CONS, 4,
                [p = &w](u64 now) {
                    p->seen.cons = static_cast<u32>(now);
                    return p->seen.consumed(p->prod);
                },
                backoff);
        });
    cons = w.seen.cons;
    return done ? 0 : -ETIMEDOUT;
}

/// As in Linux the copy of CONS passes the SYNC even if its MSI never came.
int arm_smmu_cmdq::poll_until_msi(u32 sync_prod, u32& cons) {
    const bool done = poll([&](hal::duration limit) {
        const poll_backoff backoff{
            .spins = 9, .first_delay = 1us, .wait_for_event = false, .limit = limit};
        return kernel_.poll_memory(
            memory_.entry(llq_, sync_prod), 4, [](u64 v) { return v == 0; }, backoff);
    });
    cons = llq_.inc(sync_prod);
    return done ? 0 : -ETIMEDOUT;
}

void arm_smmu_cmdq::report_timeout(u32 sync_prod) {
    ++syncs_timed_out_;
    if (!timeout_log_.allow(kernel_.now())) return;
    char text[96];
    std::snprintf(text, sizeof text, "CMD_SYNC timeout at 0x%08x [hwprod 0x%08x, hwcons 0x%08x]",
                  sync_prod, kernel_.readl(smmu_ + smmu_reg::CMDQ_PROD),
                  kernel_.readl(smmu_ + smmu_reg::CMDQ_CONS));
    kernel_.log(3, text);
}

void arm_smmu_cmdq::set_atc_error(u32 sync_prod) {
    atc_sync_timeouts_[llq_.idx(sync_prod)] = 1;
    if (!config_.all_waiters_fail) return;
    for (std::size_t slot = 0; slot < sync_waits_.size(); ++slot)
        atc_sync_timeouts_[slot] |= sync_waits_[slot];
}

bool arm_smmu_cmdq::take_atc_error(u32 sync_prod) {
    return std::exchange(atc_sync_timeouts_[llq_.idx(sync_prod)], 0) != 0;
}

cmdq_words arm_smmu_cmdq::command_before(u32 prod) {
    cmdq_words w;
    kernel_.copy_from(w.data(), memory_.entry(llq_, llq_.pos(prod - 1)), entry_bytes);
    return w;
}

std::optional<u32> arm_smmu_cmdq::skip_err() {
    static constexpr const char* names[]{"No error", "Illegal command", "Abort on command fetch",
                                         "ATC invalidate timeout"};
    const u32 cons = kernel_.readl(smmu_ + smmu_reg::CMDQ_CONS);
    const u32 code = smmu_reg::field(cons, 30, 24);
    kernel_.log(3, std::string("CMDQ error: ") + (code < 4 ? names[code] : "Unknown"));
    switch (code) {
        case smmu_reg::CERROR_NONE:
        case smmu_reg::CERROR_ABT:
            return {};  // the SMMU fetches again
        case smmu_reg::CERROR_ATC_INV:
            ++cerror_atc_inv_;
            return llq_.pos(cons & ~smmu_reg::CONS_ERR);  // it stays on the SYNC, which runs again
        case smmu_reg::CERROR_ILL:
        default:
            break;
    }
    // There is no NOP: a SYNC without signal stands in for what was illegal.
    const cmdq_words nop = arm_smmu_cmdq_build_cmd({.opcode = CMDQ_OP_CMD_SYNC});
    kernel_.copy_to(memory_.entry(llq_, cons), nop.data(), entry_bytes);
    return {};
}

void arm_smmu_cmdq::tell_space_held(const arm_smmu_cmdq_batch& b) {
    for (u32 i = 0; i < b.num_; ++i)
        if (b.is_atc_[i]) stage(kernel_, b.spans_[i], 1);
}

void arm_smmu_cmdq::tell_issued(const arm_smmu_cmdq_batch& b, bool sync) {
    if (sync) stage(kernel_, b.unmap_, b.atc_inv_ ? unmap_atc_issued : unmap_tlbi_issued);
    if (b.unmap_ != 0 && b.num_ != 0 && b.is_atc_[b.num_ - 1])
        kernel_.point("i2", static_cast<u16>(b.cmds_[b.num_ - 1][0] >> 32));
}

}  // namespace drydock::sw
