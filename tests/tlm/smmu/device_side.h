// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <systemc>
#include <tlm>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/requester.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/sockets.h"

namespace drydock::smmu::test {

/// One memory request of a device, from BEGIN_REQ to its response.
struct dma {
    tlm::tlm_generic_payload gp;
    base::requester who;
    std::array<std::uint8_t, 64> data{};
    bool accepted = false, answered = false;
    base::ps at{};
    ~dma() { gp.clear_extension(&who); }
};

/// The devices below the one root port: what they send and what they have got. Made within the
/// module whose sockets these are.
class device_side : protected pcie::tlp_receiver, protected tlm::tlm_bw_transport_if<> {
public:
    static constexpr std::uint32_t sid = 0x100;  // 01:00.0

    device_side() : posted("posted"), non_posted("non_posted"), below("below", *this, pool) {
        posted.bind(*this);
        non_posted.bind(*this);
    }

    dma& request(bool is_write, std::uint64_t address, std::uint64_t order,
                 base::address_type at = base::address_type::untranslated) {
        dmas.push_back(std::make_unique<dma>());
        dma& d = *dmas.back();
        d.who.stream = base::stream_id{sid};
        d.who.at = at;
        d.who.order = order;
        d.gp.set_command(is_write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        d.gp.set_address(address);
        d.gp.set_data_ptr(d.data.data());
        d.gp.set_data_length(64);
        d.gp.set_streaming_width(64);
        d.gp.set_extension(&d.who);
        d.data.fill(0x5a);
        return d;
    }
    dma& send(dma& d) {
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        sc_core::sc_time none;
        d.accepted = (d.gp.is_write() ? posted : non_posted)->nb_transport_fw(d.gp, phase, none) ==
                     tlm::TLM_UPDATED;
        return d;
    }
    dma& dma_write(std::uint64_t address, std::uint64_t order = 0) {
        return send(request(true, address, order));
    }
    dma& dma_read(std::uint64_t address, std::uint64_t order = 0) {
        return send(request(false, address, order));
    }
    void translation_request(std::uint64_t va, std::uint16_t tag = 1, bool no_write = false) {
        auto t = pool.make();
        t->type = pcie::tlp_type::mrd;
        t->at = base::address_type::translation_request;
        t->requester = base::routing_id{sid};
        t->tag = tag;
        t->length = 2;
        t->address = va | (no_write ? 1 : 0);
        below.send(std::move(t));
    }
    void invalidate_completion(std::uint32_t vector, unsigned cc = 1, std::uint64_t order = 0,
                               std::uint16_t from = sid) {
        auto t = pool.make();
        t->type = pcie::tlp_type::msg;
        t->code = pcie::msg_code::invalidate_completion;
        t->requester = base::routing_id{from};
        t->address = pcie::encode_invalidate_completion(cc, vector);
        t->order = order;
        below.send(std::move(t));
    }
    void page_request(bool last, std::uint16_t group = 1, std::optional<std::uint32_t> pasid = {},
                      bool read_wanted = true) {
        auto t = pool.make();
        t->type = pcie::tlp_type::msg;
        t->code = pcie::msg_code::page_request;
        t->requester = base::routing_id{sid};
        t->address =
            pcie::page_request_fields{0x1234'5000, group, last, false, read_wanted}.encode();
        if (pasid) t->pasid = pcie::pasid_prefix{base::substream_id{*pasid}, false, false};
        below.send(std::move(t));
    }
    /// Messages of one code that the SMMU has sent down.
    std::vector<const pcie::tlp*> sent(pcie::msg_code code) const {
        std::vector<const pcie::tlp*> out;
        for (const auto& t : received)
            if (t->is_message() && t->code == code) out.push_back(t.get());
        return out;
    }
    std::size_t invalidate_requests() const {
        return sent(pcie::msg_code::invalidate_request).size();
    }

    base::context ctx;
    pcie::tlp_pool pool;
    tlm::tlm_initiator_socket<64> posted, non_posted;
    pcie::upstream_socket below;
    std::vector<std::unique_ptr<dma>> dmas;
    std::vector<pcie::tlp_ptr> received;
    bool answer_invalidates = false;  ///< at once, order 0

protected:
    ~device_side() = default;

private:
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override {
        for (auto& d : dmas) {
            if (&d->gp != &gp) continue;
            d->accepted = true;
            if (phase == tlm::BEGIN_RESP) {
                d->answered = true;
                d->at = ctx.now();
            }
        }
        return phase == tlm::BEGIN_RESP ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    void receive(pcie::tlp_ptr t) override {
        below.credit_return(t->flow_class(), 1, t->data_credits());
        const bool answer =
            answer_invalidates && t->is_message() && t->code == pcie::msg_code::invalidate_request;
        const std::uint16_t tag = t->tag, target = t->target.value;
        received.push_back(std::move(t));
        if (answer) invalidate_completion(1u << tag, 1, 0, target);
    }
    void credits(pcie::fc_class, std::uint32_t, std::uint32_t) override {}
    void link_changed(bool) override {}
};

}  // namespace drydock::smmu::test
