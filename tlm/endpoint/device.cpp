// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/device.h"

namespace drydock::endpoint {

device::device(sc_core::sc_module_name module_name, base::context& ctx, pcie::tlp_pool& pool,
               const endpoint_config& config, endpoint::atc_maker make_atc)
    : sc_module(module_name), port("port", *this, pool), tx_(*this) {
    functions_.push_back(
        std::make_unique<endpoint>(name(), ctx, pool, config, device_port{tx_, port}, make_atc));
}

void device::link_changed(bool up) {
    for (const auto& f : functions_) f->link_changed(up);
}

}  // namespace drydock::endpoint
