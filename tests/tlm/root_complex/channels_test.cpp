// SPDX-License-Identifier: Apache-2.0
// Root ports and switches with two virtual channels.
#include "tests/tlm/root_complex/bench.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::root_complex {
namespace {

using pcie::tlp_type;

/// Takes memory requests and keeps them until it is told: nothing behind the first goes on.
struct slow_smmu : sc_core::sc_module, tlm::tlm_fw_transport_if<> {
    explicit slow_smmu(sc_core::sc_module_name n) : sc_module(n), socket("socket") {
        socket.bind(*this);
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase&,
                                       sc_core::sc_time&) override {
        addresses.push_back(gp.get_address());
        if (waits) {
            held = &gp;
            return tlm::TLM_ACCEPTED;
        }
        gp.set_response_status(tlm::TLM_OK_RESPONSE);
        return tlm::TLM_COMPLETED;
    }
    void let_go() {
        tlm::tlm_phase p = tlm::BEGIN_RESP;
        sc_core::sc_time t;
        waits = false;
        tlm::tlm_generic_payload* const gp = std::exchange(held, nullptr);
        gp->set_response_status(tlm::TLM_OK_RESPONSE);
        socket->nb_transport_bw(*gp, p, t);
    }
    void b_transport(tlm::tlm_generic_payload&, sc_core::sc_time&) override {}
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload&) override { return 0; }
    tlm::tlm_target_socket<64> socket;
    std::vector<std::uint64_t> addresses;
    tlm::tlm_generic_payload* held = nullptr;
    bool waits = false;
};

/// One root port with VC0 and VC1, TC1 in VC1; each has its way to the SMMU.
struct port_bench {
    port_bench() : rc("rc", ctx, pool, config()) {
        cpu.socket.bind(rc.cpu);
        rc.port(0).bind(device.socket);
        for (unsigned w = 0; w < 2; ++w) {
            rc.posted(w).bind(posted[w].socket);
            rc.non_posted(w).bind(non_posted[w].socket);
            smmu[w].socket.bind(rc.ats(w));
        }
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        auto& s = rc.root(0).config();
        const std::uint16_t at = s.vc().at;
        s.write(at + 0x20, 4, 0x8100'0002);
        s.write(at + 0x14, 4, 0xfd);
        s.write(0x04, 2, 6);
    }
    static root_complex_config config() {
        root_complex_config c;
        c.ports = {{.name = "rp0", .virtual_channels = 2}};
        return c;
    }
    void run() { ctx.timeline.run(ctx.now() + 1_us); }
    pcie::tlp_ptr in(unsigned vc, pcie::tlp_ptr t) {
        t->traffic_class = t->virtual_channel = static_cast<std::uint8_t>(vc);
        return t;
    }
    pcie::tlp_ptr write(unsigned vc, std::uint64_t address) {
        pcie::tlp_ptr t = pool.make();
        t->type = tlp_type::mwr;
        t->address = address;
        t->length = 1;
        t->first_be = 0xf;
        t->requester = base::routing_id{0x0100};
        pool.add_payload(*t);
        return in(vc, std::move(t));
    }
    pcie::tlp_ptr invalidate_completion(unsigned vc) {
        pcie::tlp_ptr t = pool.make();
        t->type = tlp_type::msg;
        t->code = pcie::msg_code::invalidate_completion;
        t->routing = pcie::msg_routing::by_id;
        t->requester = base::routing_id{0x0100};
        t->address = pcie::encode_invalidate_completion(2, 1);
        return in(vc, std::move(t));
    }

    base::context ctx;
    pcie::tlp_pool pool;
    root_complex rc;
    system::initiator cpu{"cpu"};
    far_end<pcie::upstream_socket> device{"device", ctx, pool};
    std::array<slow_smmu, 2> posted{slow_smmu{"p0"}, slow_smmu{"p1"}};
    std::array<slow_smmu, 2> non_posted{slow_smmu{"np0"}, slow_smmu{"np1"}};
    std::array<far_end<pcie::downstream_socket>, 2> smmu{
        far_end<pcie::downstream_socket>{"s0", ctx, pool},
        far_end<pcie::downstream_socket>{"s1", ctx, pool}};
};

TEST(RootPortChannels, P_036_a_write_that_waits_in_vc0_does_not_stop_vc1) {
    port_bench b;
    b.posted[0].waits = true;
    for (unsigned i = 0; i < 3; ++i) b.device.socket.send(b.write(0, 0x1000 + 8 * i));
    b.device.socket.send(b.invalidate_completion(0));
    for (unsigned i = 0; i < 3; ++i) b.device.socket.send(b.write(1, 0x8000 + 8 * i));
    b.device.socket.send(b.invalidate_completion(1));
    b.run();
    EXPECT_EQ(b.posted[0].addresses, (std::vector<std::uint64_t>{0x1000}));
    EXPECT_EQ(b.posted[1].addresses, (std::vector<std::uint64_t>{0x8000, 0x8008, 0x8010}));
    EXPECT_TRUE(b.smmu[0].arrived.empty()) << "behind its writes";
    ASSERT_EQ(b.smmu[1].arrived.size(), 1u);
    EXPECT_EQ(b.smmu[1].arrived[0]->order, 4u) << "numbered within its channel";
    b.posted[0].let_go();
    b.run();
    EXPECT_EQ(b.posted[0].addresses.size(), 3u);
    EXPECT_EQ(b.smmu[0].arrived.size(), 1u);
}

TEST(RootPortChannels, P_113_a_TC_outside_its_channel_is_malformed_at_the_port) {
    port_bench b;
    auto& s = b.rc.root(0).config();
    pcie::tlp_ptr t = b.write(0, 0x1000);
    t->traffic_class = 1;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_TRUE(b.posted[0].addresses.empty());
    EXPECT_EQ(s.read(static_cast<std::uint16_t>(s.aer().at + 4)), 1u << 18);
}

TEST(RootPortChannels, a_read_is_answered_in_the_channel_in_which_it_came) {
    port_bench b;
    b.device.socket.channel_credit_return(1, pcie::fc_class::completion, 8, UINT32_MAX);
    pcie::tlp_ptr t = b.pool.make();
    t->type = tlp_type::mrd;
    t->address = 0x1000;
    t->length = 1;
    t->first_be = 0xf;
    t->requester = base::routing_id{0x0100};
    b.device.socket.send(b.in(1, std::move(t)));
    b.run();
    EXPECT_EQ(b.non_posted[1].addresses.size(), 1u);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->type, tlp_type::cpl_d);
    EXPECT_EQ(b.device.arrived[0]->virtual_channel, 1);
}

}  // namespace
}  // namespace drydock::root_complex
