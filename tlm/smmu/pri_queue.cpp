// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/pri_queue.h"

#include "tlm/smmu/little_endian.h"

namespace drydock::smmu {
namespace {

constexpr unsigned record_bytes = 16;                        // SMMUv3 8.1
constexpr std::uint64_t last_only = std::uint64_t{1} << 31;  // PRIQ_IRQ_CFG2.LO

std::array<std::uint8_t, record_bytes> record_of(const page_request& r, base::stream_id sid) {
    const bool ssv = r.ssid.has_value();
    return bytes_of(std::array<std::uint64_t, 2>{
        std::uint64_t{sid.value} | (ssv ? std::uint64_t{r.ssid->value & 0xfffff} << 32 : 0) |
            std::uint64_t{ssv && r.privileged} << 58 | std::uint64_t{ssv && r.execute} << 59 |
            std::uint64_t{r.read} << 60 | std::uint64_t{r.write} << 61 |
            std::uint64_t{r.last} << 62 | std::uint64_t{ssv} << 63,
        (r.group & 0x1ffu) | (r.page & ~std::uint64_t{0xfff})});
}

}  // namespace

pri_queue::pri_queue(base::context& ctx, base::place_id place, const smmu_config& c,
                     register_map& regs, const stream_map& streams, memory_port& memory,
                     msi& interrupts, global_errors& errors, pri_queue_client& client)
    : config_(c),
      regs_(regs),
      streams_(streams),
      msi_(interrupts),
      errors_(errors),
      client_(client),
      queue_(memory, regs.priq_base, regs.priq_prod, regs.priq_cons, c.priqs, record_bytes, *this),
      reader_(c, memory, *this),
      trace_(ctx, place) {}

void pri_queue::enable(bool on) {
    enabled_ = on;
    work();
}

void pri_queue::submit(const page_request& r) {
    waiting_.push(r);
    work();
}

void pri_queue::work() {
    if (working_) return;
    working_ = true;
    while (!busy_ && !waiting_.empty()) {
        const page_request& r = waiting_.front();
        if (!enabled_ || errors_.active(global_error::priq_abt)) {
            drop_disabled(r);
        } else if (queue_.overflowed() || queue_.full()) {
            overflow(r);
        } else {
            busy_ = true;
            trace_.written(queue_.next_entry(), record_bytes, r.span);
            queue_.write(record_of(r, streams_.of(r.function)));
        }
    }
    working_ = false;
}

void pri_queue::drop(const page_request& r) {
    ++count_.dropped;
    trace_.taken(r.function, r.group, r.last, r.span);
}

void pri_queue::drop_disabled(const page_request& r) {
    drop(r);
    if (!r.stop_marker()) answer(r, prg_failure, false);
    leave();
}

void pri_queue::overflow(const page_request& r) {
    if (queue_.overflow()) ++count_.overflows;
    drop(r);
    if (r.last) interrupt(false, true);
    if (!r.last || r.stop_marker()) {
        leave();
    } else if (!r.ssid || config_.pps || config_.ssidsize == 0) {
        answer(r, prg_success, r.ssid && config_.ssidsize != 0);
        leave();
    } else {
        busy_ = true;  // STE.PPAR says whether the response carries the PASID
        reader_.read(streams_.of(r.function));
    }
}

void pri_queue::ste_read(const ste* entry, const std::optional<event_record>& error) {
    const page_request& r = waiting_.front();
    if (entry != nullptr) {
        answer(r, prg_success, entry->ppar);
    } else {
        answer(r, prg_failure, false);
        const std::uint64_t cr2 = regs_.cr2.value;
        const bool bad_sid = error && error->id() == event_id::c_bad_streamid;
        if (error && (cr2 & cr2::rec_cfg_ats) != 0 && (!bad_sid || (cr2 & cr2::recinvsid) != 0))
            client_.report(*error);
    }
    busy_ = false;
    leave();
    work();
}

void pri_queue::record_settled(bool aborted, bool was_empty) {
    const page_request& r = waiting_.front();
    if (aborted) {
        drop(r);
        errors_.raise(global_error::priq_abt);
        if (!r.stop_marker()) answer(r, prg_failure, false);
    } else {
        ++count_.requests;
        trace_.taken(r.function, r.group, r.last, r.span);
        interrupt(was_empty, r.last);
    }
    busy_ = false;
    leave();
    work();
}

void pri_queue::interrupt(bool was_empty, bool last) {
    if ((regs_.irq_ctrlack.value & irq_ctrl::priq) == 0) return;
    const bool lo = (regs_.priq_irq.attributes.value & last_only) != 0;
    if (lo ? last : was_empty) msi_.send(msi_source::priq, regs_.priq_irq);
}

void pri_queue::answer(const page_request& r, std::uint8_t code, bool with_pasid) {
    ++(code == prg_success ? count_.auto_success : count_.auto_failure);
    trace_.answered_here(r.function, r.group);
    client_.respond(r.port, r.function, r.group, code, with_pasid ? r.ssid : std::nullopt);
}

void pri_queue::leave() {
    const page_request gone = waiting_.take();
    client_.request_gone(gone);
}

}  // namespace drydock::smmu
