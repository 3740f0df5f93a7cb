// SPDX-License-Identifier: Apache-2.0
#include "tlm/system/bus.h"

#include <gtest/gtest.h>

#include "tests/tlm/system/initiator.h"
#include "tlm/system/memory.h"

namespace drydock::system {
namespace {

/// Answers when it is told to, as a third-party target may.
struct late_target : sc_core::sc_module, tlm::tlm_fw_transport_if<> {
    explicit late_target(sc_core::sc_module_name n) : sc_module(n), socket("socket") {
        socket.bind(*this);
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override {
        held.push_back(&gp);
        phase = tlm::END_REQ;
        return tlm::TLM_UPDATED;
    }
    void b_transport(tlm::tlm_generic_payload&, sc_core::sc_time&) override {}
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload&) override { return 0; }
    void answer(std::size_t i) {
        tlm::tlm_phase phase = tlm::BEGIN_RESP;
        sc_core::sc_time t;
        held[i]->set_response_status(tlm::TLM_OK_RESPONSE);
        socket->nb_transport_bw(*held[i], phase, t);
    }
    tlm::tlm_target_socket<64> socket;
    std::vector<tlm::tlm_generic_payload*> held;
};

memory_config at(std::uint64_t base, std::uint64_t bytes) {
    memory_config c;
    c.base = base::phys_addr{base};
    c.bytes = bytes;
    return c;
}

TEST(Bus, every_access_reaches_the_target_of_its_address) {
    base::context ctx;
    bus b("bus");
    memory low("low", ctx, at(0x1000, 0x1000)), high("high", ctx, at(0x80'0000'0000, 0x1000));
    initiator cpu("cpu");
    cpu.socket.bind(b.add_initiator("cpu"));
    b.add_target("low", base::phys_addr{0x1000}, 0x1000).bind(low.socket);
    b.add_target("high", base::phys_addr{0x80'0000'0000}, 0x1000).bind(high.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    tlm::tlm_generic_payload gp;
    std::uint32_t v = 5;
    EXPECT_EQ(cpu.access(gp, true, 0x1ffc, &v, 4), tlm::TLM_COMPLETED);
    v = 6;
    cpu.access(gp, true, 0x80'0000'0000, &v, 4);
    EXPECT_EQ(low.load<std::uint32_t>(base::phys_addr{0x1ffc}), 5u);
    EXPECT_EQ(high.load<std::uint32_t>(base::phys_addr{0x80'0000'0000}), 6u);
    for (const std::uint64_t nobody : {0x0ull, 0x2000ull, 0x1ffeull, 0x81'0000'0000ull, ~0x0ull}) {
        cpu.access(gp, true, nobody, &v, 4);
        EXPECT_EQ(gp.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE) << nobody;
    }
}

TEST(Bus, late_answers_find_their_initiator_in_any_order) {
    bus b("bus"), inner("inner");
    late_target t("t");
    initiator one("one"), two("two");
    one.socket.bind(b.add_initiator("one"));
    two.socket.bind(b.add_initiator("two"));
    b.add_target("inner", base::phys_addr{0}, 0x10000)
        .bind(inner.add_initiator("b"));  // a bus behind a bus
    inner.add_target("t", base::phys_addr{0}, 0x10000).bind(t.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    tlm::tlm_generic_payload x, y;
    std::uint32_t v = 0;
    EXPECT_EQ(one.access(x, false, 0x100, &v, 4), tlm::TLM_UPDATED);
    EXPECT_EQ(two.access(y, false, 0x200, &v, 4), tlm::TLM_UPDATED);
    t.answer(1);
    EXPECT_EQ(two.responses, (std::vector<tlm::tlm_generic_payload*>{&y}));
    EXPECT_TRUE(one.responses.empty());
    t.answer(0);
    EXPECT_EQ(one.responses, (std::vector<tlm::tlm_generic_payload*>{&x}));
}

TEST(Bus, overlapping_ranges_are_refused) {
    bus b("bus");
    b.add_target("a", base::phys_addr{0x1000}, 0x1000);
    EXPECT_THROW(b.add_target("b", base::phys_addr{0x1800}, 0x1000), std::invalid_argument);
    EXPECT_THROW(b.add_target("c", base::phys_addr{0x800}, 0x801), std::invalid_argument);
    EXPECT_THROW(b.add_target("d", base::phys_addr{0x4000}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace drydock::system
