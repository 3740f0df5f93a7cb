// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>

#include "tests/tlm/endpoint/ats_bench.h"

namespace drydock::endpoint {

/// A function whose DMA goes through an ATC in front of a translation agent that knows only the
/// pages of ring, write-back and `present`; software answers Page Requests by respond().
struct page_bench : ats_bench {
    explicit page_bench(endpoint_config c = {}, bool pasid_required = false, bool listen = false)
        : ats_bench(with_image(std::move(c), pasid_required), listen) {
        other->translate = [this](const pcie::tlp& t) {
            pcie::translation_entry e;
            const std::uint64_t page = t.address & ~0xfffull;
            e.address = page + moved;
            e.read = page < buffer || present.count(page) != 0;
            e.write = page < buffer || writable_pages.count(page) != 0;
            return e;
        };
    }
    static endpoint_config with_image(endpoint_config c, bool pasid_required) {
        pcie::function_ids ids;
        ids.vendor = 0x8086;
        pcie::express_fields express;
        express.max_payload = 512;
        pcie::pri_fields pri;
        pri.capacity = 64;
        pri.pasid_required = pasid_required;
        c.image = pcie::config_image_builder(ids)
                      .bar(0, 64 * 1024)
                      .express(express)
                      .msix({})
                      .power({})
                      .aer({})
                      .ats({})
                      .pasid({})
                      .pri(pri)
                      .build();
        return c;
    }

    void set_pri(bool on) { config_write(static_cast<std::uint16_t>(at.pri + 4), on ? 1 : 0, 3); }
    void reset_pri() { config_write(static_cast<std::uint16_t>(at.pri + 4), 2, 3); }
    void allocate(std::uint32_t n) { config_write(static_cast<std::uint16_t>(at.pri + 0xc), n); }
    void clear_status(std::uint16_t bits) {
        config_write(static_cast<std::uint16_t>(at.pri + 6), bits, 3);
    }
    std::uint16_t pri_status() { return dut->config_space().pri().status() & 3; }
    bool stopped() { return dut->config_space().pri().stopped(); }
    /// ATS, PRI with an allocation, and queue 0 on; with a PASID if one is given.
    void begin(std::uint32_t allocation = 32, std::optional<std::uint32_t> pasid = {}) {
        enable();
        if (pasid) enable_pasid();
        enable_ats();
        allocate(allocation);
        set_pri(true);
        queue_setup s;
        if (pasid) s.control |= dma::control_pasid_valid | *pasid << dma::control_pasid_shift;
        setup(0, s);
    }
    void map(std::uint64_t page, bool write = true) {
        present.insert(page);
        if (write) writable_pages.insert(page);
    }
    void read(std::uint64_t address, std::uint32_t length = 64) {
        describe(0, dma::op::read, address, length);
    }
    void write(std::uint64_t address, std::uint32_t length = 64) {
        describe(0, dma::op::write, address, length, false, 0x55);
    }
    /// B10[7:4] code, B10[0],B11 index.
    void respond(unsigned code, unsigned index, std::optional<std::uint32_t> pasid = {}) {
        pcie::tlp_ptr t = make(pcie::tlp_type::msg);
        t->code = pcie::msg_code::prg_response;
        t->routing = pcie::msg_routing::by_id;
        t->target = function_id;
        t->address = pcie::encode_prg_response(static_cast<std::uint8_t>(code),
                                               static_cast<std::uint16_t>(index));
        if (pasid) t->pasid = pcie::pasid_prefix{base::substream_id{*pasid}, false, false};
        send(std::move(t), 5_us);
    }
    std::vector<seen_tlp> page_requests() const { return messages(pcie::msg_code::page_request); }
    static pcie::page_request_fields fields(const seen_tlp& t) {
        return pcie::page_request_fields::decode(t.address);
    }
    unsigned index_of(std::size_t n) const { return fields(page_requests().at(n)).group; }
    /// Descriptors that failed, of queue 0.
    unsigned failed() { return status(0) >> 16; }

    std::set<std::uint64_t> present, writable_pages;
};

}  // namespace drydock::endpoint
