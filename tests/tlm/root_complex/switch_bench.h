// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/pcie/errors.h"
#include "tlm/root_complex/switch.h"

namespace drydock::root_complex {

using namespace base::literals;
using pcie::fc_class;
using pcie::tlp_ptr;
using pcie::tlp_type;

/// A neighbour of the switch: keeps what arrives, counts the credits it gets back, gives its own
/// room at the start and, while `frees`, after each TLP.
template <class Socket>
struct switch_neighbour : sc_core::sc_module, pcie::tlp_receiver {
    switch_neighbour(sc_core::sc_module_name n, base::context& c, pcie::tlp_pool& p)
        : sc_module(n), socket("socket", *this, p), ctx(c) {}
    void give(fc_class c, std::uint32_t n) { socket.credit_return(c, n, UINT32_MAX); }
    void receive(tlp_ptr t) override {
        times.push_back(ctx.now());
        if (frees) socket.credit_return(t->flow_class(), 1, t->data_credits());
        if (keeps) arrived.push_back(std::move(t));
    }
    void credits(fc_class c, std::uint32_t hdr, std::uint32_t data) override {
        freed[static_cast<std::size_t>(c)] += hdr;
        freed_data[static_cast<std::size_t>(c)] += data;
    }
    void link_changed(bool up) override { states.push_back(up); }
    Socket socket;
    base::context& ctx;
    bool frees = true, keeps = true;
    std::vector<tlp_ptr> arrived;
    std::vector<base::ps> times;
    std::vector<bool> states;
    std::array<std::uint32_t, pcie::fc_classes> freed{}, freed_data{};
};

/// A switch with three downstream ports between hand-made neighbours: internal bus 2, buses 3, 4
/// and 5..6 below; port n has the 16 MiB window from mmio + n * 16 MiB.
struct switch_bench {
    static constexpr std::uint64_t mmio = 0x1000'0000, window = 16u << 20;
    static constexpr unsigned ports = 3;

