// SPDX-License-Identifier: Apache-2.0
// What a scenario makes software do beside resets and attaches, and what a device does by itself.
#include "platform/machine/machine.h"

namespace drydock::machine {

void machine::unmap(const scenario::do_unmap& v) {
    software_->run_unmap(v.task, v.cpu, v.client, {v.page, v.pages}, v.reclaim);
}

/// The device's own doing: by its DMA engine and ATC, under its Bus Master Enable, PASID and ATS
/// controls, as they are now. All that it has of software is the address that it once got.
void machine::use(const scenario::do_use& v) {
    const sw::client& c = software_->client_named(v.client);
    endpoint::own_access a;
    a.write = v.write;
    a.address = base::iova{c.address_of(v.page)};
    if (c.config().pasid)
        a.pasid = pcie::pasid_prefix{base::substream_id{*c.config().pasid}, false, false};
    a.bytes = v.bytes;
    a.count = v.count;
    hardware_.seat_of(v.device).device->access(a);
}

void machine::call(const scenario::do_call& v) {
    software_->run_call(v.task, v.cpu, v.function, v.device);
}

void machine::manage(const scenario::do_manage& v) {
    using action = scenario::do_manage::action;
    switch (v.what) {
        case action::remove:
            return software_->run_remove(v.task, v.cpu, v.device);
        case action::add:
            return software_->run_add(v.task, v.cpu, v.device);
        case action::unbind:
            return software_->run_unbind(v.task, v.cpu, v.device);
        case action::bind:
            return software_->run_bind(v.task, v.cpu, v.device);
        case action::map:
            return software_->run_map(v.task, v.cpu, v.device);
    }
}

void machine::free(const scenario::do_free& v) { software_->run_free(v.task, v.cpu, v.domain); }

void machine::fail(const scenario::do_fail& v) {
    software_->fail(v.site, v.device, v.error, v.count);
}

}  // namespace drydock::machine
