// SPDX-License-Identifier: Apache-2.0
// Containment that a port announces, which no specification has (linux-flow 6 row 16).
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/events_bench.h"

namespace drydock::root_complex {
namespace {

using pcie::msg_code;

constexpr std::uint16_t triggered = 1, int_status = 8, announced = 0x8000, wanted = 0x8000;

struct notice_bench : events_bench {
    explicit notice_bench(base::ps notice = 100_us) : events_bench({.notice = notice}) { dpc_on(); }
    void want() { dpc_control(static_cast<std::uint16_t>(get(dpc_at() + 6, 2) | wanted)); }
    /// What comes from below; not more time passes than it takes.
    void arrives(msg_code c) {
        device.socket.send(message(c));
        sleep(10_us);
    }
    /// Without the time that a CPU takes to read it.
    std::uint16_t status() { return space().registers().get16(dpc_at() + 8); }
};

TEST(DpcNotice, row_16_containment_is_announced_by_interrupt_before_it_comes) {
    notice_bench b;
    b.want();
    b.arrives(msg_code::err_fatal);
    EXPECT_EQ(b.status() & (announced | int_status | triggered), announced | int_status);
    EXPECT_TRUE(b.rc.link_up(0));
    EXPECT_EQ(b.interrupts(), 1u);
    b.put(b.dpc_at() + 8, 2, announced | int_status);
    EXPECT_EQ(b.status() & (announced | int_status), 0) << "software has seen it";
    b.sleep(100_us);
    EXPECT_EQ(b.status() & (announced | int_status | triggered), int_status | triggered);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_EQ(b.interrupts(), 2u);
}

TEST(DpcNotice, what_comes_behind_the_message_still_passes) {
    notice_bench b;
    b.want();
    b.arrives(msg_code::err_fatal);
    b.arrives(msg_code::err_cor);
    EXPECT_EQ(b.root_status() & 1u, 1u) << "ERR_COR is reported";
    b.sleep(100_us);
    EXPECT_EQ(b.root_status() & 0x40u, 0u) << "the one that triggered is not";
}

TEST(DpcNotice, software_that_does_not_want_it_is_not_told) {
    notice_bench b;
    b.arrives(msg_code::err_fatal);
    EXPECT_EQ(b.status() & (announced | triggered), triggered);
}

TEST(DpcNotice, what_does_not_contain_is_not_announced) {
    notice_bench b;
    b.want();
    b.arrives(msg_code::err_nonfatal);
    EXPECT_EQ(b.status() & (announced | triggered), 0);
}

TEST(DpcNotice, the_software_trigger_is_announced_too) {
    notice_bench b;
    b.want();
    b.dpc_control(static_cast<std::uint16_t>(b.get(b.dpc_at() + 6, 2) | 0x40));
    EXPECT_EQ(b.status() & (announced | triggered), announced);
    b.sleep(200_us);
    EXPECT_EQ(b.status() & triggered, triggered);
}

TEST(DpcNotice, ports_have_none_unless_they_are_given_one) {
    notice_bench b(0_ps);
    b.want();
    EXPECT_EQ(b.get(b.dpc_at() + 4, 2) & wanted, 0u);
    EXPECT_EQ(b.get(b.dpc_at() + 6, 2) & wanted, 0u);
    b.arrives(msg_code::err_fatal);
    EXPECT_EQ(b.status() & (announced | triggered), triggered);
}

}  // namespace
}  // namespace drydock::root_complex
