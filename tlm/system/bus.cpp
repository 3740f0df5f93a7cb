// SPDX-License-Identifier: Apache-2.0
#include "tlm/system/bus.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace drydock::system {

/// Where the response of a payload goes; a stack, so that a bus may stand behind a bus.
struct bus::route final : tlm::tlm_extension<route> {
    bus* owner = nullptr;
    initiator_side* from = nullptr;
    route* below = nullptr;
    tlm::tlm_extension_base* clone() const override {
        return nullptr;
    }  // a copy of a payload has no way back
    void copy_from(const tlm::tlm_extension_base&) override {}
    void free() override {}  // belongs to the bus, also where a payload ends before its answer
};

struct bus::initiator_side final : sc_core::sc_module, tlm::tlm_fw_transport_if<> {
    initiator_side(bus& b, const sc_core::sc_module_name& n)
        : sc_module(n), socket("socket"), owner(b) {
        socket.bind(*this);
    }

    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override;
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override;

    tlm::tlm_target_socket<64> socket;
    bus& owner;
};

struct bus::target_side final : sc_core::sc_module, tlm::tlm_bw_transport_if<> {
    target_side(bus& b, const sc_core::sc_module_name& n)
        : sc_module(n), socket("socket"), owner(b) {
        socket.bind(*this);
    }

    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    /// Takes this bus's route off the payload.
    void forget(tlm::tlm_generic_payload& gp);

    tlm::tlm_initiator_socket<64> socket;
    bus& owner;
};

tlm::tlm_sync_enum bus::initiator_side::nb_transport_fw(tlm::tlm_generic_payload& gp,
                                                        tlm::tlm_phase& phase,
                                                        sc_core::sc_time& t) {
    target_side* const to = owner.decode(gp.get_address(), gp.get_data_length());
    if (to == nullptr) {
        gp.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return tlm::TLM_COMPLETED;
    }
    if (phase != tlm::BEGIN_REQ) {  // END_RESP
        const tlm::tlm_sync_enum answer = to->socket->nb_transport_fw(gp, phase, t);
        to->forget(gp);
        return answer;
    }
    route* const r = owner.routes_.take();
    r->owner = &owner;
    r->from = this;
    r->below = gp.set_extension(r);
    const tlm::tlm_sync_enum answer = to->socket->nb_transport_fw(gp, phase, t);
    if (answer == tlm::TLM_COMPLETED) to->forget(gp);
    return answer;
}

tlm::tlm_sync_enum bus::target_side::nb_transport_bw(tlm::tlm_generic_payload& gp,
                                                     tlm::tlm_phase& phase, sc_core::sc_time& t) {
    route* const r = gp.get_extension<route>();
    if (r == nullptr || r->owner != &owner) {
        SC_REPORT_ERROR("/drydock/system/bus",
                        "a target answers a payload that did not come through this bus");
        return tlm::TLM_COMPLETED;
    }
    initiator_side* const from = r->from;
    // The initiator may reuse the payload from inside the call that completes it: the route leaves
    // first.
    const bool last = phase == tlm::BEGIN_RESP;
    if (last) forget(gp);
    const tlm::tlm_sync_enum answer = from->socket->nb_transport_bw(gp, phase, t);
    if (last && answer != tlm::TLM_COMPLETED &&
        !(answer == tlm::TLM_UPDATED && phase == tlm::END_RESP)) {
        route* const again = owner.routes_.take();  // END_RESP will come
        again->owner = &owner;
        again->from = from;
        again->below = gp.set_extension(again);
    }
    return answer;
}

void bus::target_side::forget(tlm::tlm_generic_payload& gp) {
    route* const r = gp.get_extension<route>();
    if (r == nullptr || r->owner != &owner) return;
    if (r->below != nullptr)
        gp.set_extension(r->below);
    else
        gp.clear_extension<route>();
    r->below = nullptr;
    owner.routes_.give(r);
}

void bus::initiator_side::b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) {
    if (target_side* const to = owner.decode(gp.get_address(), gp.get_data_length()))
        to->socket->b_transport(gp, t);
    else
        gp.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

unsigned bus::initiator_side::transport_dbg(tlm::tlm_generic_payload& gp) {
    target_side* const to = owner.decode(gp.get_address(), gp.get_data_length());
    return to != nullptr ? to->socket->transport_dbg(gp) : 0;
}

bus::bus(sc_core::sc_module_name name) : sc_module(name), routes_("bus routes", 64) {}
bus::~bus() = default;

tlm::tlm_target_socket<64>& bus::add_initiator(const std::string& name) {
    initiators_.push_back(std::make_unique<initiator_side>(
        *this, (std::string(basename()) + "_from_" + name).c_str()));
    return initiators_.back()->socket;
}

tlm::tlm_initiator_socket<64>& bus::add_target(const std::string& name, base::phys_addr base,
                                               std::uint64_t bytes) {
    targets_.push_back(
        std::make_unique<target_side>(*this, (std::string(basename()) + "_to_" + name).c_str()));
    insert(base, bytes, targets_.back().get());
    return targets_.back()->socket;
}

void bus::add_range(base::phys_addr base, std::uint64_t bytes) {
    insert(base, bytes, targets_.back().get());
}

void bus::insert(base::phys_addr base, std::uint64_t bytes, target_side* target) {
    const range r{base.value, base.value + (bytes - 1), target};
    std::ostringstream where;
    where << name() << ": range 0x" << std::hex << r.first << "..0x" << r.last;
    if (bytes == 0 || r.last < r.first)
        throw std::invalid_argument(where.str() + " is empty or wraps");
    const auto next = std::find_if(ranges_.begin(), ranges_.end(),
                                   [&](const range& o) { return o.last >= r.first; });
    if (next != ranges_.end() && next->first <= r.last)
        throw std::invalid_argument(where.str() + " overlaps that of " +
                                    next->target->socket.name());
    ranges_.insert(next, r);
}

bus::target_side* bus::decode(std::uint64_t address, unsigned bytes) {
    const std::uint64_t last = address + (bytes == 0 ? 0 : bytes - 1);
    if (ranges_.empty() || last < address) return nullptr;
    if (address < ranges_[last_hit_].first || address > ranges_[last_hit_].last) {
        const auto r = std::lower_bound(ranges_.begin(), ranges_.end(), address,
                                        [](const range& o, std::uint64_t a) { return o.last < a; });
        if (r == ranges_.end() || r->first > address) return nullptr;
        last_hit_ = static_cast<std::size_t>(r - ranges_.begin());
    }
    return last <= ranges_[last_hit_].last ? ranges_[last_hit_].target : nullptr;
}

}  // namespace drydock::system
