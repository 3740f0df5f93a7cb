// SPDX-License-Identifier: Apache-2.0
// A device with several functions.
#include "tests/tlm/endpoint/endpoint_bench.h"
#include "tlm/pcie/vf_image.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t bar_of(unsigned n) { return bar0 + n * 0x10'0000; }

std::vector<function_config> functions(const std::vector<unsigned>& numbers, bool ari = false) {
    endpoint_config c;
    c.image = generic_image();
    if (ari) pcie::graft_extended(c.image, pcie::config_image_builder({}).ari({}).build());
    std::vector<function_config> all;
    for (const unsigned n : numbers) {
        all.push_back({n == 0 ? "ep0" : "ep0_f" + std::to_string(n), n, c, {}, false});
        all.back().config.image.set16(2, static_cast<std::uint16_t>(0x1000 + n));
    }
    return all;
}

struct device_bench : endpoint_bench {
    explicit device_bench(const std::vector<unsigned>& functions_at, bool ari = false,
                          bool listen = false)
        : endpoint_bench(several{functions(functions_at, ari)}, listen), numbers(functions_at) {}
    static base::routing_id id_of(unsigned number) {
        return base::routing_id{static_cast<std::uint16_t>(0x0100 + number)};
    }
    void pick(std::size_t n) { select(n, id_of(numbers[n]), bar_of(numbers[n])); }
    void enable_all() {
        for (std::size_t n = 0; n < numbers.size(); ++n) {
            pick(n);
            enable();
        }
    }
    pcie::cpl_status status_of_read(base::routing_id id) {
        target = id;
        send(config_request(0, false));
        return last().status;
    }
    std::vector<unsigned> numbers;
};

TEST(Device, P_172_functions_answer_by_their_number_and_others_are_UR) {
    device_bench b({0, 1, 5});
    for (std::size_t n = 0; n < 3; ++n) {
        b.pick(n);
        EXPECT_EQ(b.config_read(0) >> 16, 0x1000u + b.numbers[n]);
        EXPECT_EQ(b.config_read(0x0c) >> 16 & 0x80, 0x80u) << "multi-function bit";
    }
    for (const unsigned absent : {2u, 4u, 6u, 7u, 8u, 255u})
        EXPECT_EQ(b.status_of_read(device_bench::id_of(absent)),
                  pcie::cpl_status::unsupported_request);
}

TEST(Device, one_function_alone_has_no_multi_function_bit) {
    device_bench b({0});
    EXPECT_EQ(b.config_read(0x0c) >> 16 & 0x80, 0u);
}

TEST(Device, every_function_captures_its_own_number) {
    device_bench b({0, 3});
    b.pick(1);
    b.target = base::routing_id{0x0503};
    b.config_write(0x04, 0, 3);
    EXPECT_EQ(b.whole->function(1).routing_id().value, 0x0503);
    EXPECT_EQ(b.whole->function(0).routing_id().value, 0x0000) << "not written so far";
}

TEST(Device, ARI_leads_from_function_to_function_up_to_255) {
    device_bench b({0, 1, 9, 255}, true);
    const unsigned next[] = {1, 9, 255, 0};
    for (std::size_t n = 0; n < 4; ++n) {
        b.pick(n);
        EXPECT_EQ(b.config_read(0) >> 16, 0x1000u + b.numbers[n]);
        EXPECT_EQ(b.dut->config_space().ari().next_function(), next[n]);
    }
}

TEST(Device, numbers_above_7_without_ARI_and_a_device_without_function_0_are_refused) {
    base::context ctx;
    pcie::tlp_pool pool;
    EXPECT_THROW(device("a", ctx, pool, functions({0, 8})), std::invalid_argument);
    EXPECT_THROW(device("b", ctx, pool, functions({1})), std::invalid_argument);
    EXPECT_THROW(device("c", ctx, pool, functions({0, 2, 1})), std::invalid_argument);
}

TEST(Device, memory_goes_to_the_function_whose_BAR_holds_the_address) {
    device_bench b({0, 1, 2});
    b.enable_all();
    for (std::size_t n = 0; n < 3; ++n) {
        b.pick(n);
        b.write32(b.queue_register(0, dma::vector), 70 + static_cast<std::uint32_t>(n), 1_us);
    }
    for (std::size_t n = 0; n < 3; ++n) {
        b.pick(n);
        EXPECT_EQ(b.read32(b.queue_register(0, dma::vector)), 70 + n);
    }
    b.pick(1);
    b.config_write(0x04, 0x0004, 3);  // memory space off: nobody's any more
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = bar_of(1);
    t->length = 1;
    t->first_be = 0xf;
    b.send(std::move(t));
    EXPECT_EQ(b.last().status, pcie::cpl_status::unsupported_request);
    b.pick(2);
    EXPECT_EQ(b.read32(b.queue_register(0, dma::vector)), 72u);
}

