// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/root_complex.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tlm/base/timeline_kernel.h"
#include "tlm/pcie/intx.h"
#include "tlm/pcie/timers.h"
#include "tlm/root_complex/read_completions.h"

namespace drydock::root_complex {
namespace {

constexpr std::uint64_t page = 4096;
constexpr unsigned ecam_bus_shift =
    20;  // ECAM: bus[27:20] device[19:15] function[14:12] register[11:0]
constexpr unsigned ecam_function_shift = 12;

/// On a payload whose initiator waits in b_transport for its response.
struct blocked_thread final : tlm::tlm_extension<blocked_thread> {
    sc_core::sc_event answer;
    bool answered = false;
    tlm::tlm_extension_base* clone() const override { return nullptr; }  // a copy waits for nothing
    void copy_from(const tlm::tlm_extension_base&) override {}
    void free() override {}  // lives on the thread's stack
};

/// A completion that ends a request without doing it.
bool refused(pcie::cpl_status s) {
    return s != pcie::cpl_status::success && s != pcie::cpl_status::request_retry;
}

void check(const std::string& name, const root_complex_config& c) {
    if (c.ports.empty() || c.ports.size() > 31)
        throw std::invalid_argument(name + ": " + std::to_string(c.ports.size()) +
                                    " root ports; 1..31 fit on bus 0");
    if (c.ecam_bytes == 0 || c.ecam_bytes % (1u << ecam_bus_shift) != 0 ||
        c.ecam_bytes > (256u << ecam_bus_shift))
        throw std::invalid_argument(name + ": ecam_bytes must be 1..256 buses of 1 MiB");
    if (c.completion_timeout < pcie::completion_timeout_least ||
        c.completion_timeout > pcie::completion_timeout_most)
        throw std::invalid_argument(name + ": completion_timeout outside 50us..50ms");
}

}  // namespace

root_complex::root_complex(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                           const root_complex_config& config)
    : sc_module(name),
      cpu("cpu"),
      ctx_(ctx),
      pool_(pool),
      config_(config),
      table_(ctx, std::string(this->name()) + ".cpu_requests", *this, config.completion_timeout,
             config.rrs_retry, config.rrs_limit),
      waiting_(64) {
    check(this->name(), config);
    intx_.resize(config.ports.size());
    for (unsigned p = 0; p < config.ports.size(); ++p)
        ports_.push_back(std::make_unique<root_port>(config.ports[p].name.c_str(), ctx, pool,
                                                     requests_, config_, p,
                                                     static_cast<root_port_owner&>(*this)));
    for (unsigned p = 0; p < ports(); ++p) ways_.emplace_back(p, 0);
    for (unsigned p = 0; p < ports(); ++p)
        for (unsigned n = 1; n < ports_[p]->lanes(); ++n) ways_.emplace_back(p, n);
    bus_to_port_.fill(nowhere);
    cpu.bind(*this);
}

std::optional<std::uint16_t> root_complex::port_of(base::routing_id id) const {
    const std::uint16_t p = bus_to_port_[pcie::bus_of(id)];
    return p == nowhere ? std::nullopt : std::optional(p);
}

void root_complex::buses_changed() {
    bus_to_port_.fill(nowhere);
    for (std::uint16_t p = 0; p < ports_.size(); ++p) {
        const unsigned first = ports_[p]->secondary(), last = ports_[p]->subordinate();
        if (first == 0) continue;  // not programmed
        for (unsigned bus = first; bus <= last; ++bus)
            if (bus_to_port_[bus] == nowhere) bus_to_port_[bus] = p;
    }
}

// -- requests of the CPUs ------------------------------------------------------------------------

tlm::tlm_sync_enum root_complex::nb_transport_fw(tlm::tlm_generic_payload& gp,
                                                 tlm::tlm_phase& phase, sc_core::sc_time&) {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP
    if (begin(gp)) return tlm::TLM_COMPLETED;
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
}

bool root_complex::begin(tlm::tlm_generic_payload& gp) {
    taken how = taken::waits;
    if (waiting_.empty()) how = take(gp);
    if (how == taken::waits) waiting_.push(&gp);
    return how == taken::done;
}

/// For CPUs that are threads: the one place where our hardware waits, in the caller's own thread.
void root_complex::b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) {
    const auto caller = sc_core::sc_get_current_process_handle();
    if (!caller.valid() || caller.proc_kind() != sc_core::SC_THREAD_PROC_) {
        gp.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        SC_REPORT_ERROR("/drydock/root_complex",
                        "an access of PCI Express takes simulated time: b_transport needs an "
                        "SC_THREAD, everybody else nb_transport_fw");
        return;
    }
    if (t != sc_core::SC_ZERO_TIME) sc_core::wait(std::exchange(t, sc_core::SC_ZERO_TIME));
    ctx_.timeline.advance(base::from_sc(sc_core::sc_time_stamp()));  // an idle one lags behind
    blocked_thread self;
    tlm::tlm_extension_base* const outer = gp.set_extension(&self);
    if (!begin(gp))
        while (!self.answered) sc_core::wait(self.answer);
    if (outer != nullptr)
        gp.set_extension(static_cast<blocked_thread*>(outer));
    else
        gp.clear_extension<blocked_thread>();
}