    explicit switch_bench(base::choice* chooser = nullptr, std::uint32_t room = 64,
                          std::uint16_t acs = 0)
        : switch_bench(config(acs), chooser, room) {}
    explicit switch_bench(const switch_config& how, base::choice* chooser = nullptr,
                          std::uint32_t room = 64)
        : ctx(1, chooser), sw("sw", ctx, pool, how) {
        root.socket.bind(sw.upstream());
        for (unsigned n = 0; n < ports; ++n) {
            below.push_back(std::make_unique<switch_neighbour<pcie::upstream_socket>>(
                ("dev" + std::to_string(n)).c_str(), ctx, pool));
            sw.downstream(n).bind(below[n]->socket);
        }
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        for (const auto c : {fc_class::posted, fc_class::non_posted, fc_class::completion}) {
            root.give(c, room);
            for (auto& d : below) d->give(c, room);
        }
        program();
    }
    static switch_config config(std::uint16_t acs = 0) {
        switch_config c;
        c.acs = acs;
        c.ports = {{.name = "dsp0"}, {.name = "dsp1"}, {.name = "dsp2"}};
        return c;
    }
    void program() {
        config_write(1, 0, 0x18, 4, 0x0006'0201);  // primary 1, secondary 2, subordinate 6
        open_window(1, 0, mmio, ports * window);
        const std::uint32_t buses[ports] = {0x0003'0302, 0x0004'0402, 0x0006'0502};
        for (unsigned n = 0; n < ports; ++n) {
            config_write(2, n, 0x18, 4, buses[n]);
            open_window(2, n, mmio + n * window, window);
        }
        clear();
    }
    void open_window(unsigned bus, unsigned device, std::uint64_t at, std::uint64_t bytes) {
        const auto base = static_cast<std::uint32_t>(at >> 16);
        const auto limit = static_cast<std::uint32_t>((at + bytes - 1) >> 16) & 0xfff0;
        config_write(bus, device, 0x20, 4, base | (limit << 16));
        config_write(bus, device, 0x04, 2, 6);
    }
    void run(base::ps t = 1_us) { ctx.timeline.run(ctx.now() + t); }
    void clear() {
        root.arrived.clear();
        root.times.clear();
        root.freed = root.freed_data = {};
        for (auto& d : below) {
            d->arrived.clear();
            d->times.clear();
            d->freed = d->freed_data = {};
        }
    }
    tlp_ptr make(tlp_type type, std::uint64_t at, unsigned bytes, unsigned requester_bus) {
        tlp_ptr t = pool.make();
        t->type = type;
        t->address = at;
        t->length = static_cast<std::uint16_t>(bytes / 4);
        t->first_be = 0xf;
        t->last_be = bytes > 4 ? 0xf : 0;
        t->requester = pcie::make_routing_id(requester_bus, 0, 0);
        if (type == tlp_type::mwr) pool.add_payload(*t);
        return t;
    }
    tlp_ptr message(pcie::msg_code code, pcie::msg_routing routing, base::routing_id requester,
                    base::routing_id target = {}) {
        tlp_ptr t = pool.make();
        t->type = tlp_type::msg;
        t->code = code;
        t->routing = routing;
        t->requester = requester;
        t->target = target;
        return t;
    }
    tlp_ptr completion(base::routing_id requester, base::routing_id completer,
                       bool relaxed = false) {
        tlp_ptr t = pool.make();
        t->type = tlp_type::cpl_d;
        t->length = 1;
        t->byte_count = 4;
        t->requester = requester;
        t->completer = completer;
        t->relaxed_ordering = relaxed;
        pool.add_payload(*t);
        return t;
    }
    tlp_ptr config_request(bool write, unsigned bus, unsigned device, unsigned reg) {
        tlp_ptr t = pool.make();
        const bool own = bus == 1;  // the link above the switch
        t->type = write ? (own ? tlp_type::cfg_wr0 : tlp_type::cfg_wr1)
                        : (own ? tlp_type::cfg_rd0 : tlp_type::cfg_rd1);
        t->target = pcie::make_routing_id(bus, device, 0);
        t->address = reg & ~3u;
        t->length = 1;
        t->first_be = 0xf;
        t->tag = 9;
        if (write) pool.add_payload(*t);
        return t;
    }
    void config_write(unsigned bus, unsigned device, unsigned reg, unsigned n, std::uint32_t v) {
        tlp_ptr t = config_request(true, bus, device, reg);
        t->first_be = static_cast<std::uint8_t>(((1u << n) - 1) << (reg & 3));
        v <<= 8 * (reg & 3);
        std::memcpy(t->payload->data(), &v, 4);
        root.socket.send(std::move(t));
        run();
    }
    /// Status of the answer, and what it read.
    struct config_answer {
        pcie::cpl_status status;
        std::uint32_t value;
        base::routing_id completer;
    };
    config_answer config_read(unsigned bus, unsigned device, unsigned reg) {
        clear();
        root.socket.send(config_request(false, bus, device, reg));
        run();
        if (root.arrived.size() != 1) throw std::runtime_error("no answer");
        const pcie::tlp& c = *root.arrived.front();
        std::uint32_t v = 0;
        if (c.has_data()) std::memcpy(&v, c.payload->data(), 4);
        return {c.status, v, c.completer};
    }
    /// Uncorrectable Error Status of a port.
    std::uint32_t errors(unsigned number) {
        return sw.port(number).config().aer().uncorrectable_status();
    }
    static std::uint32_t bit(pcie::error e) { return 1u << static_cast<unsigned>(e); }
    /// Error messages pass: Bridge Control SERR, reporting in Device Control.
    void let_errors_pass(unsigned bus, unsigned device) {
        const unsigned express =
            sw.port(bus == 1 ? 0 : device + 1).config().registers().image.bytes[0x34];
        config_write(bus, device, 0x3e, 2, 2);
        config_write(bus, device, express + 8, 2, 0xf);
    }

    base::context ctx;
    pcie::tlp_pool pool;
    pcie_switch sw;
    switch_neighbour<pcie::downstream_socket> root{"root", ctx, pool};
    std::vector<std::unique_ptr<switch_neighbour<pcie::upstream_socket>>> below;
};

}  // namespace drydock::root_complex
