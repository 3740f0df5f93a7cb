// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/traffic.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "tlm/base/atomic_operation.h"

namespace drydock::smmu {

slot_plan slot_plan::of(const smmu_config& c) {
    const std::uint32_t n = c.translation_slots;
    if (n < 4)
        throw std::invalid_argument(
            "smmu: translation_slots = " + std::to_string(n) +
            " is not possible: posted writes, reads and Translation Requests need 4 or more");
    return {n / 4, n / 2, n - n / 4 - n / 2};
}

traffic::traffic(base::context& ctx, base::place_id place, const slot_plan& plan,
                 const stream_map& streams, translator& t, memory_port& memory,
                 traffic_client& client)
    : ctx_(ctx),
      place_(place),
      streams_(streams),
      translator_(t),
      memory_(memory),
      client_(client),
      no_slot_(ctx, place, "no_translation_slot"),
      older_writes_(ctx, place, "older_writes"),
      slots_(plan.posted + plan.non_posted) {
    for (std::uint32_t i = slots(); i-- > 0;) {
        std::uint32_t& head = free_list(i < plan.posted);
        slots_[i].next_free = head;
        head = i;
    }
}

void traffic::add_port(tlm::tlm_target_socket<64>& posted, tlm::tlm_target_socket<64>& non_posted) {
    ports_.emplace_back(static_cast<gatekeeper&>(*this), static_cast<unsigned>(ports_.size()),
                        posted, non_posted);
    ports_.back().reads.reserve(slots_.size());
}

void traffic::arrived(inbound& way, tlm::tlm_generic_payload& gp) {
    if (!way.posted()) return;
    const auto* from = gp.get_extension<base::requester>();
    ports_[way.port()].order.arrived(from != nullptr ? from->order : 0,
                                     from != nullptr ? from->span : base::no_span);
}

bool traffic::admit(inbound& way, tlm::tlm_generic_payload& gp) {
    std::uint32_t& head = free_list(way.posted());
    auto* from = gp.get_extension<base::requester>();
    if (from == nullptr)
        throw std::logic_error("smmu: a root port sent a memory request without base::requester");
    base::ps& since = ports_[way.port()].waits_since[way.posted() ? 0 : 1];
    if (head == none) {
        if (!way.waiting()) {
            since = ctx_.now();
            no_slot_.begins(from->span, from->stream);
        }
        return false;
    }
    if (way.waiting()) no_slot_.ends(from->span, from->stream, since);
    const std::uint32_t index = head;
    slot& s = slots_[index];
    head = s.next_free;
    s.state = stage::translating;
    s.payload = &gp;
    s.from = from;
    s.way = &way;
    s.address = gp.get_address();
    translate_request r;
    r.kind = from->at == base::address_type::translated ? request_kind::translated
                                                        : request_kind::ordinary;
    r.sid = streams_.of(from->stream);
    r.ssid = from->substream;
    r.va = base::iova{s.address};
    r.write = !gp.is_read();
    if (r.write && !way.posted()) r.also_read = true;  // an AtomicOp
    r.execute = from->execute;
    r.privileged = from->privileged;
    r.tbu = static_cast<std::uint16_t>(way.port());
    r.span = from->span;
    if (way.posted()) ports_[way.port()].writes.push(index);
    translator_.start(index, r);
    return true;
}

void traffic::translated(std::uint32_t index, const translate_result& result) {
    slot& s = slots_[index];
    s.state = stage::ready;
    s.result = result.result;
    s.pa = result.pa;
    s.number = result.number;
    if (result.event) client_.report(*result.event, s.from->span, result.event_may_merge);
    tell_translation(ctx_, place_, s.from->span, s.from->stream, s.address, result);
    if (result.result == translate_result::outcome::ok && result.translated &&
        !s.from->requested_known) {
        s.from->requested = base::iova{s.address};
        s.from->requested_known = true;
        s.from->obtained = ctx_.now();
    }
    root_port& p = ports_[s.way->port()];
    if (s.way->posted()) {
        advance_writes(p);
    } else if (p.order.performed_up_to(s.from->order)) {
        go(index);
    } else {
        s.since = ctx_.now();
        older_writes_.begins(s.from->span, s.from->stream);
        p.reads.push_back(index);
    }
}

void traffic::advance_writes(root_port& p) {
    if (p.advancing) return;
    p.advancing = true;
    while (!p.performing && !p.writes.empty() && slots_[p.writes.front()].state == stage::ready) {
        p.performing = true;  // until performed(), which may come within go()
        go(p.writes.front());
    }
    p.advancing = false;
}

void traffic::go(std::uint32_t index) {
    slot& s = slots_[index];
    if (s.result != translate_result::outcome::ok) {
        end_without_memory(index);
        return;
    }
    s.state = stage::at_memory;
    s.payload->set_address(s.pa.value);
    memory_.forward(*this, index, *s.payload);
}

void traffic::end_without_memory(std::uint32_t index) {
    slot& s = slots_[index];
    if (s.result == translate_result::outcome::raz_wi) {
        if (s.payload->is_read())
            std::fill_n(s.payload->get_data_ptr(), s.payload->get_data_length(), std::uint8_t{0});
        else if (auto* a = s.payload->get_extension<base::atomic_operation>())
            a->old = {}, a->done = true;
        s.payload->set_response_status(tlm::TLM_OK_RESPONSE);
    } else {
        s.payload->set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    }
    performed(index);
    free_and_respond(index);
}

void traffic::performed(std::uint64_t index) {
    const slot& s = slots_[index];
    translator_.performed(s.number);
    if (s.way->posted()) write_done(ports_[s.way->port()]);
    client_.lookup_performed();
}

void traffic::write_done(root_port& p) {
    p.performing = false;
    p.writes.pop();
    p.order.performed();
    client_.write_performed(p.posted.port());
    if (!p.reads.empty()) advance_reads(p);
    advance_writes(p);
}

void traffic::advance_reads(root_port& p) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < p.reads.size(); ++i) {
        const std::uint32_t index = p.reads[i];
        const slot& s = slots_[index];
        if (p.order.performed_up_to(s.from->order)) {
            older_writes_.ends(s.from->span, s.from->stream, s.since);
            go(index);
        } else {
            p.reads[kept++] = index;
        }
    }
    p.reads.resize(kept);
}

void traffic::answered(std::uint64_t index, tlm::tlm_generic_payload&) {
    free_and_respond(static_cast<std::uint32_t>(index));
}

void traffic::free_and_respond(std::uint32_t index) {
    slot& s = slots_[index];
    inbound& way = *s.way;
    tlm::tlm_generic_payload& gp = *s.payload;
    gp.set_address(s.address);
    s.state = stage::free;
    std::uint32_t& head = free_list(way.posted());
    s.next_free = head;
    head = index;
    // Whoever waits comes first, ports in turn.
    unsigned& next = next_port_[way.posted() ? 0 : 1];
    const auto n = static_cast<unsigned>(ports_.size());
    for (unsigned i = 0; i < n; ++i) {
        root_port& p = ports_[(next + i) % n];
        if (!(way.posted() ? p.posted : p.non_posted).admit_waiting()) continue;
        next = (next + i + 1) % n;
        break;
    }
    way.respond(gp);
}

}  // namespace drydock::smmu
