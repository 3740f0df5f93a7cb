// SPDX-License-Identifier: Apache-2.0
// AtomicOps and ECRC of a function.
#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

using pcie::cpl_status;
using pcie::error;
using pcie::tlp_type;

constexpr std::uint64_t target_at = 0x40'0000;
constexpr std::uint16_t requester_enable = 0x40;  // DevCtl2[6]

pcie::config_image with_ecrc() {
    return pcie::config_image_builder({.vendor = 0x8086, .device = 0x0b25})
        .bar(0, 64 * 1024)
        .express({.max_payload = 512})
        .msix({})
        .power({})
        .aer({.ecrc = true})
        .ats({})
        .pasid({})
        .pri({})
        .build();
}

struct atomics_bench : endpoint_bench {
    using endpoint_bench::endpoint_bench;
    void start() {
        enable();
        config_write(at.express + 0x28, requester_enable, 3);
        setup(0, {});
    }
    void operate(dma::op op, std::uint64_t address, std::uint32_t bytes, std::uint64_t operand) {
        describe(0, op, address, bytes, false, operand);
        ring(0);
    }
    std::vector<seen_tlp> atomics() const {
        return all([](auto& t) { return pcie::is_atomic(t.type); });
    }
    std::uint64_t found() {
        return read32(queue_register(0, dma::found_low)) |
               std::uint64_t{read32(queue_register(0, dma::found_high))} << 32;
    }
    unsigned failures() { return status(0) >> 16; }
};

