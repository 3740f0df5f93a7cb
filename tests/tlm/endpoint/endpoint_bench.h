// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <systemc>
#include <vector>

#include "tests/tlm/endpoint/peer.h"
#include "tlm/base/context.h"
#include "tlm/endpoint/device.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/errors.h"

namespace drydock::endpoint {

inline constexpr base::routing_id function_id{0x0100};
inline constexpr std::uint64_t bar0 = 0x1000'0000;
inline constexpr std::uint32_t msix_table_at = 0x2000;
inline constexpr std::uint32_t msix_pba_at = 0x3000;

/// Offsets of the capabilities in generic_image().
struct capability_offsets {
    std::uint16_t express, msix, power, ats, pasid, pri, aer;
};

inline pcie::config_image generic_image() {
    pcie::function_ids ids;
    ids.vendor = 0x8086;
    ids.device = 0x0b25;
    pcie::express_fields express;
    express.max_payload = 512;
    pcie::pasid_fields pasid;
    pcie::ats_fields ats;
    ats.global_invalidate = true;
    return pcie::config_image_builder(ids)
        .bar(0, 64 * 1024)
        .express(express)
        .msix({})
        .power({})
        .aer({})
        .ats(ats)
        .pasid(pasid)
        .pri({})
        .build();
}

/// Everything that was emitted.
struct event_log final : base::observer {
    std::vector<base::event> seen;
    void on_event(const base::event& e) override { seen.push_back(e); }
    std::size_t count(base::kind k) const {
        return static_cast<std::size_t>(
            std::count_if(seen.begin(), seen.end(), [k](auto& e) { return e.what == k; }));
    }
};

/// An endpoint and its peer, elaborated; driven by the timeline alone.
struct endpoint_bench {
    explicit endpoint_bench(endpoint_config config = {}, bool listen = false)
        : endpoint_bench(several{only(std::move(config))}, listen) {}
    struct several {
        explicit several(std::vector<function_config> f) : functions(std::move(f)) {}
        std::vector<function_config> functions;
    };
    explicit endpoint_bench(const several& all, bool listen = false) {
        if (listen)
            for (std::size_t k = 0; k < base::kind_count; ++k)
                ctx.probe.subscribe(log, static_cast<base::kind>(k));
        whole = std::make_unique<device>("ep0", ctx, pool, all.functions);
        dut = &whole->function();
        other = std::make_unique<peer>("peer", ctx, pool);
        other->socket.bind(whole->port);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        ctx.timeline.seal();
        other->advertise();
        auto& space = dut->config_space();
        at = {space.express().at, space.msix().at, space.power().at, space.ats().at,
              space.pasid().at,   space.pri().at,  space.aer().at};
    }

    static std::vector<function_config> only(endpoint_config config) {
        if (config.image.u16(0) == 0) config.image = generic_image();
        return {{"ep0", 0, std::move(config), {}, false}};
    }
    /// The function that all below talks to from now on; @param at  where its BAR 0 is to be
    void select(std::size_t n, base::routing_id id, std::uint64_t bar_at) {
        dut = &whole->function(n);
        target = id;
        window = bar_at;
        auto& space = dut->config_space();
        at = {space.express().at, space.msix().at, space.power().at, space.ats().at,
              space.pasid().at,   space.pri().at,  space.aer().at};
    }

    void run(base::ps span = 5_us) { ctx.timeline.run(ctx.now() + span); }

