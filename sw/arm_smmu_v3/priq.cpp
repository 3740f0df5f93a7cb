// SPDX-License-Identifier: Apache-2.0
// Page requests: the PRI queue's thread, who answers, and turning PRI on and off at devices.
#include <algorithm>

#include "sw/arm_smmu_v3/device.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/arm_smmu_v3/regs.h"
#include "sw/pci/ats.h"
#include "sw/pci/iov.h"

namespace drydock::sw {

using namespace smmu_reg;

namespace {

/// Boundary of a page request: software has seen it.
constexpr u64 request_seen = 58;
constexpr hal::duration stop_look = 10us, stop_limit = 10ms;

/// PRI queue entry (SMMUv3 8.1): SID[31:0] SSID[51:32] Priv[58] X[59] R[60] W[61] Last[62] SSV[63];
/// PRGIndex[8:0] Addr[63:12].
iommu_fault fault_of(const std::array<u64, 2>& r) {
    iommu_fault f;
    f.addr = r[1] & ~u64{0xfff};
    f.grpid = static_cast<u16>(r[1] & 0x1ff);
    f.pasid = static_cast<u32>(r[0] >> 32 & 0xfffff);
    f.read = r[0] >> 60 & 1;
    f.write = r[0] >> 61 & 1;
    f.last = r[0] >> 62 & 1;
    f.pasid_valid = r[0] >> 63 & 1;
    return f;
}

bool stop_marker(const iommu_fault& f) { return f.pasid_valid && f.last && !f.read && !f.write; }

}  // namespace

void arm_smmu_device::priq_thread() {
    const bool overflow = drain(priq_, "PRIQ", [this](phys_addr_t at) {
        std::array<u64, 2> record;
        kernel_.copy_from(record.data(), at, sizeof record);
        if (const hal::span_id span = kernel_.host().memory.writer_of(at))
            kernel_.observe().emit(hal::note::stage, kernel_.current_place(), span, request_seen);
        handle_page_request(record);
    });
    if (!overflow) return;
    ++priq_overflows_;
    if (iopf_) iopf_->iopf_queue_discard_partial();
}

/// Who has no handler for page requests denies each group with its last request (linux-flow 3.6).
/// No SYNC.
void arm_smmu_device::handle_page_request(const std::array<u64, 2>& r) {
    const auto sid = static_cast<u32>(r[0]);
    const iommu_fault f = fault_of(r);
    ++page_requests_read_;
    if (iopf_ && stop_marker(f)) return;  // nothing of that PASID follows; nobody waits
    const auto known = iopf_ ? masters_.find(sid) : masters_.end();
    if (known != masters_.end() && iopf_->iommu_report_device_fault(known->second->dev, f) == 0)
        return;
    if (event_log_.allow(kernel_.now()))
        kernel_.log(6, "unexpected PRI request received", device_of(sid));
    if (!f.last) return;
    cmdq_.issue_cmd({.opcode = CMDQ_OP_PRI_RESP,
                     .sid = sid,
                     .rid = device_of(sid),
                     .ssid = f.pasid,
                     .substream_valid = f.pasid_valid,
                     .prg_index = f.grpid,
                     .resp = PRI_RESP_DENY});
}

void arm_smmu_device::page_response(device& dev, const iommu_fault& f,
                                    iommu_page_response_code code) {
    const pri_resp resp = code == iommu_page_response_code::success   ? PRI_RESP_SUCC
                          : code == iommu_page_response_code::invalid ? PRI_RESP_FAIL
                                                                      : PRI_RESP_DENY;
    // One function, one PRI: the device's own StreamID is the one that asked.
    const auto& streams = to_master(dev).streams;
    const auto own = std::find_if(streams.begin(), streams.end(),
                                  [&dev](const auto& s) { return s.rid == dev.id; });
    cmdq_.issue_cmd({.opcode = CMDQ_OP_PRI_RESP,
                     .sid = own->id,
                     .rid = own->rid,
                     .ssid = f.pasid,
                     .substream_valid = f.pasid_valid && pci_prg_resp_pasid_required(*dev.pdev),
                     .prg_index = f.grpid,
                     .resp = resp});
}

void arm_smmu_master::enable_iopf() {
    if (!pri_supported()) return;
    if (smmu.iopf()) smmu.iopf()->iopf_queue_add_device(dev);
    if (iopf_users++ != 0) return;
    // A physical function and its virtual ones share one interface.
    pci_dev& pf = pci_physfn(*dev.pdev);
    if (pf.pri_users++ != 0) return;
    pci_reset_pri(pf);  // what another life of the function has left behind
    if (const int rc = pci_enable_pri(pf, smmu.pri_allocation()); rc != 0)
        smmu.k().log(3, "Failed to enable PRI", dev.id);
}

/// No new requests, then answers to those that are out, then nobody listens any more
/// (linux-flow 3.6).
void arm_smmu_master::disable_iopf() {
    if (!pri_supported() || iopf_users == 0) return;
    const bool last = --iopf_users == 0;
    pci_dev& pf = pci_physfn(*dev.pdev);
    const bool nobody = last && --pf.pri_users == 0;
    if (nobody && pf.pri_enabled) pci_disable_pri(pf);
    if (smmu.iopf()) smmu.iopf()->stop_device(dev);
    if (!last) return;
    if (nobody) {  // while others use the interface it does not stop
        const auto limit = smmu.k().now() + stop_limit;
        while (!pci_pri_stopped(pf) && smmu.k().now() < limit) smmu.k().sleep(stop_look);
        if (smmu.k().now() >= limit) smmu.k().log(4, "page requests stay unanswered", dev.id);
    }
    if (smmu.iopf()) smmu.iopf()->iopf_queue_remove_device(dev);
}

bool arm_smmu_master::pri_supported() const {
    return smmu.pri() != pri_mode::off && smmu.features().pri && dev.pdev != nullptr &&
           pci_pri_supported(*dev.pdev);
}

}  // namespace drydock::sw