TEST(Device, what_nobody_claims_all_functions_log_and_one_tells) {
    device_bench b({0, 1, 2});
    b.enable_all();
    for (std::size_t n = 1; n < 3; ++n) {  // function 0 reports nothing
        b.pick(n);
        b.set_device_control(0x210f);
    }
    b.pick(0);
    b.set_device_control(0x2100);
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mwr);
    t->address = 0x7000'0000;
    t->length = 1;
    t->first_be = 0xf;
    b.pool.add_payload(*t);
    b.send(std::move(t));
    for (std::size_t n = 0; n < 3; ++n)
        EXPECT_EQ(b.whole->function(n).errors().count(pcie::error::unsupported_request), 1u);
    const auto told = b.messages(pcie::msg_code::err_nonfatal);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].requester, device_bench::id_of(1));
}

TEST(Device, completions_go_to_the_function_that_asked_with_the_same_tag) {
    device_bench b({0, 1});
    b.enable_all();
    for (std::size_t n = 0; n < 2; ++n) {
        b.pick(n);
        b.setup(0, {.ring = 0x10'0000 + n * 0x1'0000,
                    .log2 = 6,
                    .control = dma::control_enable,
                    .write_back = 0x20'0000 + n * 64,
                    .vector = 0});
        b.describe(0, dma::op::write, 0x40'0000 + n * 4096, 64, true, 0x1111 * (n + 1));
    }
    b.other->hold_reads = true;
    for (std::size_t n = 0; n < 2; ++n) {
        b.pick(n);
        b.write32(b.queue_register(0, dma::tail), 1, 1_us);
    }
    ASSERT_EQ(b.other->held.size(), 2u);
    EXPECT_EQ(b.other->held[0]->tag, b.other->held[1]->tag);
    std::swap(b.other->held[0], b.other->held[1]);
    b.other->hold_reads = false;
    b.other->answer_held();
    b.run(20_us);
    EXPECT_EQ(b.memory32(0x40'0000) & 0xffff, 0x1111u);
    EXPECT_EQ(b.memory32(0x40'1000) & 0xffff, 0x2222u);
}

TEST(Device, an_FLR_of_one_function_leaves_the_others_at_work) {
    device_bench b({0, 1}, false, true);
    b.enable_all();
    b.pick(1);
    b.set_device_control(0xa10f);
    EXPECT_TRUE(b.whole->function(1).in_reset());
    EXPECT_FALSE(b.whole->function(0).in_reset());
    EXPECT_EQ(b.status_of_read(device_bench::id_of(1)), pcie::cpl_status::request_retry);
    EXPECT_EQ(b.status_of_read(device_bench::id_of(0)), pcie::cpl_status::success);
    b.pick(0);
    b.setup(0, {});
    b.describe(0, dma::op::write, 0x40'0000, 64, true, 0x77);
    b.ring(0);
    EXPECT_EQ(b.memory32(0x40'0000) & 0xff, 0x77u);
}

TEST(Device, an_Invalidate_Request_for_no_function_is_an_Unsupported_Request) {
    device_bench b({0, 1});
    b.enable_all();
    b.pick(1);
    b.enable_ats();
    b.invalidate(4, pcie::encode_invalidate_body(0x1000, 4096));
    ASSERT_EQ(b.messages(pcie::msg_code::invalidate_completion).size(), 1u);
    EXPECT_EQ(b.messages(pcie::msg_code::invalidate_completion)[0].requester,
              device_bench::id_of(1));
    b.target = base::routing_id{0x0106};
    b.invalidate(5, pcie::encode_invalidate_body(0x1000, 4096));
    EXPECT_EQ(b.messages(pcie::msg_code::invalidate_completion).size(), 1u);
    EXPECT_EQ(b.whole->function(0).errors().count(pcie::error::unsupported_request), 1u);
}

TEST(Device, posted_room_of_the_link_is_shared_in_the_order_of_asking) {
    device_bench b({0, 1, 2, 3});
    b.enable_all();
    b.other->hold_credits = true;
    for (std::size_t n = 0; n < 4; ++n) {
        b.pick(n);
        b.setup(0, {.ring = 0x10'0000 + n * 0x1'0000,
                    .log2 = 6,
                    .control = dma::control_enable,
                    .write_back = 0x20'0000 + n * 64,
                    .vector = 0});
        for (unsigned i = 0; i < 8; ++i)
            b.describe(0, dma::op::write, 0x40'0000 + n * 0x1'0000 + i * 64, 64, false, n);
    }
    for (std::size_t n = 0; n < 4; ++n) {
        b.pick(n);
        b.write32(b.queue_register(0, dma::tail), 8, 0_ps);
    }
    b.run(50_us);
    const std::size_t first = b.writes().size();
    EXPECT_EQ(first, 8u) << "what the link's store takes";
    b.other->give_back_withheld();
    b.run(50_us);
    ASSERT_EQ(b.writes().size(), 32u);
    std::map<std::uint16_t, unsigned> of;
    for (const auto& w : b.writes()) ++of[w.requester.value];
    for (const auto& [id, n] : of) EXPECT_EQ(n, 8u) << id;
}

}  // namespace
}  // namespace drydock::endpoint
