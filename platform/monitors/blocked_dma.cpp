// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/blocked_dma.h"

namespace drydock::monitors {

blocked_dma::blocked_dma(reporter& r)
    : monitor("blocked_dma", r,
              {base::kind::sw_device_blocked, base::kind::sw_point, base::kind::memory_access}),
      p0_(r.probe().text("p0")),
      p1_(r.probe().text("p1")),
      p4_(r.probe().text("p4")),
      d1_(r.probe().text("d1")),
      d4_(r.probe().text("d4")),
      r0_(r.probe().text("r0")) {}

void blocked_dma::on_event(const base::event& e) {
    if (e.what == base::kind::sw_point) return point(e);
    if (e.what == base::kind::sw_device_blocked) {
        device& d = devices_[e.a & 0xffff];
        if (d.blocked != (e.b != 0)) blocked_devices_ += e.b != 0 ? 1 : std::uint64_t(-1);
        d.blocked = e.b != 0;
        return;
    }
    if (blocked_devices_ == 0) return;
    const base::routing_id function = rid(e.b);
    const device* d = devices_.find(function.value);
    if (d == nullptr || !d->blocked || d->changing) return;
    found({function.value, 0}, e.span, [&] {
        return finding{e.time,
                       e.span,
                       report().device_name(function),
                       function,
                       "a device that software holds blocked reaches no memory",
                       "access to " + hex(e.a) + " was performed"};
    });
}

void blocked_dma::point(const base::event& e) {
    const bool begins = e.a == p0_ || e.a == p1_ || e.a == d1_;
    const bool ends = e.a == p4_ || e.a == d4_ || e.a == r0_;
    if (begins || ends) devices_[e.b & 0xffff].changing = begins;
}

}  // namespace drydock::monitors