    // -- what a root complex sends
    // -------------------------------------------------------------------
    pcie::tlp_ptr make(pcie::tlp_type type) {
        pcie::tlp_ptr t = pool.make();
        t->type = type;
        t->requester = root_id;
        return t;
    }
    void send(pcie::tlp_ptr t, base::ps wait = 1_us) {
        other->socket.send(std::move(t));
        run(wait);
    }
    pcie::tlp_ptr config_request(std::uint16_t offset, bool write, std::uint32_t value = 0,
                                 std::uint8_t be = 0xf) {
        pcie::tlp_ptr t = make(write ? pcie::tlp_type::cfg_wr0 : pcie::tlp_type::cfg_rd0);
        t->target = target;
        t->address = offset;
        t->length = 1;
        t->first_be = be;
        t->tag = 9;
        if (write) {
            pool.add_payload(*t);
            std::memcpy(t->payload->data(), &value, 4);
        }
        return t;
    }
    void config_write(std::uint16_t offset, std::uint32_t value, std::uint8_t be = 0xf) {
        send(config_request(static_cast<std::uint16_t>(offset & ~3), true,
                            value << (8 * (offset & 3)),
                            static_cast<std::uint8_t>(be << (offset & 3))));
    }
    std::uint32_t config_read(std::uint16_t offset) {
        send(config_request(offset, false));
        EXPECT_TRUE(last().is(pcie::tlp_type::cpl_d));
        return last().data.empty() ? UINT32_MAX : last().word();
    }
    void write32(std::uint64_t address, std::uint32_t value, base::ps wait = 0_ps) {
        pcie::tlp_ptr t = make(pcie::tlp_type::mwr);
        t->address = address;
        t->length = 1;
        t->first_be = 0xf;
        pool.add_payload(*t);
        std::memcpy(t->payload->data(), &value, 4);
        send(std::move(t), wait);
    }
    std::uint32_t read32(std::uint64_t address) {
        pcie::tlp_ptr t = make(pcie::tlp_type::mrd);
        t->address = address;
        t->length = 1;
        t->first_be = 0xf;
        t->tag = 3;
        const std::size_t before = other->seen.size();
        send(std::move(t), 60_ns);
        for (std::size_t i = other->seen.size(); i-- > before;)
            if (other->seen[i].is(pcie::tlp_type::cpl_d) && other->seen[i].requester == root_id)
                return other->seen[i].word();
        ADD_FAILURE() << "no completion";
        return UINT32_MAX;
    }
    void invalidate(unsigned itag, std::uint64_t body, std::optional<std::uint32_t> pasid = {},
                    base::ps wait = 1_us) {
        pcie::tlp_ptr t = make(pcie::tlp_type::msg_d);
        t->code = pcie::msg_code::invalidate_request;
        t->routing = pcie::msg_routing::by_id;
        t->target = target;
        t->tag = static_cast<std::uint16_t>(itag);
        t->length = 2;
        t->span = base::span_id{1000 + itag};
        if (pasid) t->pasid = pcie::pasid_prefix{base::substream_id{*pasid}, false, false};
        pool.add_payload(*t);
        pcie::set_payload_word(*t, body);
        send(std::move(t), wait);
    }

    // -- what a driver does
    // --------------------------------------------------------------------------
    void set_device_control(std::uint16_t value) { config_write(at.express + 8, value, 3); }
    /// Bus number, BAR0, memory and bus master enable, MPS 256, MRRS 512, extended tags, MSI-X.
    void enable() {
        config_write(0x10, static_cast<std::uint32_t>(window));
        config_write(0x14, 0);
        set_device_control(0x210f | 0x0100 | (1u << 5));
        config_write(0x04, 0x0006, 3);
        config_write(at.msix + 2, 0x8000, 3);
    }
    void enable_ats(unsigned stu = 0) { config_write(at.ats + 6, 0x8000 | stu, 3); }
    void disable_ats() { config_write(at.ats + 6, 0, 3); }
    void enable_pasid() { config_write(at.pasid + 6, 1, 3); }

