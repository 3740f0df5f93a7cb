// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/requester.h"
#include "tlm/base/timeline_kernel.h"

namespace drydock::smmu::test {

/// A memory target with two manners: ours (TLM_COMPLETED, effect in the call, latency in the delay)
/// and that of a third party (TLM_ACCEPTED, END_REQ and BEGIN_RESP later, effect at BEGIN_RESP).
class fake_memory final : public sc_core::sc_module,
                          tlm::tlm_fw_transport_if<>,
                          base::timeline_client {
public:
    enum class manner { completed, accepted };
    struct access {
        base::ps time{};
        bool write = false;
        std::uint64_t address = 0;
        unsigned bytes = 0;
    };

    fake_memory(sc_core::sc_module_name name, base::context& ctx)
        : sc_module(name),
          socket("socket"),
          ctx_(ctx),
          id_(ctx.timeline.join(this->name(), *this)) {
        socket.bind(*this);
    }

    tlm::tlm_target_socket<64> socket;
    manner way = manner::completed;
    base::ps latency{80'000};
    std::vector<access> log;  ///< in order of their effect

    std::uint64_t& word(std::uint64_t address) { return words_[address & ~std::uint64_t{7}]; }
    std::uint32_t word32(std::uint64_t address) {
        return static_cast<std::uint32_t>(word(address) >> (8 * (address & 4)));
    }
    /// Accesses that touch [first, first + bytes) answer an error; bytes = 0 heals everything.
    void poison(std::uint64_t first, std::uint64_t bytes) { poisoned_ = {first, bytes}; }
    /// Accesses that begin in [first, first + bytes) are accepted and kept until release().
    void hold(std::uint64_t first, std::uint64_t bytes) { held_range_ = {first, bytes}; }
    void release() {
        held_range_ = {0, 0};
        for (tlm::tlm_generic_payload* gp : std::exchange(held_, {})) respond(*gp);
    }
    /// All words are 0 again, nothing was ever accessed.
    void forget() {
        words_.clear();
        log.clear();
    }
    std::size_t held() const { return held_.size(); }
    /// Reads that begin in [first, first + bytes).
    std::size_t reads_in(std::uint64_t first, std::uint64_t bytes) const {
        std::size_t n = 0;
        for (const access& a : log) n += !a.write && within({first, bytes}, a.address);
        return n;
    }
    std::size_t writes_to(std::uint64_t address) const {
        std::size_t n = 0;
        for (const access& a : log) n += a.write && a.address == address;
        return n;
    }

private:
    using range = std::pair<std::uint64_t, std::uint64_t>;
    static bool within(const range& r, std::uint64_t a) {
        return a >= r.first && a - r.first < r.second;
    }
    enum op : std::uint64_t { end_request = 0, response = 1 };

    void effect(tlm::tlm_generic_payload& gp) {
        const std::uint64_t at = gp.get_address();
        if (at < poisoned_.first + poisoned_.second &&
            at + gp.get_data_length() > poisoned_.first) {
            gp.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
            return;
        }
        log.push_back({ctx_.now(), gp.is_write(), at, gp.get_data_length()});
        gp.set_response_status(tlm::TLM_OK_RESPONSE);
        if (auto* atomic = gp.get_extension<base::atomic_update>()) {
            std::uint64_t& w = word(at);
            atomic->old = w;
            if (w == atomic->expected) w = atomic->desired;
            atomic->done = true;
            return;
        }
        copy(gp);
    }
    void copy(tlm::tlm_generic_payload& gp) {
        for (unsigned i = 0; i < gp.get_data_length(); ++i) {
            const std::uint64_t a = gp.get_address() + i;
            const unsigned shift = 8 * (a & 7);
            std::uint8_t& byte = gp.get_data_ptr()[i];
            std::uint64_t& w = words_[a & ~std::uint64_t{7}];
            if (gp.is_write())
                w = (w & ~(std::uint64_t{0xff} << shift)) | std::uint64_t{byte} << shift;
            else
                byte = static_cast<std::uint8_t>(w >> shift);
        }
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
        if (phase == tlm::END_RESP) return tlm::TLM_COMPLETED;
        if (within(held_range_, gp.get_address())) {
            held_.push_back(&gp);
            phase = tlm::END_REQ;
            return tlm::TLM_UPDATED;
        }
        if (way == manner::completed) {
            effect(gp);
            delay += base::to_sc(latency);
            return tlm::TLM_COMPLETED;
        }
        later(gp, end_request, base::ps{20'000});
        later(gp, response, latency);
        return tlm::TLM_ACCEPTED;
    }
    void later(tlm::tlm_generic_payload& gp, op what, base::ps delay) {
        ctx_.timeline.after(delay, base::phase::arrive, id_,
                            reinterpret_cast<std::uintptr_t>(&gp) | what);
    }
    void on_time(std::uint64_t encoded) override {
        auto& gp = *reinterpret_cast<tlm::tlm_generic_payload*>(
            static_cast<std::uintptr_t>(encoded & ~std::uint64_t{1}));
        if ((encoded & 1) == response) {
            respond(gp);
            return;
        }
        tlm::tlm_phase phase = tlm::END_REQ;
        sc_core::sc_time none;
        socket->nb_transport_bw(gp, phase, none);
    }
    void respond(tlm::tlm_generic_payload& gp) {
        effect(gp);
        tlm::tlm_phase phase = tlm::BEGIN_RESP;
        sc_core::sc_time none;
        socket->nb_transport_bw(gp, phase, none);
    }
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time&) override { effect(gp); }
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override {
        copy(gp);
        return gp.get_data_length();
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }

    base::context& ctx_;
    base::timeline::client_id id_;
    std::map<std::uint64_t, std::uint64_t> words_;
    range poisoned_{0, 0}, held_range_{0, 0};
    std::vector<tlm::tlm_generic_payload*> held_;
};

}  // namespace drydock::smmu::test