root_complex::taken root_complex::take(tlm::tlm_generic_payload& gp) {
    if (gp.get_byte_enable_ptr() != nullptr) {
        gp.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        return taken::done;
    }
    if (!gp.is_read() && !gp.is_write()) {
        gp.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
        return taken::done;
    }
    if (gp.get_streaming_width() < gp.get_data_length() && gp.get_streaming_width() != 0) {
        gp.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return taken::done;
    }
    const std::uint64_t at = gp.get_address();
    const std::uint64_t offset = at - config_.ecam_base.value;
    if (at >= config_.ecam_base.value && offset < config_.ecam_bytes)
        return take_config(gp, offset);
    return take_memory(gp);
}

root_complex::taken root_complex::take_config(tlm::tlm_generic_payload& gp, std::uint64_t offset) {
    const unsigned n = gp.get_data_length();
    if ((n != 1 && n != 2 && n != 4) || offset % n != 0) {
        gp.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return taken::done;
    }
    if (table_.full()) return taken::waits;
    ++count_.config_accesses;
    const base::routing_id target{static_cast<std::uint16_t>(offset >> ecam_function_shift)};
    const auto reg = static_cast<std::uint16_t>(offset & (page - 1));
    const std::uint16_t p = bus_to_port_[pcie::bus_of(target)];
    // On the port's own bus only device 0 exists, unless all of its numbers name functions (P-172,
    // ARI).
    const bool reachable =
        pcie::bus_of(target) != 0 && p != nowhere && ports_[p]->takes_requests() &&
        (pcie::bus_of(target) != ports_[p]->secondary() || pcie::device_of(target) == 0 ||
         ports_[p]->config().express().ari_forwarding());
    if (!reachable) return answer_locally(gp, target, reg);
    const std::uint16_t tag = table_.open(gp, cpu_request::kind::config);
    cpu_request& r = table_[tag];
    r.port = p;
    r.target = target;
    r.reg = reg;
    issue(tag);
    return taken::answers_later;
}

root_complex::taken root_complex::answer_locally(tlm::tlm_generic_payload& gp,
                                                 base::routing_id target, std::uint16_t reg) {
    const std::uint16_t tag = table_.open(gp, cpu_request::kind::local);
    table_[tag].target = target;
    table_[tag].reg = reg;
    table_.answer_later(tag, config_.pipeline * 2);
    return taken::answers_later;
}

/// A request of a device names who asks; one of a CPU does not.
void root_complex::count_peer(const tlm::tlm_generic_payload& gp) {
    if (gp.get_extension<base::requester>() != nullptr) ++count_.peer_requests;
}

root_complex::taken root_complex::take_memory(tlm::tlm_generic_payload& gp) {
    const unsigned n = gp.get_data_length();
    const std::uint64_t at = gp.get_address();
    if (n == 0 || at % page + n > page) {
        gp.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return taken::done;
    }
    if (gp.get_command() == tlm::TLM_IGNORE_COMMAND) {  // an AtomicOp to a peer: not supported
        gp.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return taken::done;
    }
    ++count_.memory_accesses;
    root_port* to = nullptr;
    for (const auto& p : ports_)
        if (p->window_has(at, n)) to = p.get();
    if (to == nullptr || !to->takes_requests()) {  // P-173
        ++count_.unrouted;
        fill_ones(gp);
        gp.set_response_status(tlm::TLM_OK_RESPONSE);
        return taken::done;
    }
    if (gp.is_write()) {
        if (at % 4 + n > to->config().device_control().max_payload) {
            gp.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
            return taken::done;
        }
        if (!to->takes_write()) return taken::waits;
        count_peer(gp);
        to->count_write();
        to->send_down(make_memory(gp, 0));
        gp.set_response_status(tlm::TLM_OK_RESPONSE);
        return taken::done;
    }
    if (table_.full()) return taken::waits;
    count_peer(gp);
    const std::uint16_t tag = table_.open(gp, cpu_request::kind::memory);
    for (std::uint16_t p = 0; p < ports_.size(); ++p)
        if (ports_[p].get() == to) table_[tag].port = p;
    issue(tag);
    return taken::answers_later;
}

