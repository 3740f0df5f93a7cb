// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "sw/arm_smmu_v3/driver.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/arm_smmu_v3/regs.h"

namespace drydock::sw {

using namespace smmu_reg;

/// linux-flow 3.5: look at what is active, deal with each, acknowledge last: the SMMU goes on then.
void arm_smmu_device::gerror_handler() {
    if (gerror_lock_) gerror_lock_->lock_irqsave();
    const u32 gerror = kernel_.readl(config_.base + GERROR);
    const u32 gerrorn = kernel_.readl(config_.base + GERRORN);
    const u32 active = gerror ^ gerrorn;
    if (active & GERROR_ERR_MASK) {
        ++gerror_interrupts_;
        handle_gerror(gerror, active);
    }
    if (gerror_lock_) gerror_lock_->unlock_irqrestore();
}

void arm_smmu_device::handle_gerror(u32 gerror, u32 active) {
    char text[80];
    std::snprintf(text, sizeof text,
                  "unexpected global error reported (0x%08x), this could be serious", active);
    kernel_.log(4, text);
    static constexpr struct {
        u32 bit;
        const char* text;
    } causes[]{{GERROR_MSI_GERROR_ABT_ERR, "GERROR MSI write aborted"},
               {GERROR_MSI_PRIQ_ABT_ERR, "PRIQ MSI write aborted"},
               {GERROR_MSI_EVTQ_ABT_ERR, "EVTQ MSI write aborted"},
               {GERROR_MSI_CMDQ_ABT_ERR, "CMDQ MSI write aborted"},
               {GERROR_PRIQ_ABT_ERR, "PRIQ write aborted -- events may have been lost"},
               {GERROR_EVTQ_ABT_ERR, "EVTQ write aborted -- events may have been lost"}};
    if (active & GERROR_SFM_ERR) {
        kernel_.log(3, "device has entered Service Failure Mode!");
        kernel_.writel(config_.base + CR0, 0);
        cr0_ = 0;
        if (quarantine() && quarantine()->stops_at_service_failure()) {
            kernel_.writel(config_.base + GERRORN, gerror);
            return;
        }
    }
    for (const auto& c : causes)
        if (active & c.bit) kernel_.log(4, c.text);
    std::optional<u32> lost;
    if (active & GERROR_CMDQ_ERR) {
        kernel_.point("i4");
        kernel_.warn_on(cr0_ == 0, "arm-smmu-v3: command queue handled while the SMMU is disabled");
        lost = cmdq_.skip_err();
        if (lost && quarantine()) quarantine()->atc_error(*this, *lost);
    }
    kernel_.writel(config_.base + GERRORN, gerror);
    if (!(active & GERROR_CMDQ_ERR)) return;
    kernel_.point("i5");
    if (lost) driver_.atc_timeout();
    if (lost && quarantine()) quarantine()->atc_error_acknowledged(*this, *lost);
}

bool arm_smmu_device::drain(hw_queue& q, std::string_view name,
                            const std::function<void(phys_addr_t)>& handle) {
    bool overflow = false;
    for (;;) {
        const u32 prod = kernel_.readl(config_.base + q.prod_reg);
        overflow |= (prod ^ q.llq.cons) & Q_OVERFLOW;
        q.llq.prod = prod & ~Q_OVERFLOW;
        if (q.llq.empty()) break;
        while (!q.llq.empty()) {
            handle(q.memory.entry(q.llq, q.llq.cons));
            q.llq.cons = (q.llq.cons & Q_OVERFLOW) | q.llq.inc(q.llq.cons);
        }
        kernel_.writel(config_.base + q.cons_reg, q.llq.cons);
    }
    if (!overflow) return false;
    kernel_.log(3, std::string(name) + " overflow detected -- records lost");
    // Acknowledged only now that the queue is empty (linux-flow 3.6).
    q.llq.cons ^= Q_OVERFLOW;
    kernel_.writel(config_.base + q.cons_reg, q.llq.cons);
    return true;
}

u16 arm_smmu_device::device_of(u32 sid) const {
    const auto known = masters_.find(sid);
    if (known == masters_.end()) return static_cast<u16>(sid);
    for (const auto& s : known->second->streams)
        if (s.id == sid) return s.rid;
    return static_cast<u16>(sid);
}

void arm_smmu_device::evtq_thread() {
    drain(evtq_, "EVTQ", [this](phys_addr_t at) {
        std::array<u64, 4> record;
        kernel_.copy_from(record.data(), at, sizeof record);
        handle_event(record);
    });
}

void arm_smmu_device::handle_event(const std::array<u64, 4>& r) {
    ++events_read_;
    if (!event_log_.allow(kernel_.now())) return;
    const auto sid = static_cast<u32>(r[0] >> 32);
    char text[128];
    std::snprintf(
        text, sizeof text, "event 0x%02x received: stream 0x%x, ssid 0x%x, address 0x%llx",
        static_cast<unsigned>(r[0] & 0xff), sid, static_cast<unsigned>(r[0] >> 12 & 0xfffff),
        static_cast<unsigned long long>(r[2]));
    kernel_.log(6, text, device_of(sid));
}

}  // namespace drydock::sw
