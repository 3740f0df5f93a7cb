// SPDX-License-Identifier: Apache-2.0
// AtomicOps at the root complex.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"

namespace drydock::root_complex {
namespace {

using pcie::cpl_status;
using pcie::error;
using pcie::tlp_type;

constexpr std::uint64_t at = bench::ram + 0x1000;

struct Atomics : ::testing::Test, bench {
    explicit Atomics(root_complex_config c = two_ports()) : bench(c) {}
    /// An AtomicOp of tag 5; operands as they lie in the payload.
    pcie::tlp_ptr operation(tlp_type type, std::uint64_t where, std::vector<std::uint64_t> operands,
                            unsigned bytes) {
        pcie::tlp_ptr t = pool.make();
        t->type = type;
        t->address = where;
        t->tag = 5;
        t->requester = base::routing_id{0x0100};
        t->length = static_cast<std::uint16_t>(operands.size() * bytes / 4);
        t->first_be = 0xf;
        t->last_be = t->length > 1 ? 0xf : 0;
        pool.add_payload(*t);
        for (std::size_t i = 0; i < operands.size(); ++i)
            std::memcpy(t->payload->data() + i * bytes, &operands[i], bytes);
        return t;
    }
    const pcie::tlp& send(pcie::tlp_ptr t) {
        device.arrived.clear();
        device.socket.send(std::move(t));
        run();
        if (device.arrived.size() != 1) throw std::runtime_error("no answer");
        return *device.arrived.front();
    }
    std::uint64_t found(const pcie::tlp& c) {
        std::uint64_t v = 0;
        std::memcpy(&v, c.payload->data(), std::min(c.bytes(), 8u));
        return v;
    }
    template <class T>
    T memory(std::uint64_t where) {
        return mem.load<T>(base::phys_addr{where});
    }
    std::uint32_t errors() { return aer(0, 4); }
};
struct NoAtomics : Atomics {
    NoAtomics() : Atomics(incapable()) {}
    static root_complex_config incapable() {
        root_complex_config c = two_ports();
        c.ports[0].atomics = false;
        return c;
    }
};

TEST_F(Atomics, P_001_fetch_add_answers_with_the_old_value_and_adds) {
    mem.store<std::uint32_t>(base::phys_addr{at}, 0xffff'fffe);
    mem.store<std::uint32_t>(base::phys_addr{at + 4}, 7);
    const pcie::tlp& c = send(operation(tlp_type::fetch_add, at, {5}, 4));
    EXPECT_EQ(c.type, tlp_type::cpl_d);
    EXPECT_EQ(c.status, cpl_status::success);
    EXPECT_EQ(c.tag, 5);
    EXPECT_EQ(c.length, 1);
    EXPECT_EQ(c.byte_count, 4);
    EXPECT_EQ(c.lower_address, 0);
    EXPECT_EQ(found(c), 0xffff'fffeu);
    EXPECT_EQ(memory<std::uint32_t>(at), 3u) << "modulo 2^32";
    EXPECT_EQ(memory<std::uint32_t>(at + 4), 7u) << "no carry beyond the operand";
    EXPECT_EQ(found(send(operation(tlp_type::fetch_add, at, {0x1'0000'0000}, 8))), 0x7'0000'0003u);
    EXPECT_EQ(memory<std::uint64_t>(at), 0x8'0000'0003u);
    EXPECT_EQ(rc.root(0).count().atomics, 2u);
}

TEST_F(Atomics, P_001_swap_stores_whatever_was_there) {
    mem.store<std::uint64_t>(base::phys_addr{at}, 0x1122'3344'5566'7788);
    EXPECT_EQ(found(send(operation(tlp_type::swap, at, {42}, 8))), 0x1122'3344'5566'7788u);
    EXPECT_EQ(memory<std::uint64_t>(at), 42u);
    EXPECT_EQ(found(send(operation(tlp_type::swap, at + 4, {9}, 4))), 0u);
    EXPECT_EQ(memory<std::uint64_t>(at), 0x9'0000'002au);
}

TEST_F(Atomics, P_001_cas_stores_only_where_the_operand_matches) {
    mem.store<std::uint32_t>(base::phys_addr{at}, 10);
    EXPECT_EQ(found(send(operation(tlp_type::cas, at, {11, 99}, 4))), 10u);
    EXPECT_EQ(memory<std::uint32_t>(at), 10u);
    EXPECT_EQ(found(send(operation(tlp_type::cas, at, {10, 99}, 4))), 10u);
    EXPECT_EQ(memory<std::uint32_t>(at), 99u);
    EXPECT_EQ(errors(), 0u) << "not to match is no error";
}

TEST_F(Atomics, P_034_cas_of_128_bits_uses_two_data_credits) {
    mem.store<std::uint64_t>(base::phys_addr{at}, 1);
    mem.store<std::uint64_t>(base::phys_addr{at + 8}, 2);
    auto t = operation(tlp_type::cas, at, {1, 2, 3, 4}, 8);
    EXPECT_EQ(t->data_credits(), 2u);
    EXPECT_TRUE(pcie::malformed(*t, 128).empty());
    const pcie::tlp& c = send(std::move(t));
    EXPECT_EQ(c.byte_count, 16);
    EXPECT_EQ(c.length, 4);
    EXPECT_EQ(found(c), 1u);
    EXPECT_EQ(memory<std::uint64_t>(at), 3u);
    EXPECT_EQ(memory<std::uint64_t>(at + 8), 4u);
}

TEST_F(Atomics, P_091_a_wrong_length_or_alignment_is_malformed) {
    for (auto& t :
         {operation(tlp_type::fetch_add, at, {1, 2, 3}, 4),
          operation(tlp_type::fetch_add, at, {1, 2}, 8), operation(tlp_type::cas, at, {1, 2, 3}, 4),
          operation(tlp_type::swap, at + 4, {1}, 8),
          operation(tlp_type::cas, at + 8, {1, 2, 3, 4}, 8)})
        EXPECT_FALSE(pcie::malformed(*t, 512).empty()) << t->length;
    device.socket.send(operation(tlp_type::swap, at + 4, {1}, 8));
    run();
    EXPECT_TRUE(device.arrived.empty());
    EXPECT_NE(errors() & 1u << static_cast<unsigned>(error::malformed), 0u);
}

TEST_F(Atomics, P_013_without_bus_master_enable_of_the_port_it_is_UR) {
    config_write(0, 1, 0x04, 2, 2);
    const pcie::tlp& c = send(operation(tlp_type::fetch_add, at, {5}, 8));
    EXPECT_EQ(c.status, cpl_status::unsupported_request);
    EXPECT_FALSE(c.has_data());
    EXPECT_EQ(c.byte_count, 8);
    EXPECT_EQ(memory<std::uint64_t>(at), 0u);
}

TEST_F(Atomics, P_091_a_poisoned_one_is_not_performed_and_answered_UR) {
    auto t = operation(tlp_type::swap, at, {5}, 8);
    t->poisoned = true;
    EXPECT_EQ(send(std::move(t)).status, cpl_status::unsupported_request);
    EXPECT_EQ(memory<std::uint64_t>(at), 0u);
    EXPECT_EQ(errors(), 1u << static_cast<unsigned>(error::poisoned));
}

TEST_F(Atomics, P_010_where_nothing_is_it_is_UR) {
    EXPECT_EQ(send(operation(tlp_type::swap, 0x9000'0000, {5}, 8)).status,
              cpl_status::unsupported_request);
}

TEST_F(Atomics, P_030_it_does_not_pass_a_write_before_it) {
    for (unsigned i = 0; i < 16; ++i) {
        auto w = request(tlp_type::mwr, at, 4);
        (*w->payload)[0] = static_cast<std::uint8_t>(i + 1);
        device.socket.send(std::move(w));
    }
    EXPECT_EQ(found(send(operation(tlp_type::fetch_add, at, {0}, 4))), 0x0403'0210u);
}

TEST_F(NoAtomics, P_091_a_root_complex_that_completes_none_answers_UR) {
    EXPECT_EQ(send(operation(tlp_type::fetch_add, at, {5}, 8)).status,
              cpl_status::unsupported_request);
    EXPECT_NE(errors() & 1u << static_cast<unsigned>(error::unsupported_request), 0u);
    EXPECT_EQ(memory<std::uint64_t>(at), 0u);
}

}  // namespace
}  // namespace drydock::root_complex
