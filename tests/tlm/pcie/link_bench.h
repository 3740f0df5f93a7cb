// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <vector>

#include "tlm/pcie/link.h"

namespace drydock::pcie {

using namespace base::literals;

/// One end: sends while there is room, keeps what arrives, frees buffers at once or when told.
template <class Socket>
struct test_end : sc_core::sc_module, tlp_receiver {
    test_end(sc_core::sc_module_name n, base::context& c, tlp_pool& pool)
        : sc_module(n), socket("socket", *this, pool), ctx(c) {}
    void receive(tlp_ptr t) override {
        times.push_back(ctx.now());
        arrived.push_back(std::move(t));
        if (frees) socket.free_buffer(*arrived.back());
    }
    void credits(fc_class c, std::uint32_t hdr, std::uint32_t) override {
        channel_credits(0, c, hdr, 0);
    }
    void channel_credits(unsigned vc, fc_class c, std::uint32_t hdr, std::uint32_t) override {
        room[vc][static_cast<std::size_t>(c)] += hdr;
        pump(queues[vc], room[vc]);
    }
    void channel_changed(unsigned vc, bool active) override { channels[vc] = active; }
    void link_changed(bool up) override { states.push_back(up); }
    void link_error_found(link_error e) override { errors.push_back(e); }
    void send(tlp_ptr t) {
        const unsigned vc = t->virtual_channel;
        queues[vc].push_back(std::move(t));
        pump(queues[vc], room[vc]);
    }
    using rooms = std::array<std::uint64_t, fc_classes>;
    void pump(std::deque<tlp_ptr>& queue, rooms& left) {
        while (!queue.empty() && left[static_cast<std::size_t>(queue.front()->flow_class())] > 0) {
            tlp_ptr t = std::move(queue.front());
            queue.pop_front();
            --left[static_cast<std::size_t>(t->flow_class())];
            socket.send(std::move(t));
        }
    }
    Socket socket;
    base::context& ctx;
    std::array<rooms, most_channels> room{};
    std::array<std::deque<tlp_ptr>, most_channels> queues;
    std::array<bool, most_channels> channels{};
    std::vector<tlp_ptr> arrived;
    std::vector<base::ps> times;
    std::vector<bool> states;
    std::vector<link_error> errors;
    bool frees = true;
};

/// What the device does with the buffer of a TLP: gives it back at once, or when a test does.
enum buffers { frees, keeps };

struct bench {
    explicit bench(const link_config& c = {}, buffers at_device = frees,
                   base::observer* watching = nullptr)
        : wire("link", ctx, pool, c) {
        if (watching != nullptr)
            for (const auto k : {base::kind::credit_consumed, base::kind::credit_returned})
                ctx.probe.subscribe(*watching, k);
        device.frees = at_device == frees;
        port.socket.bind(wire.up);
        wire.down.bind(device.socket);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }
    void run(base::ps until) { ctx.timeline.run(until); }
    tlp_ptr write(std::uint64_t address, unsigned bytes = 64, bool relaxed = false) {
        tlp_ptr t = pool.make();
        t->type = tlp_type::mwr;
        t->address = address;
        t->length = static_cast<std::uint16_t>(bytes / 4);
        t->first_be = 0xf;
        t->last_be = bytes > 4 ? 0xf : 0;
        t->relaxed_ordering = relaxed;
        pool.add_payload(*t);
        return t;
    }
    tlp_ptr read(std::uint64_t address) {
        tlp_ptr t = pool.make();
        t->type = tlp_type::mrd;
        t->address = address;
        t->length = 16;
        t->first_be = t->last_be = 0xf;
        return t;
    }
    tlp_ptr completion(unsigned bytes, tlp_type type = tlp_type::cpl_d) {
        tlp_ptr t = pool.make();
        t->type = type;
        t->byte_count = static_cast<std::uint16_t>(bytes);
        if (type == tlp_type::cpl_d) {
            t->length = static_cast<std::uint16_t>(bytes / 4);
            pool.add_payload(*t);
        }
        return t;
    }
    base::context ctx;
    tlp_pool pool;
    link wire;
    test_end<downstream_socket> port{"port", ctx, pool};
    test_end<upstream_socket> device{"device", ctx, pool};
};

inline link_config small_credits(credit_limit posted, credit_limit non_posted = {64, 64}) {
    link_config c;
    c.device_buffers[0] = posted;
    c.device_buffers[1] = non_posted;
    c.max_payload = 128;
    return c;
}

}  // namespace drydock::pcie
