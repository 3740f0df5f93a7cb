// SPDX-License-Identifier: Apache-2.0
// INTx of a function and of a device with several.
#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

using pcie::msg_code;

constexpr std::uint64_t buffer = 0x40'0000;

pcie::config_image image(std::uint8_t pin) {
    pcie::function_ids ids;
    ids.vendor = 0x8086;
    ids.device = 0x0b25;
    ids.interrupt_pin = pin;
    return pcie::config_image_builder(ids)
        .bar(0, 64 * 1024)
        .express({.max_payload = 512})
        .msix({})
        .power({})
        .aer({})
        .ats({})
        .pasid({})
        .pri({})
        .build();
}
std::vector<function_config> functions(const std::vector<std::uint8_t>& pins) {
    std::vector<function_config> all;
    for (unsigned n = 0; n < pins.size(); ++n) {
        endpoint_config c;
        c.image = image(pins[n]);
        all.push_back({n == 0 ? "ep0" : "ep0_f" + std::to_string(n), n, c, {}, false});
    }
    return all;
}

struct intx_bench : endpoint_bench {
    explicit intx_bench(const std::vector<std::uint8_t>& pins = {1})
        : endpoint_bench(several{functions(pins)}) {}
    void start(unsigned function = 0) {
        select(function, base::routing_id{static_cast<std::uint16_t>(0x0100 + function)},
               bar0 + function * 0x10000ull);
        enable();
        config_write(at.msix + 2, 0, 3);
        setup(0,
              {0x10'0000 + function * 0x1000ull, 6, dma::control_enable | dma::control_irq_enable,
               0x20'0000 + function * 0x1000ull, 0});
    }
    void move() {
        describe(0, dma::op::write, buffer, 64, true);
        ring(0);
    }
    std::uint32_t pending() { return read32(window + dma::interrupts_offset); }
    void clear(std::uint32_t queues = 1) { write32(window + dma::interrupts_offset, queues, 1_us); }
    bool status() { return (config_read(4) >> 16 & 8) != 0; }
    /// Codes of INTx messages so far.
    std::vector<unsigned> told() const {
        std::vector<unsigned> messages;
        for (const auto& t : other->seen)
            if (t.is(pcie::tlp_type::msg) && pcie::is_intx(t.code))
                messages.push_back(static_cast<unsigned>(t.code));
        return messages;
    }
    using codes = std::vector<unsigned>;
};

TEST(EndpointIntx, P_160_without_MSI_and_MSI_X_an_interrupt_is_a_level_of_the_pin) {
    intx_bench b({3});
    b.start();
    b.move();
    EXPECT_EQ(b.told(), intx_bench::codes{0x22}) << "Assert_INTC";
    EXPECT_TRUE(b.status());
    EXPECT_EQ(b.pending(), 1u);
    b.move();
    EXPECT_EQ(b.told(), intx_bench::codes{0x22}) << "no edge";
    b.clear();
    EXPECT_EQ(b.told(), (intx_bench::codes{0x22, 0x26}));
    EXPECT_FALSE(b.status());
    b.move();
    EXPECT_EQ(b.told().size(), 3u);
}

TEST(EndpointIntx, P_160_Interrupt_Disable_keeps_it_from_the_wire_and_not_from_Status) {
    intx_bench b;
    b.start();
    b.config_write(0x04, 0x0406, 3);
    b.move();
    EXPECT_EQ(b.told(), intx_bench::codes{});
    EXPECT_TRUE(b.status());
    b.config_write(0x04, 0x0006, 3);
    EXPECT_EQ(b.told(), intx_bench::codes{0x20});
    b.config_write(0x04, 0x0406, 3);
    EXPECT_EQ(b.told(), (intx_bench::codes{0x20, 0x24}));
}

TEST(EndpointIntx, P_160_MSI_X_takes_its_place) {
    intx_bench b;
    b.start();
    b.move();
    b.config_write(b.at.msix + 2, 0x8000, 3);
    EXPECT_EQ(b.told(), (intx_bench::codes{0x20, 0x24}));
    b.set_vector(0, 0xfee0'0000, 7);
    b.clear();
    b.move();
    EXPECT_EQ(b.told().size(), 2u);
    EXPECT_FALSE(b.status());
}

TEST(EndpointIntx, P_162_the_message_is_behind_the_write_back) {
    intx_bench b;
    b.start();
    b.move();
    std::size_t write_back = 0, message = 0;
    for (std::size_t i = 0; i < b.other->seen.size(); ++i) {
        if (b.other->seen[i].is(pcie::tlp_type::mwr)) write_back = i;
        if (b.other->seen[i].is_message(msg_code::assert_inta)) message = i;
    }
    EXPECT_EQ(b.other->seen[write_back].address, 0x20'0000u);
    EXPECT_GT(message, write_back);
}

TEST(EndpointIntx, P_132_an_FLR_deasserts_it) {
    intx_bench b;
    b.start();
    b.move();
    b.set_device_control(0x212f | 0x8000);
    EXPECT_EQ(b.told(), (intx_bench::codes{0x20, 0x24}));
    b.run(200_ms);
    EXPECT_FALSE(b.status());
}

TEST(EndpointIntx, P_139_after_a_link_down_nothing_is_asserted_and_it_can_be_again) {
    intx_bench b;
    b.start();
    b.move();
    b.other->socket.set_link(false);
    b.run();
    b.other->socket.set_link(true);
    b.run();
    EXPECT_EQ(b.told(), intx_bench::codes{0x20}) << "the port takes it back by itself";
    b.start();
    b.move();
    EXPECT_EQ(b.told(), (intx_bench::codes{0x20, 0x20}));
}

TEST(EndpointIntx, P_160_functions_on_one_pin_share_its_wire) {
    intx_bench b({1, 1});
    b.start(0);
    b.move();
    b.start(1);
    b.move();
    EXPECT_EQ(b.told(), intx_bench::codes{0x20});
    b.clear();
    EXPECT_EQ(b.told(), intx_bench::codes{0x20}) << "function 0 still pulls";
    b.select(0, base::routing_id{0x0100}, bar0);
    b.clear();
    EXPECT_EQ(b.told(), (intx_bench::codes{0x20, 0x24}));
}

TEST(EndpointIntx, P_160_a_function_without_a_pin_tells_nobody) {
    intx_bench b({0});
    b.start();
    b.move();
    EXPECT_EQ(b.told(), intx_bench::codes{});
    EXPECT_FALSE(b.status());
}

}  // namespace
}  // namespace drydock::endpoint
