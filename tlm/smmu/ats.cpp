// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/ats.h"

#include <algorithm>

#include "tlm/pcie/ats_messages.h"

namespace drydock::smmu {
namespace {

constexpr std::uint64_t stu_bytes = 4096;  // STU 0: what software programs into every device here
constexpr std::uint32_t unlimited = UINT32_MAX;
// Boundaries of a Translation Request (kind::stage).
constexpr std::uint64_t request_at_smmu = 49, translated_by_smmu = 50;
constexpr std::uint32_t posted_buffers = 64;
constexpr base::routing_id agent{
    0};  // the translation agent's Requester ID, that of the root complex

bool is_translation_request(const pcie::tlp& t) {
    return t.type == pcie::tlp_type::mrd && t.at == base::address_type::translation_request;
}

std::uint64_t entry_of(const translate_result& r) {
    pcie::translation_entry e;
    e.bytes = r.page_bytes;
    e.privileged = r.priv;
    if (r.result == translate_result::outcome::ok) {
        e.address = r.pa.value & ~(r.page_bytes - 1);
        e.read = r.r;
        e.write = r.w;
        e.execute = r.x;
    }
    return e.encode();
}

}  // namespace

bool ats::credit::take(std::uint32_t d) {
    if (header == 0 || data < d) return false;
    if (header != unlimited) --header;
    if (data != unlimited) data -= d;
    return true;
}

void ats::credit::give(std::uint32_t h, std::uint32_t d) {
    header = h == unlimited || header == unlimited ? unlimited : header + h;
    data = d == unlimited || data == unlimited ? unlimited : data + d;
}

ats::ats(base::context& ctx, base::place_id place, pcie::tlp_pool& pool, const slot_plan& plan,
         const stream_map& streams, translator& t, ats_client& client)
    : ctx_(ctx),
      place_(place),
      pool_(pool),
      streams_(streams),
      translator_(t),
      client_(client),
      no_slot_(ctx, place, "no_translation_slot"),
      first_slot_(plan.posted + plan.non_posted),
      requests_(plan.ats) {
    for (std::uint32_t i = plan.ats; i-- > 0;) {
        requests_[i].next_free = free_;
        free_ = i;
    }
}

pcie::downstream_socket& ats::add_port(const char* socket_name) {
    ports_.emplace_back(*this, static_cast<unsigned>(ports_.size()), socket_name, pool_);
    return ports_.back().socket;
}

void ats::advertise() {
    for (root_port& p : ports_) {
        p.socket.credit_return(pcie::fc_class::posted, posted_buffers, posted_buffers);
        p.socket.credit_return(pcie::fc_class::non_posted,
                               static_cast<std::uint32_t>(requests_.size()), unlimited);
        p.socket.credit_return(pcie::fc_class::completion, unlimited, unlimited);
    }
}

void ats::root_port::credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t data) {
    if (c == pcie::fc_class::posted) {
        posted_credit.give(hdr, data);
        self.flush(*this);
        if (out_posted.empty()) self.client_.room_to_send(index);
    } else if (c == pcie::fc_class::completion) {
        completion_credit.give(hdr, data);
        self.flush(*this);
    }
}

void ats::root_port::link_changed(bool up) {
    if (!up) self.client_.link_lost(index);
}

void ats::stage(base::span_id span, std::uint64_t boundary) {
    if (span != base::no_span && ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), span, boundary);
}

void ats::receive(root_port& p, pcie::tlp_ptr t) {
    if (is_translation_request(*t)) {
        stage(t->span, request_at_smmu);
        if (p.requests.empty() && start_request(p, t)) return;
        no_slot_.begins(t->span, base::stream_id{t->requester.value});
        p.requests.push({std::move(t), ctx_.now()});
    } else if (t->is_message() && t->code == pcie::msg_code::invalidate_completion) {
        if (p.completions.empty() && client_.posted(p.index).performed_up_to(t->order))
            take_completion(p, std::move(t), base::no_span);
        else
            p.completions.push(std::move(t));
    } else if (t->is_message() && t->code == pcie::msg_code::page_request) {
        take_page_request(p, *t);
    } else {
        free_buffer(p, *t);  // nothing else belongs here; the root complex has answered it
    }
}

