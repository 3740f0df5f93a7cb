// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/register_file.h"

#include <gtest/gtest.h>

#include <stdexcept>

using namespace drydock::base;

namespace {

struct block : register_client {
    reg control{"CONTROL", 0x20, 4, register_access::rw, bit_mask(3, 0)};
    reg identity{"ID", 0x00, 4, register_access::ro, 0, 0xabcd};
    reg base{"BASE", 0x90, 8, register_access::rw, bit_mask(51, 5) | bit_mask(4, 0)};
    register_file file{0x200, *this};
    std::uint64_t open = ~std::uint64_t{0};
    int writes = 0;
    std::uint64_t before = 0;

    block() {
        file.add(control);
        file.add(identity);
        file.add(base);
        file.alias(control, 0x120);
    }
    std::uint64_t unlocked(const reg&) const override { return open; }
    void written(reg&, std::uint64_t old) override {
        ++writes;
        before = old;
    }
};

}  // namespace

TEST(BitField, reads_and_writes_the_bits_it_names) {
    using cs = bit_field<13, 12>;
    EXPECT_EQ(cs::get(0x2000), 2u);
    EXPECT_EQ(cs::set(0xffff, 1), 0xdfffu);
    EXPECT_EQ(cs::make(7), 0x3000u);
    EXPECT_EQ((bit_field<63, 0>::mask), ~std::uint64_t{0});
    EXPECT_EQ(bit_mask(51, 5), 0x000f'ffff'ffff'ffe0u);
}

TEST(RegisterFile, stores_only_writable_bits) {
    block b;
    EXPECT_TRUE(b.file.write(0x20, 4, 0xff));
    EXPECT_EQ(b.file.read(0x20, 4), 0xfu);
    EXPECT_EQ(b.writes, 1);
}

TEST(RegisterFile, alias_is_the_same_register) {
    block b;
    b.file.write(0x120, 4, 0x5);
    EXPECT_EQ(b.file.read(0x20, 4), 0x5u);
}

TEST(RegisterFile, read_only_registers_ignore_writes) {
    block b;
    EXPECT_FALSE(b.file.write(0x00, 4, 0));
    EXPECT_EQ(b.file.read(0x00, 4), 0xabcdu);
    EXPECT_EQ(b.writes, 0);
}

TEST(RegisterFile, wide_register_takes_halves_and_whole) {
    block b;
    EXPECT_TRUE(b.file.write(0x90, 4, 0x1234'5678));
    EXPECT_TRUE(b.file.write(0x94, 4, 0xffff'abcd));
    EXPECT_EQ(b.file.read(0x90, 8), 0x000f'abcd'1234'5678u);
    EXPECT_EQ(b.before, 0x1234'5678u);
    EXPECT_EQ(b.file.read(0x94, 4), 0x000f'abcdu);
    EXPECT_TRUE(b.file.write(0x90, 8, 0x20));
    EXPECT_EQ(b.file.read(0x90, 8), 0x20u);
}

TEST(RegisterFile, wrong_size_alignment_or_place_is_raz_wi) {
    block b;
    b.control.value = 0xf;
    for (const unsigned size : {1u, 2u, 3u, 8u, 16u}) {
        EXPECT_EQ(b.file.read(0x20, size), 0u) << size;
        EXPECT_FALSE(b.file.write(0x20, size, 1)) << size;
    }
    EXPECT_EQ(b.file.read(0x22, 4), 0u);
    EXPECT_FALSE(b.file.write(0x94, 8, 1));
    EXPECT_EQ(b.file.read(0x24, 4), 0u);
    EXPECT_EQ(b.file.read(0x1000, 4), 0u);
    EXPECT_FALSE(b.file.write(~std::uint64_t{3}, 4, 1));
    EXPECT_EQ(b.writes, 0);
}

TEST(RegisterFile, guard_keeps_locked_bits) {
    block b;
    b.open = 0x3;
    EXPECT_TRUE(b.file.write(0x20, 4, 0xf));
    EXPECT_EQ(b.file.read(0x20, 4), 0x3u);
    b.open = 0;
    EXPECT_FALSE(b.file.write(0x20, 4, 0));
    EXPECT_EQ(b.file.read(0x20, 4), 0x3u);
    EXPECT_EQ(b.writes, 1);
}

TEST(RegisterFile, refuses_overlap_and_misplacement) {
    block b;
    reg overlap{"OVERLAP", 0x94, 4};
    reg outside{"OUTSIDE", 0x200, 4};
    reg odd{"ODD", 0x44, 8};
    EXPECT_THROW(b.file.add(overlap), std::logic_error);
    EXPECT_THROW(b.file.add(outside), std::logic_error);
    EXPECT_THROW(b.file.add(odd), std::logic_error);
}

TEST(RegisterFile, a_register_of_another_size_is_refused) {
    block b;
    reg odd{"ODD", 0x40, 6};
    EXPECT_THROW(b.file.add(odd), std::logic_error);
}

TEST(RegisterFile, reset_gives_every_register_its_reset_value) {
    block b;
    b.file.write(0x20, 4, 0xf);
    b.file.write(0x90, 8, ~std::uint64_t{0});
    b.file.reset();
    EXPECT_EQ(b.file.read(0x20, 4), 0u);
    EXPECT_EQ(b.file.read(0x90, 8), 0u);
    EXPECT_EQ(b.file.read(0x00, 4), 0xabcdu);
}
