// SPDX-License-Identifier: Apache-2.0
#include "platform/hal/cpu_port.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "platform/hal/time.h"

namespace drydock::hal_systemc {
namespace {

sw::u64 all_ones(unsigned size) { return size == 8 ? ~sw::u64{0} : (sw::u64{1} << (8 * size)) - 1; }

}  // namespace

cpu_port::cpu_port(const std::string& name, base::context& ctx, base::timeline_kernel& kernel,
                   const mmio_config& config, store_observer& observer)
    : socket(sc_core::sc_gen_unique_name("cpu")),
      ctx_(ctx),
      kernel_(kernel),
      config_(config),
      observer_(observer),
      id_(ctx.timeline.join(name, *this)) {
    socket.bind(*this);
}

cpu_port::~cpu_port() = default;

cpu_port::access& cpu_port::make(tlm::tlm_command command, std::uint64_t at, unsigned size) {
    if ((size != 1 && size != 2 && size != 4 && size != 8) || at % size != 0)
        throw std::invalid_argument("mmio: access of " + std::to_string(size) + " bytes at " +
                                    std::to_string(at) +
                                    "; sizes are 1, 2, 4, 8, naturally aligned");
    if (free_.empty()) {
        free_.push_back(all_.emplace_back(std::make_unique<access>()).get());
        free_.back()->gp.set_mm(this);
    }
    access& a = *free_.back();
    free_.pop_back();
    a.gp.acquire();
    a.gp.set_command(command);
    a.gp.set_address(at);
    a.gp.set_data_ptr(reinterpret_cast<unsigned char*>(&a.data));
    a.gp.set_data_length(size);
    a.gp.set_streaming_width(size);
    a.gp.set_byte_enable_ptr(nullptr);
    a.gp.set_dmi_allowed(false);
    a.gp.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    a.data = 0;
    a.client = nullptr;
    return a;
}

void cpu_port::free(tlm::tlm_generic_payload* gp) { free_.push_back(&of(*gp)); }

cpu_port::access& cpu_port::of(tlm::tlm_generic_payload& gp) {
    for (const auto& a : all_)  // a handful
        if (&a->gp == &gp) return *a;
    throw std::logic_error("mmio: a target answers a transaction that is not this CPU's");
}

// -- what software asks ------------------------------------------------------------------------

std::optional<sw::hal::mmio_result> cpu_port::load(std::uint64_t at, unsigned size,
                                                   sw::hal::mmio_client& client, sw::u64 cookie) {
    return wait_for(make(tlm::TLM_READ_COMMAND, at, size), client, cookie);
}

std::optional<sw::hal::mmio_result> cpu_port::store(std::uint64_t at, unsigned size, sw::u64 value,
                                                    sw::hal::mmio_client& client, sw::u64 cookie) {
    access& a = make(tlm::TLM_WRITE_COMMAND, at, size);
    a.data = value;
    if (config_.in_configuration(at)) return wait_for(a, client, cookie);
    a.due = ctx_.now() + config_.store_flight;
    queue_.push_back(&a);
    pump();
    return sw::hal::mmio_result{0, to_sw(config_.store_busy), true};
}

std::optional<sw::hal::mmio_result> cpu_port::wait_for(access& a, sw::hal::mmio_client& client,
                                                       sw::u64 cookie) {
    a.client = &client;
    a.cookie = cookie;
    a.due = ctx_.now();
    if (!queue_.empty()) a.due = std::max(a.due, queue_.back()->due);
    queue_.push_back(&a);
    immediate_ = &a;
    pump();
    immediate_ = nullptr;
    return std::exchange(answer_, std::nullopt);
}

sw::u64 cpu_port::peek(std::uint64_t at, unsigned size) {
    access& a = make(tlm::TLM_READ_COMMAND, at, size);
    const bool answered = socket->transport_dbg(a.gp) == size;
    const sw::u64 value = answered ? a.data : all_ones(size);
    a.gp.release();
    return value;
}

// -- the bus -----------------------------------------------------------------------------------

void cpu_port::pump() {
    while (!queue_.empty() && request_open_ == nullptr) {
        access& a = *queue_.front();
        if (a.due > ctx_.now()) {
            if (!ctx_.timeline.pending(armed_))
                armed_ = ctx_.timeline.at(a.due, base::phase::arrive, id_);
            return;
        }
        queue_.erase(queue_.begin());
        issue(a);
    }
}

void cpu_port::pump_later() {
    if (!queue_.empty() && !ctx_.timeline.pending(armed_))
        armed_ =
            ctx_.timeline.at(std::max(ctx_.now(), queue_.front()->due), base::phase::arrive, id_);
}

void cpu_port::issue(access& a) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    request_open_ = &a;
    switch (socket->nb_transport_fw(a.gp, phase, delay)) {
        case tlm::TLM_COMPLETED:
            request_open_ = nullptr;
            return complete(
                a, delay == sc_core::SC_ZERO_TIME ? config_.load_time : base::from_sc(delay));
        case tlm::TLM_UPDATED:
            request_open_ = nullptr;
            if (phase == tlm::END_REQ) return;
            if (phase == tlm::BEGIN_RESP) {
                sc_core::sc_time none = sc_core::SC_ZERO_TIME;
                phase = tlm::END_RESP;
                socket->nb_transport_fw(a.gp, phase, none);
                return complete(a, base::from_sc(delay));
            }
            throw std::logic_error("mmio: a target answers BEGIN_REQ by phase " +
                                   std::string(phase.get_name()));
        case tlm::TLM_ACCEPTED:
            return;
    }
}

tlm::tlm_sync_enum cpu_port::nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                             sc_core::sc_time& t) {
    kernel_.sync();
    if (phase != tlm::END_REQ && phase != tlm::BEGIN_RESP)
        throw std::logic_error("mmio: unexpected phase " + std::string(phase.get_name()) +
                               " from a target");
    if (request_open_ == &of(gp)) request_open_ = nullptr;  // BEGIN_RESP implies END_REQ
    pump_later();
    if (phase == tlm::END_REQ) return tlm::TLM_ACCEPTED;
    complete(of(gp), base::from_sc(t));
    return tlm::TLM_COMPLETED;
}

void cpu_port::complete(access& a, base::ps busy) {
    const bool ok = a.gp.is_response_ok();
    const unsigned size = a.gp.get_data_length();
    if (a.gp.is_write()) observer_.stored(a.gp.get_address());
    if (a.client != nullptr) {
        const sw::hal::mmio_result result{ok ? a.data : all_ones(size), to_sw(busy), ok};
        if (immediate_ == &a)
            answer_ = result;
        else
            a.client->mmio_done(a.cookie, result);
    }
    a.gp.release();
}

}  // namespace drydock::hal_systemc
