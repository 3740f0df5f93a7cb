// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <systemc>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/endpoint/endpoint.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/errors.h"

namespace drydock::endpoint {

using namespace base::literals;

inline constexpr base::routing_id function_id{0x0100};
inline constexpr base::routing_id root_id{0x0000};
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

/// A TLP as the peer saw it; payload copied.
struct seen_tlp {
    pcie::tlp_type type;
    base::address_type at;
    std::uint64_t address;
    std::uint32_t length;
    std::uint8_t first_be, last_be;
    std::uint16_t tag;
    base::routing_id requester, completer, target;
    pcie::cpl_status status;
    std::uint16_t byte_count;
    std::uint8_t lower_address;
    pcie::msg_code code;
    std::optional<pcie::pasid_prefix> pasid;
    std::vector<std::uint8_t> data;
    base::span_id span;
    base::ps time;
    bool relaxed;

    bool is(pcie::tlp_type t) const { return type == t; }
    bool is_message(pcie::msg_code c) const {
        return (type == pcie::tlp_type::msg || type == pcie::tlp_type::msg_d) && code == c;
    }
    bool is_translation_request() const {
        return type == pcie::tlp_type::mrd && at == base::address_type::translation_request;
    }
    std::uint32_t word(std::size_t i = 0) const {
        std::uint32_t v;
        std::memcpy(&v, data.data() + 4 * i, 4);
        return v;
    }
};

/// The other side of the endpoint's socket: root complex, translation agent and memory in one,
/// without timing but a latency for what it answers.
class peer final : public sc_core::sc_module, pcie::tlp_receiver {
public:
    peer(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool)
        : sc_module(name),
          socket("socket", *this, pool),
          ctx_(ctx),
          pool_(pool),
          answers_(ctx.timeline, std::string(this->name()) + ".answers", sink{this}) {}

    pcie::downstream_socket socket;
    std::vector<seen_tlp> seen;
    std::map<std::uint64_t, std::uint8_t>
        memory;               ///< by physical address, 0 where nothing was written
    bool hold_reads = false;  ///< keep reads in `held` instead of answering
    bool hold_translations = false;
    bool hold_credits = false;  ///< the store for posted TLPs is not given back
    pcie::cpl_status read_status = pcie::cpl_status::success;
    unsigned completion_bytes = 256;  ///< largest completion, ends at multiples of 64
    base::ps latency = 300_ns;
    std::vector<pcie::tlp_ptr> held;
    /// What a Translation Request is answered with; identity, 4 KiB, read and write by default.
    std::function<pcie::translation_entry(const pcie::tlp&)> translate = [](const pcie::tlp& t) {
        pcie::translation_entry e;
        e.address = t.address & ~0xfffull;
        e.read = e.write = true;
        return e;
    };
    pcie::cpl_status translation_status = pcie::cpl_status::success;
    std::uint32_t withheld = 0;

    void advertise(std::uint32_t headers = 8) {
        for (const auto c :
             {pcie::fc_class::posted, pcie::fc_class::non_posted, pcie::fc_class::completion})
            socket.credit_return(c, headers, UINT32_MAX);
    }
    void give_back_withheld() {
        hold_credits = false;
        socket.credit_return(pcie::fc_class::posted, std::exchange(withheld, 0), 0);
    }
    void answer(pcie::tlp_ptr t) {
        if (t->at == base::address_type::translation_request)
            answer_translation(std::move(t));
        else
            answer_read(std::move(t));
    }
    void answer_held() {
        std::vector<pcie::tlp_ptr> all;
        all.swap(held);
        for (auto& t : all) answer(std::move(t));
    }
    /// Credits that the endpoint gave back, by class.
    std::array<std::uint32_t, pcie::fc_classes> freed{};

private:
    struct sink {
        peer* self;
        void operator()(pcie::tlp_ptr&& t) const { self->socket.send(std::move(t)); }
    };
    void receive(pcie::tlp_ptr t) override {
        remember(*t);
        if (hold_credits && t->flow_class() == pcie::fc_class::posted)
            ++withheld;
        else
            socket.credit_return(t->flow_class(), 1, UINT32_MAX);
        if (t->type == pcie::tlp_type::mwr) store(*t);
        if (t->type != pcie::tlp_type::mrd) return;
        const bool translation = t->at == base::address_type::translation_request;
        if (translation ? hold_translations : hold_reads)
            held.push_back(std::move(t));
        else
            answer(std::move(t));
    }
    void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t) override {
        freed[static_cast<std::size_t>(c)] += hdr;
    }
    void link_changed(bool) override {}