void root_complex::resume_waiting() {
    if (resuming_) return;
    resuming_ = true;
    while (!waiting_.empty()) {
        const taken how = take(*waiting_.front());
        if (how == taken::waits) break;
        tlm::tlm_generic_payload* const gp = waiting_.pop();
        if (how == taken::done) respond(*gp);
    }
    resuming_ = false;
}

pcie::tlp_ptr root_complex::make_config(const cpu_request& r, std::uint16_t tag) {
    pcie::tlp_ptr t = pool_.make();
    const bool write = r.gp->is_write();
    const bool own_bus = pcie::bus_of(r.target) == ports_[r.port]->secondary();
    t->type = write ? (own_bus ? pcie::tlp_type::cfg_wr0 : pcie::tlp_type::cfg_wr1)
                    : (own_bus ? pcie::tlp_type::cfg_rd0 : pcie::tlp_type::cfg_rd1);
    t->requester = root_complex_id;
    t->tag = tag;
    t->target = r.target;
    t->address = r.reg & ~3u;
    t->length = 1;
    const unsigned n = r.gp->get_data_length();
    t->first_be = static_cast<std::uint8_t>(((1u << n) - 1) << (r.reg & 3));
    if (write) {
        pool_.add_payload(*t);
        std::memset(t->payload->data(), 0, 4);
        std::memcpy(t->payload->data() + (r.reg & 3), r.gp->get_data_ptr(), n);
    }
    return t;
}

pcie::tlp_ptr root_complex::make_memory(const tlm::tlm_generic_payload& gp, std::uint16_t tag) {
    pcie::tlp_ptr t = pool_.make();
    const std::uint64_t at = gp.get_address();
    const unsigned skip = at % 4;
    const unsigned n = gp.get_data_length();
    const unsigned end = skip + n;
    t->type = gp.is_write() ? pcie::tlp_type::mwr : pcie::tlp_type::mrd;
    t->requester = root_complex_id;
    t->tag = tag;
    t->address = at - skip;
    t->length = static_cast<std::uint16_t>((end + 3) / 4);
    const unsigned first = (0xfu << skip) & 0xf;
    const unsigned last = 0xfu >> ((4 - end % 4) % 4);
    t->first_be = static_cast<std::uint8_t>(t->length == 1 ? first & last : first);
    t->last_be = static_cast<std::uint8_t>(t->length == 1 ? 0 : last);
    if (gp.is_write()) {
        pool_.add_payload(*t);
        std::memset(t->payload->data(), 0, 4);
        std::memset(t->payload->data() + t->bytes() - 4, 0, 4);
        std::memcpy(t->payload->data() + skip, gp.get_data_ptr(), n);
    }
    return t;
}

root_port* root_complex::port_at(base::routing_id id) const {
    const unsigned device = pcie::device_of(id);
    const bool is_port = pcie::bus_of(id) == 0 && pcie::function_of(id) == 0 && device >= 1 &&
                         device <= ports_.size();
    return is_port ? ports_[device - 1].get() : nullptr;
}

// -- what comes back -----------------------------------------------------------------------------

void root_complex::issue(std::uint16_t tag) {
    ports_[table_[tag].port]->send_down(make_request(tag));
    table_.start_deadline(tag);
}

pcie::tlp_ptr root_complex::make_request(std::uint16_t tag) {
    const cpu_request& r = table_[tag];
    return r.what == cpu_request::kind::config ? make_config(r, tag) : make_memory(*r.gp, tag);
}

bool root_complex::log_pio(std::uint16_t tag, pio_failure how) {
    const cpu_request& r = table_[tag];
    const pio_space space =
        r.what == cpu_request::kind::config ? pio_space::config : pio_space::memory;
    return ports_[r.port]->pio_error(space, how, *make_request(tag));
}

