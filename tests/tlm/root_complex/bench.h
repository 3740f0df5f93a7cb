// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <vector>

#include "tests/tlm/system/initiator.h"
#include "tlm/pcie/link.h"
#include "tlm/root_complex/root_complex.h"
#include "tlm/system/bus.h"
#include "tlm/system/memory.h"

namespace drydock::root_complex {

using namespace base::literals;

/// Takes part in nothing: keeps what arrives, sends what it is told, advertises room at start.
template <class Socket>
struct far_end : sc_core::sc_module, pcie::tlp_receiver {
    far_end(sc_core::sc_module_name n, base::context& c, pcie::tlp_pool& p)
        : sc_module(n), socket("socket", *this, p), ctx(c) {}
    void start_of_simulation() override {
        for (auto c :
             {pcie::fc_class::posted, pcie::fc_class::non_posted, pcie::fc_class::completion})
            socket.credit_return(c, 64, UINT32_MAX);
    }
    void receive(pcie::tlp_ptr t) override {
        times.push_back(ctx.now());
        socket.credit_return(t->flow_class(), 1, t->data_credits());
        arrived.push_back(std::move(t));
        if (on_arrival) on_arrival(*arrived.back());
    }
    void credits(pcie::fc_class, std::uint32_t hdr, std::uint32_t) override { returned += hdr; }
    void link_changed(bool up) override { states.push_back(up); }
    std::uint64_t returned = 0;  ///< header credits
    Socket socket;
    base::context& ctx;
    std::vector<pcie::tlp_ptr> arrived;
    std::vector<base::ps> times;
    std::vector<bool> states;
    std::function<void(const pcie::tlp&)> on_arrival;
};

/// Two root ports; below port 0 a device (directly, or behind a link), port 1 a second device. The
/// "SMMU" passes everything to memory.
struct bench {
    static constexpr std::uint64_t ecam = 0x40'1000'0000, ram = 0x4000'0000, mmio = 0x1000'0000;

    explicit bench(root_complex_config c = two_ports()) : bench(bound{}, c) {
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        program(0, 1, 3);
        program(1, 4, 4);
    }
    /// Bound, neither started nor programmed.
    struct bound {};
    /// @param over_bus  the CPU's side is a range of the bus, as in a machine: devices reach it too
    explicit bench(bound, root_complex_config c = two_ports(), bool over_bus = false)
        : rc("rc", ctx, pool, c) {
        if (over_bus) {
            cpu.socket.bind(bus.add_initiator("cpu"));
            bus.add_target("rc", base::phys_addr{ecam}, 256u << 20).bind(rc.cpu);
            bus.add_range(base::phys_addr{mmio}, 0x3000'0000);
        } else {
            cpu.socket.bind(rc.cpu);
        }
        for (unsigned p = 0; p < 2; ++p) {
            rc.posted(p).bind(bus.add_initiator("p" + std::to_string(p)));
            rc.non_posted(p).bind(bus.add_initiator("np" + std::to_string(p)));
        }
        rc.port(0).bind(device.socket);
        rc.port(1).bind(other.socket);
        smmu.socket.bind(rc.ats(0));
        smmu1.socket.bind(rc.ats(1));
        bus.add_target("ram", base::phys_addr{ram}, std::uint64_t{1} << 30).bind(mem.socket);
    }
    static root_complex_config two_ports() {
        root_complex_config c;
        c.ports = {{.name = "rp0"}, {.name = "rp1"}};
        return c;
    }
    /// What enumeration does to a root port: buses, a 16 MiB window, memory space, bus master.
    void program(unsigned p, unsigned secondary, unsigned subordinate) {
        config_write(0, p + 1, 0x18, 4, (secondary << 8) | (subordinate << 16));
        const std::uint32_t base = 0x1000 + p * 0x100;
        config_write(0, p + 1, 0x20, 4, base | ((base + 0xf0) << 16));
        config_write(0, p + 1, 0x04, 2, 6);
    }
    void run() { ctx.timeline.run(ctx.now() + 1_us); }
    std::uint64_t ecam_of(unsigned bus_number, unsigned dev, unsigned reg) const {
        return ecam + (std::uint64_t{bus_number} << 20) + (dev << 15) + reg;
    }
    void config_write(unsigned bus_number, unsigned dev, unsigned reg, unsigned n,
                      std::uint32_t v) {
        cpu.access(gp, true, ecam_of(bus_number, dev, reg), &v, n);
        run();
    }
    std::uint32_t config_read(unsigned bus_number, unsigned dev, unsigned reg, unsigned n = 4) {
        std::uint32_t v = 0;
        cpu.responses.clear();
        cpu.access(gp, false, ecam_of(bus_number, dev, reg), &v, n);
        run();
        return cpu.responses.empty() ? 0xdead : v;
    }
    pcie::tlp_ptr request(pcie::tlp_type type, std::uint64_t at, unsigned bytes) {
        pcie::tlp_ptr t = pool.make();
        t->type = type;
        t->address = at;
        t->length = static_cast<std::uint16_t>(bytes / 4);
        t->first_be = 0xf;
        t->last_be = bytes > 4 ? 0xf : 0;
        t->requester = base::routing_id{0x0100};
        if (type == pcie::tlp_type::mwr) {
            pool.add_payload(*t);
            for (unsigned i = 0; i < bytes; ++i)
                (*t->payload)[i] = static_cast<std::uint8_t>(i + 1);
        }
        return t;
    }
    pcie::tlp_ptr message(pcie::msg_code code) {
        pcie::tlp_ptr t = pool.make();
        t->type = pcie::tlp_type::msg;
        t->code = code;
        t->requester = base::routing_id{0x0100};
        return t;
    }
    /// Answers a non-posted request of the root complex as the device at port 0 does.
    void answer(const pcie::tlp& request, pcie::cpl_status status, std::uint64_t value = 0) {
        auto c = pool.make();
        c->type = pcie::tlp_type::cpl;
        c->status = status;
        c->requester = request.requester;
        c->tag = request.tag;
        c->completer = base::routing_id{0x0100};
        const bool memory = request.type == pcie::tlp_type::mrd;
        const bool read = memory || request.type == pcie::tlp_type::cfg_rd0 ||
                          request.type == pcie::tlp_type::cfg_rd1;
        c->byte_count =
            memory ? static_cast<std::uint16_t>(pcie::enabled_bytes_of(request).bytes) : 4;
        if (status == pcie::cpl_status::success && read) {
            c->type = pcie::tlp_type::cpl_d;
            c->length = request.length;
            if (memory)
                c->lower_address = static_cast<std::uint8_t>(
                    (request.address + pcie::enabled_bytes_of(request).first) & 0x7f);
            pool.add_payload(*c);
            std::memcpy(c->payload->data(), &value, 8);
        }
        device.socket.send(std::move(c));
    }
    std::uint32_t aer(unsigned p, unsigned reg) {
        auto& s = rc.root(p).config();
        return s.read(static_cast<std::uint16_t>(s.aer().at + reg));
    }

    base::context ctx;
    pcie::tlp_pool pool;
    root_complex rc;
    system::bus bus{"bus"};
    system::memory mem{"mem", ctx};
    system::initiator cpu{"cpu"};
    far_end<pcie::upstream_socket> device{"device", ctx, pool}, other{"other", ctx, pool};
    far_end<pcie::downstream_socket> smmu{"smmu", ctx, pool}, smmu1{"smmu1", ctx, pool};
    tlm::tlm_generic_payload gp;
};

}  // namespace drydock::root_complex