    void remember(const pcie::tlp& t) {
        seen_tlp s{t.type,
                   t.at,
                   t.address,
                   t.length,
                   t.first_be,
                   t.last_be,
                   t.tag,
                   t.requester,
                   t.completer,
                   t.target,
                   t.status,
                   t.byte_count,
                   t.lower_address,
                   t.code,
                   t.pasid,
                   {},
                   t.span,
                   ctx_.now(),
                   t.relaxed_ordering};
        if (t.has_data()) s.data.assign(t.payload->begin(), t.payload->begin() + t.bytes());
        seen.push_back(std::move(s));
    }
    void store(const pcie::tlp& t) {
        const pcie::enabled_bytes e = pcie::enabled_bytes_of(t);
        for (unsigned i = e.first; i < e.first + e.bytes; ++i)
            memory[t.address + i] = (*t.payload)[i];
    }
    pcie::tlp_ptr completion(const pcie::tlp& request, pcie::cpl_status status) {
        pcie::tlp_ptr c = pool_.make();
        c->type = pcie::tlp_type::cpl;
        c->status = status;
        c->requester = request.requester;
        c->tag = request.tag;
        c->completer = root_id;
        return c;
    }
    void answer_translation(pcie::tlp_ptr t) {
        pcie::tlp_ptr c = completion(*t, translation_status);
        c->byte_count = 8;
        if (translation_status == pcie::cpl_status::success) {
            c->type = pcie::tlp_type::cpl_d;
            c->length = 2;
            pool_.add_payload(*c);
            pcie::set_payload_word(*c, translate(*t).encode());
        }
        answers_.push(ctx_.now() + latency, std::move(c));
    }
    void answer_read(pcie::tlp_ptr t) {
        const pcie::enabled_bytes e = pcie::enabled_bytes_of(*t);
        std::uint64_t at = t->address + e.first;
        std::uint32_t due = e.bytes;
        while (due > 0) {
            pcie::tlp_ptr c = completion(*t, read_status);
            const auto bytes = std::min<std::uint32_t>(
                due, completion_bytes - static_cast<std::uint32_t>(at % 64));
            c->byte_count = static_cast<std::uint16_t>(due);
            c->lower_address = at & 0x7f;
            if (read_status != pcie::cpl_status::success) {
                answers_.push(ctx_.now() + latency, std::move(c));
                return;
            }
            c->type = pcie::tlp_type::cpl_d;
            c->length = static_cast<std::uint16_t>((at % 4 + bytes + 3) / 4);
            pool_.add_payload(*c);
            for (std::uint32_t i = 0; i < bytes; ++i) (*c->payload)[at % 4 + i] = byte(at + i);
            answers_.push(ctx_.now() + latency, std::move(c));
            at += bytes;
            due -= bytes;
        }
    }
    std::uint8_t byte(std::uint64_t at) const {
        const auto found = memory.find(at);
        return found == memory.end() ? std::uint8_t{0} : found->second;
    }

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    base::delay_line<pcie::tlp_ptr, sink> answers_;
};

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
    explicit endpoint_bench(endpoint_config config = {}, bool listen = false) {
        if (config.image.u16(0) == 0) config.image = generic_image();
        if (listen)
            for (std::size_t k = 0; k < base::kind_count; ++k)
                ctx.probe.subscribe(log, static_cast<base::kind>(k));
        dut = std::make_unique<endpoint>("ep0", ctx, pool, config);
        other = std::make_unique<peer>("peer", ctx, pool);
        other->socket.bind(dut->port);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        ctx.timeline.seal();
        other->advertise();
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
        t->target = function_id;
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
        t->target = function_id;
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
        config_write(0x10, bar0);
        config_write(0x14, 0);
        set_device_control(0x210f | 0x0100 | (1u << 5));
        config_write(0x04, 0x0006, 3);
        config_write(at.msix + 2, 0x8000, 3);
    }
    void enable_ats(unsigned stu = 0) { config_write(at.ats + 6, 0x8000 | stu, 3); }
    void disable_ats() { config_write(at.ats + 6, 0, 3); }
    void enable_pasid() { config_write(at.pasid + 6, 1, 3); }

    static std::uint64_t queue_register(unsigned q, std::uint32_t offset) {
        return bar0 + dma::queue_base + q * dma::queue_stride + offset;
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
        const std::uint64_t e = bar0 + msix_table_at + v * 16;
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
    std::unique_ptr<endpoint> dut;
    std::unique_ptr<peer> other;
    capability_offsets at{};
    std::array<queue_setup, dma::queues> rings{};
    std::array<std::uint32_t, dma::queues> tails{};
};

}  // namespace drydock::endpoint
