// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/cpu_requests.h"

#include <algorithm>
#include <cstring>

namespace drydock::root_complex {

void fill_ones(tlm::tlm_generic_payload& gp) {
    if (gp.is_read()) std::memset(gp.get_data_ptr(), 0xff, gp.get_data_length());
}

cpu_requests::cpu_requests(base::context& ctx, const std::string& name, cpu_requests_owner& owner,
                           base::ps timeout, base::ps rrs_retry, base::ps rrs_limit)
    : ctx_(ctx),
      owner_(owner),
      timeout_(timeout),
      rrs_retry_(rrs_retry),
      rrs_limit_(rrs_limit),
      id_(ctx.timeline.join(name, *this)) {
    for (std::uint16_t tag = 0; tag < slots_.size(); ++tag) free_.push(tag);
}

std::uint16_t cpu_requests::open(tlm::tlm_generic_payload& gp, cpu_request::kind what) {
    const std::uint16_t tag = free_.pop();
    cpu_request& r = slots_[tag];
    r = {};
    r.gp = &gp;
    r.what = what;
    r.first_issued = ctx_.now();
    return tag;
}

void cpu_requests::start_deadline(std::uint16_t tag) {
    slots_[tag].deadline = ctx_.timeline.after(timeout_, base::phase::arrive, id_,
                                               (std::uint64_t{tag} << 1) | timeout_due);
}

void cpu_requests::answer_later(std::uint16_t tag, base::ps delay) {
    slots_[tag].step =
        ctx_.timeline.after(delay, base::phase::arrive, id_, (std::uint64_t{tag} << 1) | step_due);
}

void cpu_requests::on_time(std::uint64_t op) {
    const auto tag = static_cast<std::uint16_t>(op >> 1);
    if ((op & 1) == timeout_due)
        owner_.timed_out(tag);
    else if (slots_[tag].what == cpu_request::kind::local)
        owner_.local_due(tag);
    else
        owner_.issue(tag);
}

bool cpu_requests::take_data(cpu_request& r, const pcie::tlp& t) {
    // The bytes of this piece follow those received before; the first DW may begin with bytes
    // nobody asked for.
    tlm::tlm_generic_payload& gp = *r.gp;
    const unsigned total = gp.get_data_length();
    unsigned skip = t.lower_address & 3u;
    unsigned due = t.byte_count;
    if (r.what == cpu_request::kind::config) {
        skip = r.reg & 3u;  // Lower Address is 0 and Byte Count 4 there
        due = total;
    }
    const unsigned here = std::min({due, t.bytes() - skip, total - r.received});
    std::memcpy(gp.get_data_ptr() + r.received, t.payload->data() + skip, here);
    r.received += here;
    return r.received >= total;
}

cpu_requests::outcome cpu_requests::completion(const pcie::tlp& t, bool visible) {
    const bool plain = t.type == pcie::tlp_type::cpl || t.type == pcie::tlp_type::cpl_d;
    if (!plain || !is_open(t.tag) || slots_[t.tag].what == cpu_request::kind::local)
        return outcome::unexpected;
    cpu_request& r = slots_[t.tag];
    if (t.status == pcie::cpl_status::request_retry && r.what == cpu_request::kind::config) {
        if (visible && r.gp->is_read() &&
            (r.reg & ~1u) == 0) {  // P-131: VID reads 0x0001, the rest all ones
            fill_ones(*r.gp);
            constexpr std::uint8_t vendor[] = {0x01, 0x00};
            for (unsigned i = r.reg; i < std::min(2u, r.reg + r.gp->get_data_length()); ++i)
                r.gp->get_data_ptr()[i - r.reg] = vendor[i];
            finish(t.tag);
            return outcome::finished;
        }
        ctx_.timeline.cancel(r.deadline);
        if (ctx_.now() - r.first_issued >= rrs_limit_) {
            fail(t.tag);
            return outcome::finished;
        }
        answer_later(t.tag, rrs_retry_);
        return outcome::retried;
    }
    if (t.status != pcie::cpl_status::success || t.poisoned) {
        fail(t.tag);
        // RRS answers configuration requests only.
        if (t.status == pcie::cpl_status::request_retry) return outcome::malformed;
        return t.poisoned ? outcome::poisoned : outcome::finished;
    }
    if (r.gp->is_read()) {
        if (!t.has_data()) {
            fail(t.tag);
            return outcome::malformed;
        }
        if (!take_data(r, t)) return outcome::more;
    }
    finish(t.tag);
    return outcome::finished;
}

void cpu_requests::fail(std::uint16_t tag, bool exception) {
    fill_ones(*slots_[tag].gp);
    finish(tag, exception);
}

void cpu_requests::finish(std::uint16_t tag, bool exception) {
    cpu_request& r = slots_[tag];
    tlm::tlm_generic_payload& gp = *r.gp;
    ctx_.timeline.cancel(r.deadline);
    ctx_.timeline.cancel(r.step);
    r = {};
    free_.push(tag);
    gp.set_response_status(exception ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE);
    owner_.respond(gp);
}

void cpu_requests::fail_port(std::uint16_t port) {
    for (std::uint16_t tag = 0; tag < slots_.size(); ++tag)
        if (is_open(tag) && slots_[tag].what != cpu_request::kind::local &&
            slots_[tag].port == port)
            fail(tag);
}

}  // namespace drydock::root_complex
