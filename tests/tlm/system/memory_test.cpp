// SPDX-License-Identifier: Apache-2.0
#include "tlm/system/memory.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/tlm/system/initiator.h"
#include "tlm/base/timeline_kernel.h"
#include "tlm/system/interrupt_controller.h"

namespace drydock::system {
namespace {

constexpr std::uint64_t base_address = 0x4000'0000;

struct bench {
    explicit bench(memory_config c = {}) : mem("mem", ctx, c) {
        cpu.socket.bind(mem.socket);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }
    base::context ctx;
    memory mem;
    initiator cpu{"cpu"};
    tlm::tlm_generic_payload gp;
};

TEST(Memory, what_was_written_reads_back_and_the_rest_is_zero) {
    bench b;
    std::uint64_t v = 0x1122334455667788, r = 1;
    EXPECT_EQ(b.cpu.access(b.gp, true, base_address + 0xffc, &v, 8),
              tlm::TLM_COMPLETED);  // over a page boundary
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_OK_RESPONSE);
    b.cpu.access(b.gp, false, base_address + 0xffc, &r, 8);
    EXPECT_EQ(r, v);
    b.cpu.access(b.gp, false, base_address + 0x20000, &r, 8);
    EXPECT_EQ(r, 0u);
    EXPECT_EQ(b.mem.pages_in_use(), 2u);
}

TEST(Memory, an_access_takes_its_latency_and_waits_for_bandwidth) {
    memory_config c;
    c.bytes_per_second = 1'000'000'000;  // 1 B/ns
    bench b(c);
    std::uint8_t d[64] = {};
    b.cpu.access(b.gp, true, base_address, d, 64);
    EXPECT_EQ(b.cpu.delay, sc_core::sc_time(80 + 64, sc_core::SC_NS));
    b.cpu.access(b.gp, true, base_address, d, 64);  // at the same instant, behind the first
    EXPECT_EQ(b.cpu.delay, sc_core::sc_time(80 + 128, sc_core::SC_NS));
}

TEST(Memory, byte_enables_leave_the_other_bytes) {
    bench b;
    b.mem.store<std::uint32_t>(base::phys_addr{base_address}, 0x11223344);
    std::uint32_t v = 0xaabbccdd;
    std::uint8_t be[4] = {0xff, 0, 0xff, 0};
    // access() clears the byte enables, so the payload is made by hand
    b.gp.set_command(tlm::TLM_WRITE_COMMAND);
    b.gp.set_address(base_address);
    b.gp.set_data_ptr(reinterpret_cast<unsigned char*>(&v));
    b.gp.set_data_length(4);
    b.gp.set_streaming_width(4);
    b.gp.set_byte_enable_ptr(be);
    b.gp.set_byte_enable_length(4);
    tlm::tlm_phase p = tlm::BEGIN_REQ;
    sc_core::sc_time t;
    b.cpu.socket->nb_transport_fw(b.gp, p, t);
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{base_address}), 0x11bb33ddu);
}

TEST(Memory, outside_is_an_address_error_and_poison_is_a_failure_until_cured) {
    bench b;
    std::uint32_t v = 5;
    b.cpu.access(b.gp, false, base_address - 4, &v, 4);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    b.cpu.access(b.gp, false, base_address + (std::uint64_t{1} << 30) - 2, &v, 4);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    b.mem.poison(base::phys_addr{base_address + 0x1000}, 0x1000);
    b.cpu.access(b.gp, true, base_address + 0x1ffc, &v, 4);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_GENERIC_ERROR_RESPONSE);
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{base_address + 0x1ffc}), 0u);
    b.mem.cure(base::phys_addr{base_address + 0x1000}, 0x1000);
    b.cpu.access(b.gp, true, base_address + 0x1ffc, &v, 4);
    EXPECT_EQ(b.gp.get_response_status(), tlm::TLM_OK_RESPONSE);
    EXPECT_THROW(b.mem.load<std::uint32_t>(base::phys_addr{0}), std::out_of_range);
}

TEST(Memory, an_atomic_update_stores_only_over_what_was_expected) {
    bench b;
    const base::phys_addr at{base_address + 0x40};
    b.mem.store<std::uint64_t>(at, 7);
    base::atomic_update u;
    u.expected = 6, u.desired = 9;
    b.gp.set_extension(&u);
    std::uint64_t unused = 0;
    b.cpu.access(b.gp, true, at.value, &unused, 8);
    EXPECT_TRUE(u.done);
    EXPECT_EQ(u.old, 7u);
    EXPECT_EQ(b.mem.load<std::uint64_t>(at), 7u);
    u.expected = 7;
    b.cpu.access(b.gp, true, at.value, &unused, 8);
    EXPECT_EQ(b.mem.load<std::uint64_t>(at), 9u);
    b.gp.clear_extension(&u);
}