void ats::free_buffer(root_port& p, const pcie::tlp& t) {
    p.socket.credit_return(t.flow_class(), 1,
                           t.flow_class() == pcie::fc_class::posted ? t.data_credits() : 0);
}

// -- Translation Requests ------------------------------------------------------------------------

bool ats::start_request(root_port& p, pcie::tlp_ptr& t) {
    if (free_ == none) return false;
    const std::uint32_t index = free_;
    request& r = requests_[index];
    free_ = r.next_free;
    r.port = p.index;
    r.wanted = std::clamp<unsigned>(t->length / 2, 1, most_entries);
    r.done = 0;
    r.tlp = std::move(t);
    translate_next(index);
    return true;
}

void ats::start_waiting(root_port& p) {
    while (!p.requests.empty() && free_ != none) {
        waiting_request w = p.requests.take();
        no_slot_.ends(w.tlp->span, base::stream_id{w.tlp->requester.value}, w.since);
        start_request(p, w.tlp);
    }
}

void ats::translate_next(std::uint32_t index) {
    const request& r = requests_[index];
    const pcie::tlp& t = *r.tlp;
    translate_request q;
    q.kind = request_kind::translation_request;
    q.sid = streams_.of(t.requester);
    q.va = base::iova{(t.address & ~(stu_bytes - 1)) + r.done * stu_bytes};
    q.no_write = (t.address & pcie::translation_request_nw) != 0;
    q.tbu = static_cast<std::uint16_t>(r.port);
    q.stus = static_cast<std::uint8_t>(r.wanted);
    if (t.pasid) {
        q.ssid = t.pasid->pasid;
        q.execute = t.pasid->execute;
        q.privileged = t.pasid->privileged;
    }
    q.span = t.span;
    translator_.start(first_slot_ + index, q);
}

void ats::translated(std::uint32_t slot, const translate_result& result) {
    using outcome = translate_result::outcome;
    const std::uint32_t index = slot - first_slot_;
    request& r = requests_[index];
    const bool found = result.result == outcome::ok || result.result == outcome::no_access;
    r.numbers[r.done] = result.number;
    tell_translation(ctx_, place_, r.tlp->span, base::stream_id{r.tlp->requester.value},
                     (r.tlp->address & ~(stu_bytes - 1)) + r.done * stu_bytes, result);
    if (result.event && r.done == 0)
        client_.report(*result.event, r.tlp->span, result.event_may_merge);
    if (!found && r.done == 0) {
        r.done = 1;
        complete(index, result.result == outcome::unsupported_request
                            ? pcie::cpl_status::unsupported_request
                            : pcie::cpl_status::completer_abort);
        return;
    }
    if (found) {
        r.entries[r.done++] = entry_of(result);
        if (r.done < r.wanted) {
            translate_next(index);
            return;
        }
    } else {  // a later entry: the answer may stop early
        translator_.performed(result.number);
    }
    complete(index, pcie::cpl_status::success);
}

void ats::complete(std::uint32_t index, pcie::cpl_status status) {
    request& r = requests_[index];
    root_port& p = ports_[r.port];
    const pcie::tlp& t = *r.tlp;
    pcie::tlp_ptr c = pool_.make();
    const bool ok = status == pcie::cpl_status::success;
    c->type = ok ? pcie::tlp_type::cpl_d : pcie::tlp_type::cpl;
    c->traffic_class = t.traffic_class;
    c->completer = agent;
    c->requester = t.requester;
    c->tag = t.tag;
    c->status = status;
    c->byte_count = static_cast<std::uint16_t>(8 * (ok ? r.done : r.wanted));
    c->span = t.span;
    c->requested = base::iova{t.address & ~(stu_bytes - 1)};
    c->requested_known = true;
    c->obtained = ctx_.now();
    if (ok) {
        c->length = static_cast<std::uint16_t>(2 * r.done);
        pool_.add_payload(*c);
        for (unsigned i = 0; i < r.done; ++i)
            pcie::set_payload_word(*c, r.entries[i], std::size_t{8} * i);
    }
    for (unsigned i = 0; i < r.done; ++i) translator_.performed(r.numbers[i]);
    free_buffer(p, t);
    r.tlp.reset();
    r.next_free = free_;
    free_ = index;
    stage(c->span, translated_by_smmu);
    p.out_completions.push(std::move(c));
    flush(p);
    for (root_port& q : ports_) start_waiting(q);
    client_.lookup_performed();
}