    std::uint64_t queue_register(unsigned q, std::uint32_t offset) const {
        return window + dma::queue_base + q * dma::queue_stride + offset;
    }
    struct queue_setup {
        std::uint64_t ring = 0x10'0000;
        unsigned log2 = 6;
        std::uint32_t control = dma::control_enable;
        std::uint64_t write_back = 0x20'0000;
        std::uint32_t vector = 0;
    };
    void setup(unsigned q, const queue_setup& s) {
        write32(queue_register(q, dma::ring_low), static_cast<std::uint32_t>(s.ring));
        write32(queue_register(q, dma::ring_high), static_cast<std::uint32_t>(s.ring >> 32));
        write32(queue_register(q, dma::ring_log2), s.log2);
        write32(queue_register(q, dma::write_back_low), static_cast<std::uint32_t>(s.write_back));
        write32(queue_register(q, dma::write_back_high),
                static_cast<std::uint32_t>(s.write_back >> 32));
        write32(queue_register(q, dma::vector), s.vector);
        write32(queue_register(q, dma::control), s.control);
        rings[q] = s;
        tails[q] = 0;
    }
    void describe(unsigned q, dma::op op, std::uint64_t address, std::uint32_t length,
                  bool irq = false, std::uint64_t pattern = 0) {
        const std::uint64_t words[4] = {
            static_cast<std::uint64_t>(op) | (irq ? 0x100u : 0u) | std::uint64_t{length} << 32,
            address, pattern, 0xc00c1e + tails[q]};
        const std::uint64_t slot =
            rings[q].ring + (tails[q]++ % (1u << rings[q].log2)) * dma::descriptor_bytes;
        for (unsigned i = 0; i < 32; ++i)
            other->memory[slot + i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
    }
    void ring(unsigned q, base::ps wait = 20_us) {
        write32(queue_register(q, dma::tail), tails[q]);
        run(wait);
    }
    std::uint32_t head(unsigned q) { return read32(queue_register(q, dma::head)); }
    std::uint32_t status(unsigned q) { return read32(queue_register(q, dma::status)); }
    void set_vector(unsigned v, std::uint64_t address, std::uint32_t data, bool masked = false) {
        const std::uint64_t e = window + msix_table_at + v * 16;
        write32(e, static_cast<std::uint32_t>(address));
        write32(e + 4, static_cast<std::uint32_t>(address >> 32));
        write32(e + 8, data);
        write32(e + 12, masked ? 1 : 0);
    }

    // -- what was seen
    // ---------------------------------------------------------------------------------
    const seen_tlp& last() const { return other->seen.back(); }
    std::vector<seen_tlp> all(const std::function<bool(const seen_tlp&)>& f) const {
        std::vector<seen_tlp> r;
        std::copy_if(other->seen.begin(), other->seen.end(), std::back_inserter(r), f);
        return r;
    }
    std::vector<seen_tlp> reads() const {
        return all(
            [](auto& t) { return t.is(pcie::tlp_type::mrd) && !t.is_translation_request(); });
    }
    std::vector<seen_tlp> writes() const {
        return all([](auto& t) { return t.is(pcie::tlp_type::mwr); });
    }
    std::vector<seen_tlp> translation_requests() const {
        return all([](auto& t) { return t.is_translation_request(); });
    }
    std::vector<seen_tlp> messages(pcie::msg_code c) const {
        return all([c](auto& t) { return t.is_message(c); });
    }
    std::uint32_t memory32(std::uint64_t a) const {
        std::uint32_t v = 0;
        for (unsigned i = 4; i-- > 0;) {
            const auto found = other->memory.find(a + i);
            v = (v << 8) | (found == other->memory.end() ? 0u : found->second);
        }
        return v;
    }

    base::context ctx;
    pcie::tlp_pool pool;
    event_log log;
    std::unique_ptr<device> whole;
    endpoint* dut = nullptr;  ///< its function 0
    std::unique_ptr<peer> other;
    capability_offsets at{};
    base::routing_id target = function_id;
    std::uint64_t window = bar0;
    std::array<queue_setup, dma::queues> rings{};
    std::array<std::uint32_t, dma::queues> tails{};
};

}  // namespace drydock::endpoint
