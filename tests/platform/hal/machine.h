// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>

#include "platform/hal/hal_systemc.h"
#include "sw/kernel/kernel.h"
#include "tlm/system/bus.h"

namespace drydock::hal_systemc::test {

using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): durations read as
                                       // in prose
using sw::hal::duration;

inline constexpr std::uint64_t registers_at = 0x0900'0000;
inline constexpr std::uint64_t ecam_at = 0x40'1000'0000;
inline constexpr std::uint64_t ram_at = 0x4000'0000;

struct seen {
    base::ps when;
    std::uint64_t at;
    std::uint64_t value;
    bool write;
    bool operator==(const seen&) const = default;
};

/// Registers that answer at once, or late by timeline records: END_REQ and BEGIN_RESP each on its
/// own.
struct target final : sc_core::sc_module, tlm::tlm_fw_transport_if<>, base::timeline_client {
    target(sc_core::sc_module_name n, base::context& c)
        : sc_module(n), socket("socket"), ctx(c), id(c.timeline.join(this->name(), *this)) {
        socket.bind(*this);
    }
    tlm::tlm_target_socket<64> socket;
    base::context& ctx;
    base::timeline::client_id id;
    base::ps delay{};        ///< returned with TLM_COMPLETED
    base::ps end_request{};  ///< > 0: END_REQ after this
    base::ps respond{};      ///< > 0: BEGIN_RESP after this
    std::map<std::uint64_t, std::uint64_t> value;
    std::vector<seen> log;
    std::vector<tlm::tlm_generic_payload*> open;

    void serve(tlm::tlm_generic_payload& gp) {
        std::uint64_t& v = value[gp.get_address()];
        if (gp.is_write()) {
            v = 0;
            std::memcpy(&v, gp.get_data_ptr(), gp.get_data_length());
        } else {
            std::memcpy(gp.get_data_ptr(), &v, gp.get_data_length());
        }
        gp.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override {
        if (phase == tlm::END_RESP) return tlm::TLM_COMPLETED;
        serve(gp);
        std::uint64_t v = 0;
        std::memcpy(&v, gp.get_data_ptr(), gp.get_data_length());
        log.push_back({ctx.now(), gp.get_address(), v, gp.is_write()});
        if (respond == base::ps{}) {
            t += base::to_sc(delay);
            return tlm::TLM_COMPLETED;
        }
        open.push_back(&gp);
        gp.acquire();
        if (end_request > base::ps{}) ctx.timeline.after(end_request, base::phase::arrive, id, 0);
        ctx.timeline.after(respond, base::phase::arrive, id, 1);
        return tlm::TLM_ACCEPTED;
    }
    void on_time(std::uint64_t op) override {
        tlm::tlm_generic_payload* gp = op == 0 ? open.back() : open.front();
        tlm::tlm_phase phase = op == 0 ? tlm::END_REQ : tlm::BEGIN_RESP;
        sc_core::sc_time t = sc_core::SC_ZERO_TIME;
        if (op == 1) open.erase(open.begin());
        socket->nb_transport_bw(*gp, phase, t);
        if (op == 1) gp->release();
    }
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time&) override { serve(gp); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override {
        serve(gp);
        return gp.get_data_length();
    }
};

/// Hardware's acts at set times.
struct script final : base::timeline_client {
    explicit script(base::context& c) : ctx(c), id(c.timeline.join("script", *this)) {}
    void at(duration when, std::function<void()> f) {
        acts.push_back(std::move(f));
        ctx.timeline.at(to_base(when), base::phase::arrive, id, acts.size() - 1);
    }
    void on_time(std::uint64_t op) override { acts[op](); }
    base::context& ctx;
    base::timeline::client_id id;
    std::vector<std::function<void()>> acts;
};

struct listener final : base::observer {
    void on_event(const base::event& e) override { events.push_back(e); }
    std::vector<base::event> events;
};

struct hold_at final : steering {
    explicit hold_at(std::string p) : point(std::move(p)) {}
    bool hold(std::string_view, std::string_view p, std::uint16_t) override { return p == point; }
    std::string point;
};

inline sw::cpu_costs cheap() {
    sw::cpu_costs c;
    c.context_switch = c.lock = c.interrupt_entry = 0ns;
    return c;
}

struct machine : sc_core::sc_module {
    explicit machine(sc_core::sc_module_name own) : sc_module(own) {
        for (unsigned n = 0; n < 2; ++n)
            hal.socket(n).bind(bus.add_initiator("cpu" + std::to_string(n)));
        device.socket.bind(bus.add_initiator("device"));
        bus.add_target("ram", base::phys_addr{ram_at}, 1 << 20).bind(ram.socket);
        bus.add_target("registers", base::phys_addr{registers_at}, 128 * 1024)
            .bind(registers.socket);
        bus.add_target("msi", base::phys_addr{0x0808'0000}, 64 * 1024).bind(gic.socket);
        bus.add_target("ecam", base::phys_addr{ecam_at}, 256u << 20).bind(ecam.socket);
    }
    void run(duration until = 10ms) { sc_core::sc_start(base::to_sc(to_base(until))); }
    void device_writes(std::uint64_t at, std::uint32_t v) {
        tlm::tlm_generic_payload gp;
        gp.set_command(tlm::TLM_WRITE_COMMAND);
        gp.set_address(at);
        gp.set_data_ptr(reinterpret_cast<unsigned char*>(&v));
        gp.set_data_length(4);
        gp.set_streaming_width(4);
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        sc_core::sc_time t = sc_core::SC_ZERO_TIME;
        EXPECT_EQ(device.socket->nb_transport_fw(gp, phase, t), tlm::TLM_COMPLETED);
        EXPECT_TRUE(gp.is_response_ok());
    }
    static config make() {
        config c;
        c.cpus = 2;
        c.stacks = 8;
        c.ram_bytes = 1 << 20;
        return c;
    }
    struct initiator final : sc_core::sc_module, tlm::tlm_bw_transport_if<> {
        explicit initiator(sc_core::sc_module_name n) : sc_module(n), socket("socket") {
            socket.bind(*this);
        }
        tlm::tlm_initiator_socket<64> socket;
        tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                           sc_core::sc_time&) override {
            return tlm::TLM_COMPLETED;
        }
        void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    };

    base::context ctx;
    base::timeline_kernel driver{"timeline", ctx.timeline};
    system::memory ram{"ram", ctx, {base::phys_addr{ram_at}, 1 << 20}};
    system::interrupt_controller gic{"gic", ctx};
    system::bus bus{"bus"};
    target registers{"registers", ctx};
    target ecam{"ecam", ctx};
    initiator device{"device"};
    script hardware{ctx};
    hal_systemc hal{"hal", ctx, driver, ram, gic, make()};
    sw::kernel k{hal.host(), 2, cheap()};
    duration when{};
};

struct HalSystemc : ::testing::Test, machine {
    HalSystemc() : machine("machine") {}
};

}  // namespace drydock::hal_systemc::test
