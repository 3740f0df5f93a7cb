// SPDX-License-Identifier: Apache-2.0
// Virtual functions: their coming and going, their registers, their ATC.
#include "tlm/pcie/caps/sriov.h"
#include "tests/tlm/endpoint/endpoint_bench.h"
#include "tlm/pcie/vf_image.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t vf_bar0 = 0x2000'0000;
constexpr std::uint64_t vf_bar_bytes = 16 * 1024;
constexpr base::ps ready_after = 1_ms;

struct sriov_options {
    unsigned vfs = 3, offset = 1, stride = 1;
    bool share_atc = false;
};

std::vector<function_config> with_vfs(const sriov_options& o) {
    function_config f;
    f.name = "ep0";
    f.config.image = generic_image();
    f.config.vf_ready_time = ready_after;
    f.config.flr_time = 1_ms;
    pcie::sriov_fields s;
    s.total_vfs = s.initial_vfs = o.vfs;
    s.first_offset = o.offset;
    s.stride = o.stride;
    s.bars = {{0, vf_bar_bytes, true, true}};
    pcie::graft_extended(f.config.image, pcie::config_image_builder({}).sriov(s).build());
    for (unsigned k = 1; k <= o.vfs; ++k) f.vfs.push_back("ep0_vf" + std::to_string(k));
    f.share_atc = o.share_atc;
    return {f};
}

struct sriov_bench : endpoint_bench {
    explicit sriov_bench(const sriov_options& o = {}, bool listen = false)
        : endpoint_bench(several{with_vfs(o)}, listen), options(o) {}

    std::uint16_t sriov() { return whole->function(0).config_space().sriov().at; }
    base::routing_id id_of(unsigned k) const {
        return base::routing_id{static_cast<std::uint16_t>(
            k == 0 ? 0x0100 : 0x0100 + options.offset + (k - 1) * options.stride)};
    }
    void pick(unsigned k) { select(k, id_of(k), k == 0 ? bar0 : vf_bar0 + (k - 1) * vf_bar_bytes); }
    /// NumVFs, VF BAR0, then VF Enable and VF MSE.
    void enable_vfs(unsigned n) {
        pick(0);
        config_write(static_cast<std::uint16_t>(sriov() + 0x10), n, 3);
        config_write(static_cast<std::uint16_t>(sriov() + 0x24),
                     static_cast<std::uint32_t>(vf_bar0));
        config_write(static_cast<std::uint16_t>(sriov() + 0x28), 0);
        config_write(static_cast<std::uint16_t>(sriov() + 8), 9, 3);
    }
    void disable_vfs() {
        pick(0);
        config_write(static_cast<std::uint16_t>(sriov() + 8), 0, 3);
    }
    /// The PF as a driver leaves it, and `n` virtual functions that may master the bus.
    void bring_up(unsigned n) {
        pick(0);
        enable();
        enable_vfs(n);
        run(2 * ready_after);
        for (unsigned k = 1; k <= n; ++k) {
            pick(k);
            config_write(0x04, 4, 3);
        }
    }
    pcie::cpl_status status_of_read(base::routing_id id) {
        target = id;
        send(config_request(0, false));
        return last().status;
    }
    endpoint& vf(unsigned k) { return whole->function(k); }
    void start_queue(unsigned k) {
        pick(k);
        setup(0, {.ring = 0x10'0000 + k * 0x1'0000,
                  .log2 = 6,
                  .control = dma::control_enable,
                  .write_back = 0x20'0000 + k * 64,
                  .vector = 0});
    }
    sriov_options options;
};

TEST(Sriov, P_177_virtual_functions_appear_at_offset_and_stride_after_RRS) {
    sriov_bench b({.vfs = 4, .offset = 2, .stride = 3});
    b.pick(0);
    b.enable();
    EXPECT_EQ(b.status_of_read(b.id_of(1)), pcie::cpl_status::unsupported_request);
    b.enable_vfs(3);
    for (unsigned k = 1; k <= 3; ++k)
        EXPECT_EQ(b.status_of_read(b.id_of(k)), pcie::cpl_status::request_retry);
    b.run(ready_after);
    for (unsigned k = 1; k <= 3; ++k) {
        b.pick(k);
        EXPECT_EQ(b.config_read(0), UINT32_MAX) << "Vendor and Device ID";
        EXPECT_EQ(b.dut->routing_id().value, 0x0100 + 2 + 3 * (k - 1));
    }
    EXPECT_EQ(b.status_of_read(b.id_of(4)), pcie::cpl_status::unsupported_request) << "NumVFs is 3";
}