void root_complex::completion(unsigned port, pcie::tlp_ptr t) {
    // Of a function to a function, redirected by ACS: down again by ID.
    const std::uint16_t home = bus_to_port_[pcie::bus_of(t->requester)];
    if (t->requester != root_complex_id && home != nowhere && ports_[home]->link_up())
        return ports_[home]->send_down(std::move(t));
    const bool ours =
        t->requester == root_complex_id && table_.is_open(t->tag) && table_[t->tag].port == port;
    using outcome = cpu_requests::outcome;
    if (ours && ports_[port]->has_pio() && refused(t->status)) {
        const bool exception = log_pio(t->tag, t->status == pcie::cpl_status::completer_abort
                                                   ? pio_failure::completer_abort
                                                   : pio_failure::unsupported_request);
        table_.fail(t->tag, exception);
        return resume_waiting();
    }
    const outcome o = ours
                          ? table_.completion(*t, ports_[port]->config().express().rrs_visibility())
                          : outcome::unexpected;
    if (o == outcome::unexpected) {
        ++count_.unexpected;
        // What a link that is down now had delivered before answers nobody any more.
        if (ports_[port]->link_up())
            ports_[port]->detect(pcie::error::unexpected_completion, t.get(), true);  // P-008
        return;
    }
    if (o == outcome::malformed) ports_[port]->detect(pcie::error::malformed, t.get(), false);
    if (o == outcome::poisoned) ports_[port]->detect(pcie::error::poisoned, t.get(), true);
    resume_waiting();
}

void root_complex::request_lost(unsigned port, std::uint16_t tag, pcie::cpl_status status) {
    if (table_.is_open(tag) && table_[tag].port == port) {
        ++(status == pcie::cpl_status::completer_abort ? count_.ended_ca : count_.ended_ur);
        table_.fail(tag);
    }
    resume_waiting();
}

void root_complex::link_changed(unsigned port, bool up) {
    if (!up) table_.fail_port(static_cast<std::uint16_t>(port));
    resume_waiting();
}

void root_complex::intx_changed(unsigned port, std::uint8_t wires) {
    const unsigned changed = wires ^ std::exchange(intx_[port], wires);
    for (unsigned pin = 0; pin < pcie::intx_pins && intx_sink_ != nullptr; ++pin)
        if ((changed >> pin & 1) != 0)
            intx_sink_->intx(port * pcie::intx_pins + pin, (wires >> pin & 1) != 0);
}

void root_complex::timed_out(std::uint16_t tag) {
    ++count_.timeouts;
    root_port& port = *ports_[table_[tag].port];
    bool exception = false;
    if (port.has_pio())  // RP PIO takes the place of AER's bit (choice)
        exception = log_pio(tag, pio_failure::timeout);
    else
        port.detect(pcie::error::completion_timeout, make_request(tag).get(), false);  // P-009
    table_.fail(tag, exception);
    resume_waiting();
}

void root_complex::local_due(std::uint16_t tag) {
    const cpu_request& r = table_[tag];
    tlm::tlm_generic_payload& gp = *r.gp;
    root_port* const port = port_at(r.target);
    if (port == nullptr) {
        table_.fail(tag);
        return resume_waiting();
    }
    pcie::config_space& space = port->config();
    std::uint32_t value = 0;
    const unsigned n = gp.get_data_length();
    if (gp.is_read()) {
        value = space.read(r.reg, n);
        std::memcpy(gp.get_data_ptr(), &value, n);
    } else {
        std::memcpy(&value, gp.get_data_ptr(), n);
        space.write(r.reg, n, value);
    }
    table_.finish(tag);
    resume_waiting();
}

/// The root ports' configuration space, as it stands; what lies below a link is not looked at.
unsigned root_complex::transport_dbg(tlm::tlm_generic_payload& gp) {
    const std::uint64_t offset = gp.get_address() - config_.ecam_base.value;
    const base::routing_id target{static_cast<std::uint16_t>(offset >> ecam_function_shift)};
    if (offset >= config_.ecam_bytes || !gp.is_read()) return 0;
    root_port* const port = port_at(target);
    if (port == nullptr) return 0;
    const auto reg = static_cast<unsigned>(offset % page);
    const unsigned n = std::min(gp.get_data_length(), static_cast<unsigned>(page) - reg);
    std::memcpy(gp.get_data_ptr(), port->config().registers().image.bytes.data() + reg, n);
    gp.set_response_status(tlm::TLM_OK_RESPONSE);
    return n;
}

void root_complex::respond(tlm::tlm_generic_payload& gp) {
    if (auto* const thread = gp.get_extension<blocked_thread>()) {
        thread->answered = true;
        return thread->answer.notify(sc_core::SC_ZERO_TIME);
    }
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time t;
    cpu->nb_transport_bw(gp, phase, t);
}

}  // namespace drydock::root_complex
