// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <systemc>
#include <utility>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/pcie/atomics.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/errors.h"
#include "tlm/pcie/sockets.h"

namespace drydock::endpoint {

using namespace base::literals;

inline constexpr base::routing_id root_id{0x0000};

/// A TLP as the peer saw it; payload copied.
struct seen_tlp {
    pcie::tlp_type type;
    base::address_type at;
    std::uint64_t address;
    std::uint32_t length;
    std::uint8_t first_be, last_be;
    std::uint16_t tag;
    base::routing_id requester, completer, target;
    pcie::cpl_status status;
    std::uint16_t byte_count;
    std::uint8_t lower_address;
    pcie::msg_code code;
    std::optional<pcie::pasid_prefix> pasid;
    std::vector<std::uint8_t> data;
    base::span_id span;
    base::ps time;
    bool relaxed;
    std::uint8_t traffic_class, virtual_channel;
    bool digest, digest_bad;

    bool is(pcie::tlp_type t) const { return type == t; }
    bool is_message(pcie::msg_code c) const {
        return (type == pcie::tlp_type::msg || type == pcie::tlp_type::msg_d) && code == c;
    }
    bool is_translation_request() const {
        return type == pcie::tlp_type::mrd && at == base::address_type::translation_request;
    }
    std::uint32_t word(std::size_t i = 0) const {
        std::uint32_t v;
        std::memcpy(&v, data.data() + 4 * i, 4);
        return v;
    }
};

/// The other side of the endpoint's socket: root complex, translation agent and memory in one,
/// without timing but a latency for what it answers.
class peer final : public sc_core::sc_module, pcie::tlp_receiver {
public:
    peer(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool)
        : sc_module(name),
          socket("socket", *this, pool),
          ctx_(ctx),
          pool_(pool),
          answers_(ctx.timeline, std::string(this->name()) + ".answers", sink{this}) {}

    pcie::downstream_socket socket;
    std::vector<seen_tlp> seen;
    std::map<std::uint64_t, std::uint8_t>
        memory;               ///< by physical address, 0 where nothing was written
    bool hold_reads = false;  ///< keep reads in `held` instead of answering
    bool hold_translations = false;
    bool hold_credits = false;  ///< the store for posted TLPs is not given back
    pcie::cpl_status read_status = pcie::cpl_status::success;
    pcie::cpl_status atomic_status = pcie::cpl_status::success;
    unsigned completion_bytes = 256;  ///< largest completion, ends at multiples of 64
    base::ps latency = 300_ns;
    std::vector<pcie::tlp_ptr> held;
    /// What a Translation Request is answered with; identity, 4 KiB, read and write by default.
    std::function<pcie::translation_entry(const pcie::tlp&)> translate = [](const pcie::tlp& t) {
        pcie::translation_entry e;
        e.address = t.address & ~0xfffull;
        e.read = e.write = true;
        return e;
    };
    pcie::cpl_status translation_status = pcie::cpl_status::success;
    std::uint32_t withheld = 0;

    void advertise(std::uint32_t headers = 8) {
        for (const auto c :
             {pcie::fc_class::posted, pcie::fc_class::non_posted, pcie::fc_class::completion})
            socket.credit_return(c, headers, UINT32_MAX);
    }
    /// The same for one more virtual channel, which works from here on.
    void open_channel(unsigned vc, std::uint32_t headers = 8) {
        for (const auto c :
             {pcie::fc_class::posted, pcie::fc_class::non_posted, pcie::fc_class::completion})
            socket.channel_credit_return(vc, c, headers, UINT32_MAX);
        socket.set_channel(vc, true);
    }
    void give_back_withheld() {
        hold_credits = false;
        socket.credit_return(pcie::fc_class::posted, std::exchange(withheld, 0), 0);
    }
    void answer(pcie::tlp_ptr t) {
        if (t->at == base::address_type::translation_request)
            answer_translation(std::move(t));
        else
            answer_read(std::move(t));
    }
    void answer_held() {
        std::vector<pcie::tlp_ptr> all;
        all.swap(held);
        for (auto& t : all) answer(std::move(t));
    }
    /// Credits that the endpoint gave back, by class.
    std::array<std::uint32_t, pcie::fc_classes> freed{};

private:
    struct sink {
        peer* self;
        void operator()(pcie::tlp_ptr&& t) const { self->socket.send(std::move(t)); }
    };
    void receive(pcie::tlp_ptr t) override {
        remember(*t);
        if (t->virtual_channel != 0)
            socket.channel_credit_return(t->virtual_channel, t->flow_class(), 1, UINT32_MAX);
        else if (hold_credits && t->flow_class() == pcie::fc_class::posted)
            ++withheld;
        else
            socket.credit_return(t->flow_class(), 1, UINT32_MAX);
        if (t->type == pcie::tlp_type::mwr) store(*t);
        if (pcie::is_atomic(t->type)) return answer_atomic(*t);
        if (t->type != pcie::tlp_type::mrd) return;
        const bool translation = t->at == base::address_type::translation_request;
        if (translation ? hold_translations : hold_reads)
            held.push_back(std::move(t));
        else
            answer(std::move(t));
    }
    void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t) override {
        freed[static_cast<std::size_t>(c)] += hdr;
    }
    void link_changed(bool) override {}