TEST(EndpointAtomics, P_001_operands_and_answer_of_each_operation) {
    atomics_bench b;
    b.start();
    for (unsigned i = 0; i < 8; ++i)
        b.other->memory[target_at + i] = static_cast<std::uint8_t>(i + 1);
    b.operate(dma::op::fetch_add, target_at, 4, 0x1122'3344);
    b.operate(dma::op::swap, target_at, 8, 0x99);
    b.operate(dma::op::cas, target_at, 16, 0x77);
    const auto seen = b.atomics();
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_TRUE(seen[0].is(tlp_type::fetch_add));
    EXPECT_EQ(seen[0].length, 1u);
    EXPECT_EQ(seen[0].last_be, 0);
    EXPECT_EQ(seen[0].word(), 0x1122'3344u);
    EXPECT_TRUE(seen[1].is(tlp_type::swap));
    EXPECT_EQ(seen[1].length, 2u);
    EXPECT_EQ(seen[1].word(0), 0x99u);
    EXPECT_TRUE(seen[2].is(tlp_type::cas));
    EXPECT_EQ(seen[2].length, 8u);
    EXPECT_EQ(seen[2].word(0), 0xc00c1e + 2u) << "compared with, twice";
    EXPECT_EQ(seen[2].word(2), 0xc00c1e + 2u);
    EXPECT_EQ(seen[2].word(4), 0x77u) << "to be stored, twice";
    EXPECT_EQ(seen[2].word(6), 0x77u);
    EXPECT_EQ(b.head(0), 3u);
    EXPECT_EQ(b.failures(), 0u);
    EXPECT_EQ(b.found(), 0x0807'0605'0403'0201u);
}

TEST(EndpointAtomics, P_001_none_is_sent_without_requester_enable) {
    atomics_bench b;
    b.enable();
    b.setup(0, {});
    b.operate(dma::op::fetch_add, target_at, 8, 1);
    EXPECT_TRUE(b.atomics().empty());
    EXPECT_EQ(b.failures(), 1u);
    EXPECT_EQ(b.head(0), 1u) << "the queue goes on";
}

TEST(EndpointAtomics, P_001_operands_of_other_sizes_or_not_aligned_are_refused) {
    atomics_bench b;
    b.start();
    b.operate(dma::op::fetch_add, target_at, 16, 1);
    b.operate(dma::op::cas, target_at, 12, 1);
    b.operate(dma::op::swap, target_at + 4, 8, 1);
    EXPECT_TRUE(b.atomics().empty());
    EXPECT_EQ(b.failures(), 3u);
    b.operate(dma::op::swap, target_at + 4, 4, 1);
    EXPECT_EQ(b.atomics().size(), 1u);
}

TEST(EndpointAtomics, P_093_an_atomic_answered_UR_fails_its_descriptor) {
    atomics_bench b;
    b.start();
    b.other->atomic_status = cpl_status::unsupported_request;
    b.operate(dma::op::swap, target_at, 8, 1);
    EXPECT_EQ(b.atomics().size(), 1u);
    EXPECT_EQ(b.failures(), 1u);
    EXPECT_NE(b.config_read(4) >> 16 & 1u << 13, 0u) << "Received Master Abort";
}

TEST(EndpointAtomics, P_043_translated_ones_need_both_rights) {
    atomics_bench b;
    b.enable();
    b.enable_ats();
    b.config_write(b.at.express + 0x28, requester_enable, 3);
    b.setup(0, {});
    constexpr std::uint64_t granted = 0x100'0000, read_only = 0x200'0000, write_only = 0x300'0000,
                            there = 0x1'0000'0000;
    b.other->translate = [](const pcie::tlp& t) {
        pcie::translation_entry e;
        e.address = t.address & ~0xfffull;
        if (e.address >= granted) e.address += there;
        e.read = (t.address & ~0xfffull) != write_only;
        e.write = (t.address & ~0xfffull) != read_only;
        return e;
    };
    for (const std::uint64_t page : {read_only, write_only})
        b.operate(dma::op::fetch_add, page, 8, 1);
    EXPECT_TRUE(b.atomics().empty());
    EXPECT_EQ(b.failures(), 2u);
    b.operate(dma::op::fetch_add, granted + 8, 8, 1);
    ASSERT_EQ(b.atomics().size(), 1u);
    EXPECT_EQ(b.atomics()[0].at, base::address_type::translated);
    EXPECT_EQ(b.atomics()[0].address, granted + 8 + there);
    EXPECT_EQ(b.failures(), 2u);
}

struct ecrc_bench : endpoint_bench {
    ecrc_bench() : endpoint_bench(config()) {}
    static endpoint_config config() {
        endpoint_config c;
        c.image = with_ecrc();
        return c;
    }
    void control(std::uint32_t bits) { config_write(at.aer + 0x18u, bits); }
    std::uint32_t errors() { return config_read(at.aer + 4u); }
    void write_bad(std::uint64_t address, std::uint32_t value) {
        pcie::tlp_ptr t = make(tlp_type::mwr);
        t->address = address;
        t->length = 1;
        t->first_be = 0xf;
        t->digest = t->digest_bad = true;
        pool.add_payload(*t);
        std::memcpy(t->payload->data(), &value, 4);
        send(std::move(t));
    }
};

constexpr std::uint32_t ecrc_bit = 1u << static_cast<unsigned>(error::ecrc);

TEST(EndpointEcrc, P_091_a_bad_digest_is_logged_and_told_and_the_write_has_no_effect) {
    ecrc_bench b;
    b.enable();
    const std::uint64_t reg = b.queue_register(0, dma::vector);
    b.write_bad(reg, 5);
    EXPECT_EQ(b.read32(reg), 5u) << "nobody looks";
    b.control(0x100);
    b.write_bad(reg, 6);
    EXPECT_EQ(b.read32(reg), 5u);
    EXPECT_EQ(b.errors(), ecrc_bit);
    EXPECT_EQ(b.messages(pcie::msg_code::err_nonfatal).size(), 1u);
    EXPECT_EQ(b.config_read(b.at.aer + 0x1c), 0x4000'8001u) << "header log";
    b.config_write(b.at.aer + 4u, ecrc_bit);
    b.config_write(b.at.aer + 8u, ecrc_bit);  // masked
    b.write_bad(reg, 7);
    EXPECT_EQ(b.errors(), ecrc_bit);
    EXPECT_EQ(b.messages(pcie::msg_code::err_nonfatal).size(), 1u);
}

TEST(EndpointEcrc, P_091_a_configuration_write_with_a_bad_digest_gets_no_answer) {
    ecrc_bench b;
    b.enable();
    b.control(0x100);
    const auto answers = [&b] {
        return b.all([](auto& seen) { return seen.is(tlp_type::cpl); }).size();
    };
    const std::size_t before = answers();
    pcie::tlp_ptr t = b.config_request(0x3c, true, 0x77);
    t->digest = t->digest_bad = true;
    b.send(std::move(t));
    EXPECT_EQ(answers(), before);
    EXPECT_NE(b.config_read(0x3c) & 0xff, 0x77u);
    EXPECT_EQ(b.errors(), ecrc_bit);
}

TEST(EndpointEcrc, P_091_completions_and_requests_carry_a_digest_while_generation_is_on) {
    ecrc_bench b;
    b.enable();
    b.setup(0, {});
    b.config_read(0);
    EXPECT_FALSE(b.last().digest);
    b.control(0x40);
    b.describe(0, dma::op::write, target_at, 64);
    b.ring(0);
    ASSERT_EQ(b.writes().size(), 1u);
    EXPECT_TRUE(b.writes()[0].digest && !b.writes()[0].digest_bad);
    b.config_read(0);
    EXPECT_TRUE(b.last().digest);
    b.dut->inject().corrupt_digests = 1;
    b.describe(0, dma::op::write, target_at, 64);
    b.describe(0, dma::op::write, target_at, 64);
    b.ring(0);
    ASSERT_EQ(b.writes().size(), 3u);
    EXPECT_TRUE(b.writes()[1].digest_bad);
    EXPECT_FALSE(b.writes()[2].digest_bad) << "once";
}

TEST(EndpointEcrc, P_091_a_read_answered_with_a_bad_digest_times_out) {
    ecrc_bench b;
    b.enable();
    b.setup(0, {});
    b.control(0x100);
    b.config_write(b.at.express + 0x28, 1, 3);  // 50 us to 100 us
    b.other->hold_reads = true;
    b.describe(0, dma::op::read, target_at, 4);
    b.write32(b.queue_register(0, dma::tail), b.tails[0]);
    b.run(2_us);
    ASSERT_EQ(b.other->held.size(), 1u);
    pcie::tlp_ptr c = b.make(tlp_type::cpl_d);
    c->requester = function_id;
    c->tag = b.other->held[0]->tag;
    c->byte_count = 32;
    c->length = 8;
    b.pool.add_payload(*c);
    c->digest = c->digest_bad = true;
    b.send(std::move(c));
    EXPECT_EQ(b.errors(), ecrc_bit) << "no Unexpected Completion";
    EXPECT_EQ(b.status(0) & 1, 1u) << "it waits on";
    b.run(150_us);
    EXPECT_EQ(b.errors(), ecrc_bit | 1u << static_cast<unsigned>(error::completion_timeout));
    b.other->held.clear();
}

TEST(EndpointEcrc, P_100_the_enables_survive_an_FLR_and_power_takes_them) {
    ecrc_bench b;
    b.enable();
    b.control(0x140);
    b.set_device_control(0x212f | 0x8000);
    b.run(200_ms);
    EXPECT_EQ(b.config_read(b.at.aer + 0x18) & 0x140, 0x140u);
    EXPECT_TRUE(b.last().digest);
    b.other->socket.set_link(false);
    b.whole->power_cycle();
    b.other->socket.set_link(true);
    EXPECT_EQ(b.config_read(b.at.aer + 0x18) & 0x140, 0u);
    EXPECT_FALSE(b.last().digest);
}

}  // namespace
}  // namespace drydock::endpoint