struct watcher final : write_observer {
    void written(base::phys_addr at, unsigned bytes) override {
        seen.emplace_back(at.value, bytes);
    }
    std::vector<std::pair<std::uint64_t, unsigned>> seen;
};

TEST(Memory, observers_hear_writes_of_their_page_only) {
    bench b;
    watcher w;
    b.mem.watch(w, base::phys_addr{base_address + 0x1000});
    std::uint8_t d[16] = {};
    b.cpu.access(b.gp, true, base_address + 0xff8, d, 16);
    ASSERT_EQ(w.seen.size(), 1u);
    EXPECT_EQ(w.seen[0], (std::pair<std::uint64_t, unsigned>{base_address + 0x1000, 8}));
    b.cpu.access(b.gp, true, base_address, d, 16);
    b.cpu.access(b.gp, false, base_address + 0x1000, d, 16);
    EXPECT_EQ(w.seen.size(), 1u);
    b.mem.store<std::uint32_t>(base::phys_addr{base_address + 0x1010}, 1);
    EXPECT_EQ(w.seen.size(), 2u);
    b.mem.unwatch(w, base::phys_addr{base_address + 0x1000});
    b.mem.store<std::uint32_t>(base::phys_addr{base_address + 0x1010}, 1);
    EXPECT_EQ(w.seen.size(), 2u);
}

struct log final : base::observer {
    void on_event(const base::event& e) override { events.push_back(e); }
    std::vector<base::event> events;
};

TEST(Memory, a_device_access_is_told_with_its_requester) {
    bench b;
    log l;
    b.ctx.probe.subscribe(l, base::kind::memory_access);
    base::requester who;
    who.stream = base::stream_id{0x100};
    who.substream = base::substream_id{42};
    who.at = base::address_type::translated;
    who.span = base::span_id{9};
    who.requested = base::iova{0x7000};
    who.requested_known = true;
    b.gp.set_extension(&who);
    std::uint32_t v = 1;
    b.cpu.access(b.gp, true, base_address + 0x80, &v, 4);
    b.gp.clear_extension(&who);
    b.cpu.access(b.gp, true, base_address + 0x80, &v, 4);  // a CPU's: not told
    ASSERT_EQ(l.events.size(), 1u);
    EXPECT_EQ(l.events[0].a, base_address + 0x80);
    EXPECT_EQ(l.events[0].b, 0x100u | (42ull << 32) | (0b1111ull << 52));
    EXPECT_EQ(l.events[0].c, 0x7000u);
    EXPECT_EQ(l.events[0].span.value, 9u);
}

TEST(Memory, debug_access_has_no_side_effects) {
    bench b;
    watcher w;
    b.mem.watch(w, base::phys_addr{base_address});
    std::uint32_t v = 77;
    b.gp.set_command(tlm::TLM_WRITE_COMMAND);
    b.gp.set_address(base_address);
    b.gp.set_data_ptr(reinterpret_cast<unsigned char*>(&v));
    b.gp.set_data_length(4);
    EXPECT_EQ(b.cpu.socket->transport_dbg(b.gp), 4u);
    EXPECT_TRUE(w.seen.empty());
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{base_address}), 77u);
}

struct sink final : msi_sink {
    void msi(std::uint32_t data) override { seen.push_back(data); }
    std::vector<std::uint32_t> seen;
};

TEST(InterruptController, a_4_byte_write_to_the_doorbell_is_an_interrupt) {
    base::context ctx;
    interrupt_controller gic("gic", ctx);
    initiator cpu("cpu");
    cpu.socket.bind(gic.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    sink s;
    gic.connect(s);
    tlm::tlm_generic_payload gp;
    std::uint64_t v = 83;
    cpu.access(gp, true, 0x0808'0040, &v, 4);
    EXPECT_EQ(gp.get_response_status(), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(s.seen, (std::vector<std::uint32_t>{83}));
    cpu.access(gp, true, 0x0808'0044, &v, 4);  // elsewhere in the frame
    EXPECT_EQ(gp.get_response_status(), tlm::TLM_OK_RESPONSE);
    cpu.access(gp, true, 0x0808'0040, &v, 8);
    EXPECT_EQ(gp.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
    cpu.access(gp, false, 0x0808'0040, &v, 4);
    EXPECT_EQ(static_cast<std::uint32_t>(v), 0u);
    EXPECT_EQ(s.seen.size(), 1u);
}

}  // namespace
}  // namespace drydock::system