    void remember(const pcie::tlp& t) {
        seen_tlp s{t.type,
                   t.at,
                   t.address,
                   t.length,
                   t.first_be,
                   t.last_be,
                   t.tag,
                   t.requester,
                   t.completer,
                   t.target,
                   t.status,
                   t.byte_count,
                   t.lower_address,
                   t.code,
                   t.pasid,
                   {},
                   t.span,
                   ctx_.now(),
                   t.relaxed_ordering,
                   t.traffic_class,
                   t.virtual_channel,
                   t.digest,
                   t.digest_bad};
        if (t.has_data()) s.data.assign(t.payload->begin(), t.payload->begin() + t.bytes());
        seen.push_back(std::move(s));
    }
    void store(const pcie::tlp& t) {
        const pcie::enabled_bytes e = pcie::enabled_bytes_of(t);
        for (unsigned i = e.first; i < e.first + e.bytes; ++i)
            memory[t.address + i] = (*t.payload)[i];
    }
    pcie::tlp_ptr completion(const pcie::tlp& request, pcie::cpl_status status) {
        pcie::tlp_ptr c = pool_.make();
        c->type = pcie::tlp_type::cpl;
        c->status = status;
        c->requester = request.requester;
        c->tag = request.tag;
        c->completer = root_id;
        c->traffic_class = request.traffic_class;
        c->virtual_channel = request.virtual_channel;
        return c;
    }
    void answer_translation(pcie::tlp_ptr t) {
        pcie::tlp_ptr c = completion(*t, translation_status);
        c->byte_count = 8;
        if (translation_status == pcie::cpl_status::success) {
            c->type = pcie::tlp_type::cpl_d;
            c->length = 2;
            pool_.add_payload(*c);
            pcie::set_payload_word(*c, translate(*t).encode());
        }
        answers_.push(ctx_.now() + latency, std::move(c));
    }
    /// With the bytes that are there; nothing is computed.
    void answer_atomic(const pcie::tlp& t) {
        pcie::tlp_ptr c = completion(t, atomic_status);
        const unsigned bytes = pcie::operand_bytes(t);
        c->byte_count = static_cast<std::uint16_t>(bytes);
        if (atomic_status == pcie::cpl_status::success) {
            c->type = pcie::tlp_type::cpl_d;
            c->length = static_cast<std::uint16_t>(bytes / 4);
            pool_.add_payload(*c);
            for (unsigned i = 0; i < bytes; ++i) (*c->payload)[i] = byte(t.address + i);
        }
        answers_.push(ctx_.now() + latency, std::move(c));
    }
    void answer_read(pcie::tlp_ptr t) {
        const pcie::enabled_bytes e = pcie::enabled_bytes_of(*t);
        std::uint64_t at = t->address + e.first;
        std::uint32_t due = e.bytes;
        while (due > 0) {
            pcie::tlp_ptr c = completion(*t, read_status);
            const auto bytes = std::min<std::uint32_t>(
                due, completion_bytes - static_cast<std::uint32_t>(at % 64));
            c->byte_count = static_cast<std::uint16_t>(due);
            c->lower_address = at & 0x7f;
            if (read_status != pcie::cpl_status::success) {
                answers_.push(ctx_.now() + latency, std::move(c));
                return;
            }
            c->type = pcie::tlp_type::cpl_d;
            c->length = static_cast<std::uint16_t>((at % 4 + bytes + 3) / 4);
            pool_.add_payload(*c);
            for (std::uint32_t i = 0; i < bytes; ++i) (*c->payload)[at % 4 + i] = byte(at + i);
            answers_.push(ctx_.now() + latency, std::move(c));
            at += bytes;
            due -= bytes;
        }
    }
    std::uint8_t byte(std::uint64_t at) const {
        const auto found = memory.find(at);
        return found == memory.end() ? std::uint8_t{0} : found->second;
    }

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    base::delay_line<pcie::tlp_ptr, sink> answers_;
};

}  // namespace drydock::endpoint
