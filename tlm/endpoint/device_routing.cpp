// SPDX-License-Identifier: Apache-2.0
// Which function of a device a TLP is for.
#include <algorithm>

#include "tlm/endpoint/device.h"
#include "tlm/pcie/routing.h"

namespace drydock::endpoint {

using pcie::tlp_type;

void device::receive(pcie::tlp_ptr t) {
    if (channels_ && !channels_->map().accepts(*t)) return unmapped(*t);
    if (endpoint* const f = target_of(*t)) return f->receive(std::move(t));
    unclaimed(*t);
}

endpoint* device::target_of(pcie::tlp& t) {
    switch (t.type) {
        case tlp_type::cfg_rd0:
        case tlp_type::cfg_wr0:
        case tlp_type::cfg_rd1:
        case tlp_type::cfg_wr1:
            return target_of_config(t);
        case tlp_type::cpl:
        case tlp_type::cpl_d:
        case tlp_type::cpl_locked:
        case tlp_type::cpl_d_locked:
            return alone_ ? functions_.front().get() : function_at(t.requester);
        case tlp_type::msg:
        case tlp_type::msg_d:
            if (alone_ || t.routing != pcie::msg_routing::by_id) return functions_.front().get();
            return function_at(t.target);
        default:
            break;
    }
    if (alone_) return functions_.front().get();
    if (addresses_old_) find_addresses();
    const auto owner = addresses_.owner_of(t.address);
    return owner ? functions_[*owner].get() : nullptr;
}

/// Type 0 names a function by its number. Type 1 comes only for a virtual function whose bus is not
/// that of the link (PCIe, SR-IOV).
endpoint* device::target_of_config(pcie::tlp& t) {
    const bool type_0 = t.type == tlp_type::cfg_rd0 || t.type == tlp_type::cfg_wr0;
    if (type_0)
        if (const std::uint16_t n = by_number_[t.target.value & 0xff]; n != nobody)
            return functions_[n].get();
    if (alone_) return type_0 ? nullptr : functions_.front().get();
    endpoint* const f = function_at(t.target);
    if (f == nullptr || !f->is_virtual()) return nullptr;
    if (t.type == tlp_type::cfg_rd1) t.type = tlp_type::cfg_rd0;
    if (t.type == tlp_type::cfg_wr1) t.type = tlp_type::cfg_wr0;
    return f;
}

endpoint* device::function_at(base::routing_id id) {
    if (routing_ids_old_) find_routing_ids();
    const std::uint32_t at = id.value - first_id_;
    const std::uint16_t n = at < by_id_.size() ? by_id_[at] : nobody;
    return n == nobody ? nullptr : functions_[n].get();
}

atc_if* device::atc_at(base::routing_id id) {
    endpoint* const f = function_at(id);
    return f == nullptr ? nullptr : f->translations();
}

void device::find_routing_ids() {
    routing_ids_old_ = false;
    std::uint32_t first = UINT16_MAX, last = 0;
    for (const auto& f : functions_) {
        if (!f->exists()) continue;
        first = std::min<std::uint32_t>(first, f->routing_id().value);
        last = std::max<std::uint32_t>(last, f->routing_id().value);
    }
    first_id_ = first;
    by_id_.assign(last - first + 1, nobody);
    for (std::size_t n = functions_.size(); n-- > 0;)  // of two with one ID the physical one
        if (functions_[n]->exists())
            by_id_[functions_[n]->routing_id().value - first] = static_cast<std::uint16_t>(n);
}

void device::find_addresses() {
    addresses_old_ = false;
    addresses_.clear();
    for (std::uint32_t n = 0; n < physical_.size(); ++n) {
        pcie::config_space& space = physical_[n].function->config_space();
        for (unsigned b = 0; space.command().memory && b < 6; ++b)
            if (const auto bar = space.bar(b); bar && !bar->is_io)
                addresses_.add({bar->address, bar->bytes, 1, n});
        const pcie::sriov_view sriov = space.sriov();
        if (physical_[n].active == 0 || !sriov.memory_enabled()) continue;
        for (unsigned b = 0; b < 6; ++b)
            if (const std::uint64_t bytes = sriov.vf_bar_bytes(b); bytes != 0)
                addresses_.add({sriov.vf_bar_address(b, 1), bytes, physical_[n].active,
                                physical_[n].first_vf});
    }
    addresses_.finish();
}

/// In a channel where this end has not mapped its TC: malformed, an error of all functions (PCIe).
void device::unmapped(const pcie::tlp& t) {
    port.free_buffer(t);
    bool told = false;
    for (const physical& p : physical_) {
        const auto code = p.function->log_malformed(t);
        if (code && !std::exchange(told, true)) p.function->tell(*code);
    }
}

void device::unclaimed(const pcie::tlp& t) {
    if (!functions_.front()->answer_unclaimed(t)) return;
    bool told = false;
    for (const physical& p : physical_) {
        const auto code = p.function->log_unclaimed(t);
        if (code && !std::exchange(told, true)) p.function->tell(*code);
    }
}

}  // namespace drydock::endpoint
