// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/ecrc.h"

#include <gtest/gtest.h>

#include "tests/tlm/pcie/random_tlp.h"
#include "tlm/pcie/codec.h"
#include "tlm/pcie/errors.h"

namespace drydock::pcie {
namespace {

using bytes = std::vector<std::uint8_t>;

/// The remainder as a shift register with taps makes it, bit by bit as they are on the wire.
std::uint32_t bit_by_bit(const bytes& b, std::size_t header) {
    std::uint32_t reg = 0xffff'ffff;
    for (std::size_t i = 0; i < b.size(); ++i)
        for (unsigned bit = 0; bit < 8; ++bit) {
            const bool variant = (i == header && bit == 0) || (i == header + 2 && bit == 6);
            const bool in = variant || ((b[i] >> bit) & 1) != 0;
            const bool feedback = in != ((reg >> 31) != 0);
            reg = (reg << 1) ^ (feedback ? 0x04c1'1db7 : 0);
        }
    std::uint32_t on_wire = 0;
    for (unsigned bit = 0; bit < 32; ++bit) on_wire |= ((~reg >> bit) & 1) << (31 - bit);
    return on_wire;
}

tlp_ptr read(tlp_pool& pool) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::mrd;
    t->length = 1;
    t->requester = base::routing_id{0x0100};
    t->tag = 5;
    t->address = 0x1000'0000;
    t->first_be = 0xf;
    t->digest = true;
    return t;
}

/// Vectors by zlib's CRC-32 of the bytes with Type[0] and EP set.
TEST(Ecrc, P_220_bytes_of_a_read_with_digest) {
    tlp_pool pool;
    EXPECT_EQ(pack(*read(pool)), (bytes{0x00, 0x00, 0x80, 0x01, 0x01, 0x00, 0x05, 0x0f, 0x10, 0x00,
                                        0x00, 0x00, 0x81, 0xc1, 0x9a, 0xc1}));
}

TEST(Ecrc, P_220_a_prefix_is_covered) {
    const bytes b{0x91, 0,   0,    0x2a, 0x40, 0, 0x80, 1,    2,    0,
                  0,    0xf, 0x10, 0,    0,    0, 0x11, 0x22, 0x33, 0x44};
    EXPECT_EQ(ecrc_to_wire(ecrc_of(b)), (std::array<std::uint8_t, 4>{0x34, 0x22, 0xcf, 0x7b}));
}

TEST(Ecrc, P_220_what_a_switch_and_a_poisoner_change_is_not_covered) {
    tlp_pool pool;
    bytes b = pack(*read(pool));
    b.resize(12);
    const std::uint32_t right = ecrc_of(b);
    b[0] ^= 0x01;  // Type[0]
    EXPECT_EQ(ecrc_of(b), right);
    b[2] ^= 0x40;  // EP
    EXPECT_EQ(ecrc_of(b), right);
    b[6] ^= 0x01;  // the tag
    EXPECT_NE(ecrc_of(b), right);
}

TEST(Ecrc, P_220_any_flipped_bit_of_any_tlp_is_found) {
    base::rng r(3, "ecrc");
    tlp_pool pool;
    unsigned tried = 0;
    while (tried < 2000) {
        const tlp_ptr t = random_tlp(r, pool);
        if (!malformed(*t, 4096).empty()) continue;
        ++tried;
        t->digest = true;
        bytes wire = pack(*t);
        const std::size_t header = t->pasid ? 4 : 0;
        const bytes covered(wire.begin(), wire.end() - 4);
        EXPECT_EQ(ecrc_of(covered), bit_by_bit(covered, header));
        const unpacked good = unpack(wire, pool);
        ASSERT_TRUE(good) << good.error;
        EXPECT_TRUE(good.t->digest);
        EXPECT_FALSE(good.t->digest_bad);
        // Behind the bytes that decide what it is.
        const std::size_t at = header + 8 + r.below(wire.size() - header - 8);
        wire[at] ^= static_cast<std::uint8_t>(1u << r.below(8));
        const unpacked flipped = unpack(wire, pool);
        if (!flipped) continue;  // no TLP at all
        EXPECT_TRUE(flipped.t->digest_bad) << at;
    }
}

TEST(Ecrc, P_220_a_bad_digest_stays_bad_on_the_wire) {
    tlp_pool pool;
    const tlp_ptr t = read(pool);
    t->digest_bad = true;
    const unpacked u = unpack(pack(*t), pool);
    ASSERT_TRUE(u);
    EXPECT_TRUE(u.t->digest && u.t->digest_bad);
}

}  // namespace
}  // namespace drydock::pcie