TEST(Sriov, P_177_a_virtual_function_on_the_next_bus_takes_type_1_requests) {
    sriov_bench b({.vfs = 2, .offset = 0x100, .stride = 0x80});
    b.pick(0);
    b.enable();
    b.enable_vfs(2);
    b.run(ready_after);
    for (const unsigned k : {1u, 2u}) {
        b.pick(k);
        EXPECT_EQ(b.target.value >> 8, 2);
        pcie::tlp_ptr t = b.config_request(8, false);
        t->type = pcie::tlp_type::cfg_rd1;
        b.send(std::move(t));
        ASSERT_EQ(b.last().status, pcie::cpl_status::success);
        EXPECT_EQ(b.last().completer, b.id_of(k));
    }
    b.target = base::routing_id{0x0101};
    pcie::tlp_ptr t = b.config_request(0, false);
    t->type = pcie::tlp_type::cfg_rd1;
    b.send(std::move(t));
    EXPECT_EQ(b.last().status, pcie::cpl_status::unsupported_request);
}

TEST(Sriov, of_Command_a_virtual_function_has_bus_master_enable_only) {
    sriov_bench b;
    b.bring_up(1);
    b.pick(1);
    b.config_write(0x04, 0xffff, 3);
    EXPECT_EQ(b.config_read(0x04) & 0xffff, 4u);
    b.config_write(0x10, UINT32_MAX);
    EXPECT_EQ(b.config_read(0x10), 0u);
    auto& space = b.vf(1).config_space();
    EXPECT_TRUE(space.express().flr_capable());
    EXPECT_TRUE(space.ats().present());
    EXPECT_TRUE(space.msix().present());
    EXPECT_FALSE(space.pri().present());
    EXPECT_FALSE(space.pasid().present());
    EXPECT_FALSE(space.sriov().present());
    b.config_write(static_cast<std::uint16_t>(b.at.ats + 6), 0x801f, 3);
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.ats + 4)) >> 16, 0x8000u)
        << "STU is the PF's";
}

TEST(Sriov, memory_of_a_virtual_function_is_its_part_of_the_VF_BAR_while_VF_MSE_is_set) {
    sriov_bench b;
    b.bring_up(3);
    for (unsigned k = 1; k <= 3; ++k) {
        b.pick(k);
        b.write32(b.queue_register(0, dma::vector), 40 + k, 1_us);
    }
    for (unsigned k = 1; k <= 3; ++k) {
        b.pick(k);
        EXPECT_EQ(b.read32(b.queue_register(0, dma::vector)), 40 + k);
    }
    b.pick(0);
    b.config_write(static_cast<std::uint16_t>(b.sriov() + 8), 1, 3);  // VF MSE off
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = vf_bar0;
    t->length = 1;
    t->first_be = 0xf;
    b.send(std::move(t));
    EXPECT_EQ(b.last().status, pcie::cpl_status::unsupported_request);
}

