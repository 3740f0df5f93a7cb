// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tlm/smmu/stream_map.h"

namespace drydock::smmu {
namespace {

using base::routing_id;
using base::stream_id;

TEST(StreamMap, without_rows_StreamID_and_Requester_ID_are_the_same) {
    const stream_map m;
    EXPECT_EQ(m.of(routing_id{0x1234}), stream_id{0x1234});
    EXPECT_EQ(m.of(stream_id{0x12345}), stream_id{0x12345}) << "not of PCIe";
    EXPECT_EQ(m.back(stream_id{0xffff}), routing_id{0xffff});
    EXPECT_EQ(m.back(stream_id{0x10000}), std::nullopt) << "another segment";
}

TEST(StreamMap, each_row_moves_its_range_and_what_none_has_is_unknown) {
    const stream_map m({{0x100, 0x100, 0x5000}, {0x300, 8, 0x10}});
    EXPECT_EQ(m.of(routing_id{0x100}), stream_id{0x5000});
    EXPECT_EQ(m.of(routing_id{0x1ff}), stream_id{0x50ff});
    EXPECT_EQ(m.of(routing_id{0x307}), stream_id{0x17});
    for (const unsigned rid : {0u, 0xffu, 0x200u, 0x308u})
        EXPECT_EQ(m.of(routing_id{static_cast<std::uint16_t>(rid)}), stream_map::unknown) << rid;
}

TEST(StreamMap, the_way_back_ends_at_the_same_Requester_ID) {
    const stream_map m({{0x100, 0x100, 0x5000}, {0x300, 8, 0x10}, {0x800, 0x800, 0x20000, 0x7ff}});
    unsigned mapped = 0;
    for (unsigned rid = 0; rid < 0x10000; ++rid) {
        const routing_id id{static_cast<std::uint16_t>(rid)};
        const stream_id sid = m.of(id);
        if (sid == stream_map::unknown) continue;
        ++mapped;
        EXPECT_EQ(m.back(sid), id) << rid;
    }
    EXPECT_EQ(mapped, 0x100u + 8 + 0x800);
    for (const unsigned sid : {0u, 0xfu, 0x18u, 0x4fffu, 0x5100u, 0x1ffffu, 0x20800u, 0xffffffffu})
        EXPECT_EQ(m.back(stream_id{sid}), std::nullopt) << sid;
}

TEST(StreamMap, masked_bits_do_not_count_and_come_back_as_those_of_the_rows_first) {
    const stream_map m({{0x0208, 0x1000, 0x40, 0x00ff}});
    EXPECT_EQ(m.of(routing_id{0x0208}), stream_id{0x40});
    EXPECT_EQ(m.of(routing_id{0x020f}), stream_id{0x47});
    EXPECT_EQ(m.of(routing_id{0x0508}), stream_id{0x40}) << "another bus, the same StreamID";
    EXPECT_EQ(m.back(stream_id{0x47}), routing_id{0x020f});
}

}  // namespace
}  // namespace drydock::smmu