// -- completions and Page Requests from below
// ------------------------------------------------------

void ats::take_completion(root_port& p, pcie::tlp_ptr t, base::span_id behind) {
    invalidate_completion c;
    c.port = static_cast<std::uint16_t>(p.home);
    c.function = t->requester;
    c.itag_vector = pcie::completion_itag_vector(t->address);
    c.cc = static_cast<std::uint8_t>(pcie::completion_cc(t->address) & 7);
    free_buffer(p, *t);
    client_.completion_arrived(c, behind);
}

void ats::write_performed(unsigned index) {
    root_port& p = ports_[index];
    const posted_order& order = client_.posted(index);
    while (!p.completions.empty() && order.performed_up_to(p.completions.front()->order))
        take_completion(p, p.completions.take(), order.last_performed());
}

void ats::take_page_request(root_port& p, const pcie::tlp& t) {
    const auto fields = pcie::page_request_fields::decode(t.address);
    page_request r;
    r.port = static_cast<std::uint16_t>(p.index);
    r.function = t.requester;
    if (t.pasid) {
        r.ssid = t.pasid->pasid;
        r.privileged = t.pasid->privileged;
        r.execute = t.pasid->execute;
    }
    r.read = fields.read;
    r.write = fields.write;
    r.last = fields.last;
    r.group = fields.group;
    r.page = fields.page;
    r.span = t.span;
    client_.page_requested(r);
}

void ats::page_request_gone(unsigned index) {
    ports_[index].socket.credit_return(pcie::fc_class::posted, 1, 0);
}

// -- messages to below ----------------------------------------------------------------------------

bool ats::send_invalidate(base::itag tag, const invalidation& what) {
    constexpr std::uint32_t body_credits = 1;  // 8 bytes
    root_port& p = ports_[what.port];
    if (!p.out_posted.empty() || !p.posted_credit.take(body_credits)) return false;
    pcie::tlp_ptr t = pool_.make();
    t->type = pcie::tlp_type::msg_d;
    t->code = pcie::msg_code::invalidate_request;
    t->routing = pcie::msg_routing::by_id;
    t->requester = agent;
    t->target = what.function;
    t->tag = tag.value;
    t->length = 2;
    t->span = what.span;
    if (what.ssid) t->pasid = pcie::pasid_prefix{*what.ssid, false, false};
    pool_.add_payload(*t);
    pcie::set_payload_word(*t, what.body);
    p.socket.send(std::move(t));
    return true;
}

void ats::send_prg_response(std::uint16_t port_index, base::routing_id function,
                            std::uint16_t group, std::uint8_t code,
                            std::optional<base::substream_id> ssid) {
    root_port& p = ports_[port_index];
    pcie::tlp_ptr t = pool_.make();
    t->type = pcie::tlp_type::msg;
    t->code = pcie::msg_code::prg_response;
    t->routing = pcie::msg_routing::by_id;
    t->requester = agent;
    t->target = function;
    t->address = pcie::encode_prg_response(code, group);
    if (ssid) t->pasid = pcie::pasid_prefix{*ssid, false, false};
    p.out_posted.push(std::move(t));
    flush(p);
}

void ats::flush(root_port& p) {
    while (!p.out_posted.empty() && p.posted_credit.take(0)) p.socket.send(p.out_posted.take());
    while (!p.out_completions.empty() &&
           p.completion_credit.take(p.out_completions.front()->data_credits()))
        p.socket.send(p.out_completions.take());
}

}  // namespace drydock::smmu