TEST(Sriov, a_virtual_function_moves_data_and_interrupts_under_its_own_Routing_ID) {
    sriov_bench b;
    b.bring_up(2);
    b.start_queue(2);
    b.config_write(static_cast<std::uint16_t>(b.at.msix + 2), 0x8000, 3);
    b.set_vector(0, 0x5000'0000, 0x99);
    b.write32(b.queue_register(0, dma::control), dma::control_enable | dma::control_irq_enable);
    b.describe(0, dma::op::write, 0x40'0000, 64, true, 0x5a);
    b.ring(0);
    EXPECT_EQ(b.memory32(0x40'0000) & 0xff, 0x5au);
    EXPECT_EQ(b.memory32(0x5000'0000), 0x99u);
    ASSERT_FALSE(b.writes().empty());
    for (const auto& w : b.writes()) EXPECT_EQ(w.requester, b.id_of(2));
}

struct SriovAtc : ::testing::TestWithParam<bool> {};

TEST_P(SriovAtc, P_178_VF_Enable_0_with_a_Translation_Request_out_drops_its_completion) {
    sriov_bench b({.share_atc = GetParam()});
    b.bring_up(2);
    for (unsigned k : {1u, 2u}) {
        b.start_queue(k);
        b.enable_ats();
    }
    b.other->hold_translations = true;
    b.pick(1);
    b.describe(0, dma::op::write, 0x40'0000, 64);
    b.ring(0);
    ASSERT_EQ(b.other->held.size(), 1u);
    EXPECT_EQ(b.other->held[0]->requester, b.id_of(1));
    b.disable_vfs();
    EXPECT_EQ(b.status_of_read(b.id_of(1)), pcie::cpl_status::unsupported_request);
    b.other->hold_translations = false;
    b.other->answer_held();
    b.run(10_us);
    EXPECT_EQ(b.vf(0).errors().count(pcie::error::unexpected_completion), 1u);
    EXPECT_TRUE(b.reads().empty() || b.reads().back().requester != b.id_of(1));
    // It comes back with an empty ATC and without its queue.
    b.bring_up(2);
    b.pick(1);
    EXPECT_EQ(b.dut->transactions_pending(), 0u);
    EXPECT_EQ(b.read32(b.queue_register(0, dma::control)), 0u);
    const std::size_t before = b.translation_requests().size();
    b.start_queue(1);
    b.enable_ats();
    b.describe(0, dma::op::write, 0x40'0000, 64);
    b.ring(0);
    EXPECT_GT(b.translation_requests().size(), before);
}

TEST_P(SriovAtc, P_179_an_FLR_of_the_PF_takes_the_virtual_functions_away) {
    sriov_bench b({.share_atc = GetParam()});
    b.bring_up(3);
    b.pick(0);
    b.set_device_control(0xa10f);
    b.run(2_ms);
    EXPECT_FALSE(b.vf(0).config_space().sriov().enabled());
    for (unsigned k = 1; k <= 3; ++k)
        EXPECT_EQ(b.status_of_read(b.id_of(k)), pcie::cpl_status::unsupported_request);
}

TEST(Sriov, P_179_a_link_that_goes_down_takes_the_virtual_functions_away) {
    sriov_bench b;
    b.bring_up(3);
    b.other->socket.set_link(false);
    b.other->socket.set_link(true);
    b.run();
    for (unsigned k = 1; k <= 3; ++k)
        EXPECT_EQ(b.status_of_read(b.id_of(k)), pcie::cpl_status::unsupported_request);
    EXPECT_EQ(b.status_of_read(b.id_of(0)), pcie::cpl_status::success);
}

TEST_P(SriovAtc, P_179_an_FLR_of_a_virtual_function_leaves_PF_and_siblings) {
    sriov_bench b({.share_atc = GetParam()});
    b.bring_up(3);
    for (unsigned k : {1u, 2u}) {
        b.start_queue(k);
        b.enable_ats();
        b.describe(0, dma::op::write, 0x40'0000 + k * 4096, 64);
        b.ring(0);
    }
    const std::size_t asked = b.translation_requests().size();
    b.pick(1);
    b.config_write(static_cast<std::uint16_t>(b.at.express + 8), 0x8000, 3);
    EXPECT_EQ(b.status_of_read(b.id_of(1)), pcie::cpl_status::request_retry);
    EXPECT_EQ(b.status_of_read(b.id_of(2)), pcie::cpl_status::success);
    EXPECT_TRUE(b.vf(0).config_space().sriov().enabled());
    EXPECT_TRUE(b.vf(2).config_space().ats().enabled());
    // VF 2 still has its translations: no new request for them.
    b.pick(2);
    b.tails[0] = 1;
    b.rings[0].ring = 0x10'0000 + 2 * 0x1'0000;
    b.describe(0, dma::op::write, 0x40'0000 + 2 * 4096, 64, false, 0x3c);
    b.ring(0);
    EXPECT_EQ(b.memory32(0x40'0000 + 2 * 4096) & 0xff, 0x3cu);
    EXPECT_EQ(b.translation_requests().size(), asked);
    b.run(2_ms);
    b.pick(1);
    EXPECT_EQ(b.status_of_read(b.id_of(1)), pcie::cpl_status::success);
    EXPECT_FALSE(b.vf(1).config_space().ats().enabled());
    EXPECT_FALSE(b.vf(1).config_space().command().bus_master);
}

TEST_P(SriovAtc, an_invalidate_to_one_function_leaves_the_translations_of_the_others) {
    sriov_bench b({.share_atc = GetParam()});
    b.bring_up(2);
    for (unsigned k : {1u, 2u}) {
        b.start_queue(k);
        b.enable_ats();
        b.describe(0, dma::op::write, 0x40'0000, 64);
        b.ring(0);
    }
    b.pick(1);
    b.invalidate(7, pcie::encode_invalidate_body(0, 0));
    const auto done = b.messages(pcie::msg_code::invalidate_completion);
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].requester, b.id_of(1));
    const auto asks = [&](unsigned k) {
        const std::size_t before = b.translation_requests().size();
        b.pick(k);
        b.rings[0].ring = 0x10'0000 + k * 0x1'0000;
        b.tails[0] = 1;
        b.describe(0, dma::op::write, 0x40'0000, 64);
        b.ring(0);
        return b.translation_requests().size() - before;
    };
    EXPECT_EQ(asks(2), 0u);
    EXPECT_GT(asks(1), 0u);
}

TEST_P(SriovAtc, a_function_that_may_not_issue_does_not_stop_the_others) {
    sriov_bench b({.share_atc = GetParam()});
    b.bring_up(2);
    for (unsigned k : {1u, 2u}) {
        b.start_queue(k);
        b.enable_ats();
        b.describe(0, dma::op::write, 0x40'0000 + k * 4096, 64, false, 0x10 + k);
    }
    b.other->hold_credits = false;
    b.pick(1);
    b.write32(b.queue_register(0, dma::tail), 1, 1_ns);
    b.config_write(0x04, 0, 3);  // bus master off while the lookup is under way
    b.pick(2);
    b.ring(0);
    EXPECT_EQ(b.memory32(0x40'0000 + 2 * 4096) & 0xff, 0x12u);
    EXPECT_EQ(b.memory32(0x40'0000 + 1 * 4096), 0u);
    b.pick(1);
    b.config_write(0x04, 4, 3);
    b.run(20_us);
    EXPECT_EQ(b.memory32(0x40'0000 + 1 * 4096) & 0xff, 0x11u);
}

INSTANTIATE_TEST_SUITE_P(atc, SriovAtc, ::testing::Bool(),
                         [](const auto& i) { return i.param ? "shared" : "own"; });

TEST(Sriov, a_PASID_of_a_virtual_function_is_allowed_by_its_PF) {
    sriov_bench b;
    b.bring_up(1);
    b.start_queue(1);
    b.write32(b.queue_register(0, dma::control),
              dma::control_enable | dma::control_pasid_valid | 5u << dma::control_pasid_shift);
    b.describe(0, dma::op::write, 0x40'0000, 64);
    b.ring(0);
    EXPECT_EQ(b.memory32(0x40'0000), 0u);
    b.pick(0);
    b.enable_pasid();
    b.pick(1);
    b.rings[0].ring = 0x10'0000 + 0x1'0000;
    b.write32(b.queue_register(0, dma::control),
              dma::control_enable | dma::control_pasid_valid | 5u << dma::control_pasid_shift);
    b.describe(0, dma::op::write, 0x40'0000, 64, false, 0x21);
    b.ring(0);
    EXPECT_EQ(b.memory32(0x40'0000) & 0xff, 0x21u);
}

TEST(Sriov, errors_of_a_virtual_function_are_told_as_the_PF_says) {
    sriov_bench b;
    b.bring_up(1);
    b.pick(0);
    b.set_device_control(0x2100);
    b.pick(1);
    const auto bad = [&] {  // a message that it does not know
        pcie::tlp_ptr t = b.make(pcie::tlp_type::msg);
        t->code = pcie::msg_code::vendor_type0;
        t->routing = pcie::msg_routing::by_id;
        t->target = b.id_of(1);
        b.send(std::move(t));
    };
    bad();
    EXPECT_TRUE(b.messages(pcie::msg_code::err_nonfatal).empty());
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.express + 8)) >> 16 & 0xa, 0xau);
    b.pick(0);
    b.set_device_control(0x210f);
    bad();
    const auto told = b.messages(pcie::msg_code::err_nonfatal);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].requester, b.id_of(1));
}

TEST(Sriov, more_virtual_functions_than_TotalVFs_are_refused) {
    auto f = with_vfs({.vfs = 2});
    f[0].vfs.push_back("ep0_vf3");
    base::context ctx;
    pcie::tlp_pool pool;
    EXPECT_THROW(device("d", ctx, pool, f), std::invalid_argument);
}

}  // namespace
}  // namespace drydock::endpoint
