// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/unblocked_in_reset.h"

namespace drydock::monitors {

unblocked_in_reset::unblocked_in_reset(reporter& r)
    : monitor("unblocked_in_reset", r,
              {base::kind::sw_call, base::kind::sw_return, base::kind::sw_point,
               base::kind::sw_attach, base::kind::sw_device_blocked, base::kind::memory_access}),
      done_(r.probe().text("pci_dev_reset_iommu_done")),
      old_done_(r.probe().text("iommu_dev_reset_done")),
      specific_(r.probe().text("device_specific_reset")),
      quarantine_(r.probe().text("iommu_quarantine_device")),
      blocked_(r.probe().text("blocked")),
      p4_(r.probe().text("p4")),
      r0_(r.probe().text("r0")),
      r1_(r.probe().text("r1")) {}

template <class Change>
void unblocked_in_reset::change(std::uint64_t function, Change&& c) {
    device& d = devices_[function & 0xffff];
    const bool before = d.watched();
    c(d);
    if (before != d.watched()) watched_ += d.watched() ? 1 : std::uint64_t(-1);
}

void unblocked_in_reset::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::sw_call:
            return call(e, true);
        case base::kind::sw_return:
            return call(e, false);
        case base::kind::sw_point:
            // A quarantine's prepare() is answered by the done() of a reset to come.
            if (e.a == p4_) change(e.b, [](device& d) { d.prepared += d.quarantining ? 0 : 1; });
            if (e.a == r0_ || e.a == r1_) change(e.b, [&](device& d) { d.not_ready = e.a == r0_; });
            return;
        case base::kind::sw_device_blocked:
            devices_[e.a & 0xffff].blocked_by = e.b != 0 ? e.c : 0;
            return;
        case base::kind::sw_attach: {
            if (watched_ == 0 || e.d == blocked_) return;
            const device* d = devices_.find(e.a & 0xffff);
            if (d != nullptr && d->watched() && e.c != d->blocked_by)
                hit(e, e.a, 0, "it was attached to domain " + std::to_string(e.c));
            return;
        }
        case base::kind::memory_access: {
            if (watched_ == 0) return;
            const device* d = devices_.find(e.b & 0xffff);
            if (d != nullptr && d->prepared != 0)
                hit(e, e.b, 1, "its access to " + hex(e.a) + " was performed");
            return;
        }
        default:
            return;
    }
}

void unblocked_in_reset::call(const base::event& e, bool begins) {
    if (e.a == specific_)
        return change(e.b, [&](device& d) { d.specific += begins ? 1 : std::uint32_t(-1); });
    if (e.a == quarantine_)  // whichever reset comes later lifts it
        return change(e.b, [&](device& d) { d.quarantining = begins; });
    // Each done() answers one prepare(): what the last of them attaches is right.
    if (begins && (e.a == done_ || e.a == old_done_))
        return change(e.b, [](device& d) { d.prepared -= d.prepared != 0 ? 1 : 0; });
}

void unblocked_in_reset::hit(const base::event& e, std::uint64_t function, std::uint64_t rule,
                             std::string what) {
    found({function & 0xffff, rule}, e.span, [&] {
        const base::routing_id of = rid(function);
        return finding{e.time,
                       e.span,
                       report().device_name(of),
                       of,
                       "a function that is being reset is not translated again",
                       std::move(what)};
    });
}

}  // namespace drydock::monitors
