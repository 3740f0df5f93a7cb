// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/device.h"

#include "tests/sw/arm_smmu_v3/smmu_fixture.h"

namespace drydock::sw {
namespace {

struct SmmuDevice : test::smmu_fixture {
    static constexpr u64 evtq_base = 0xa0, priq_base = 0xc0, page1 = 0x10000;
    static constexpr u32 overflow = 1u << 31;
    phys_addr_t queue(u64 base_register) const {
        return host.reg(base_register) & 0x000f'ffff'ffff'ffe0;
    }
    /// Hardware writes a record and the producer index behind it, then interrupts.
    void record(u64 base, u32 position, u32 bytes, std::initializer_list<u64> words) {
        const u32 mask = (1u << (host.reg(base) & 0x1f)) - 1;
        phys_addr_t at = queue(base) + u64{position & mask} * bytes;
        for (const u64 w : words) {
            host.put_word(at, w);
            at += 8;
        }
        host.set_reg(page1 + base + 8, (host.reg(page1 + base + 8) & overflow) | (position + 1));
    }
    void interrupt(u64 base) { host.fake.send_interrupt(static_cast<u32>(host.reg(base + 0x18))); }
};

TEST_F(SmmuDevice, S_210_the_enable_sequence_ends_with_everything_acknowledged) {
    arm_smmu_config c;
    c.base = test::model_host::smmu;
    arm_smmu_driver all(k);
    arm_smmu_device& d = all.add(c);
    std::vector<u64> order;
    host.on_smmu_write = [&](u64 offset, u64) { order.push_back(offset); };
    k.run_task("boot", 0, [&] { d.reset(); });
    run_for(10ms);
    EXPECT_EQ(host.reg(0x24), 0x1fu);  // SMMUEN PRIQEN EVENTQEN CMDQEN ATSCHK
    EXPECT_EQ(host.reg(0x54), 0x7u);
    EXPECT_EQ(host.opcodes(), (std::vector<u8>{0x04, 0x46, 0x30, 0x46}));
    EXPECT_EQ(host.reg(0x88), 16u | 8u << 6 | 1u << 16);
    EXPECT_EQ(host.reg(0x68), 0x808'0040u);
    EXPECT_NE(host.reg(0x90) & 0xf'ffff'ffff'ffe0, 0u);
    EXPECT_EQ(order.front(), 0x20u) << "off first";
    EXPECT_EQ(order.back(), 0x20u) << "SMMUEN last";
}

TEST_F(SmmuDevice, hardware_that_the_driver_cannot_use_is_refused) {
    const auto refused = [&](u64 reg, u64 clear) {
        test::model_host other;
        other.set_reg(reg, other.reg(reg) & ~clear);
        kernel kk(other.doors(), 1);
        arm_smmu_config c;
        c.base = test::model_host::smmu;
        arm_smmu_driver all(kk);
        arm_smmu_device& d = all.add(c);
        kk.run_task("boot", 0, [&] { d.reset(); });
        EXPECT_THROW(other.fake.run(10ms), std::runtime_error) << reg;
    };
    refused(0x00, 1u << 1);    // S1P
    refused(0x00, 1u << 13);   // MSI
    refused(0x04, 0x3e00000);  // CMDQS 0
    refused(0x14, 1u << 4);    // GRAN4K
}

TEST_F(SmmuDevice, LinuxFlow_3_5_service_failure_turns_the_smmu_off_and_the_handler_goes_on) {
    boot_with_gerror_elsewhere();
    fail_once(sync, 3);
    waiter u;
    send(u, 0, atc_inv(0x100));
    host.fake.at(k.now() + 5us, [&] { host.set_reg(0x60, host.reg(0x60) ^ 0x100); });
    run_for(10ms);
    EXPECT_EQ(host.reg(0x20), 0u);
    EXPECT_EQ(host.reg(0x64), host.reg(0x60)) << "both bits acknowledged at once";
    EXPECT_EQ(smmu->cmdq().cerror_atc_inv(), 1u);
    EXPECT_EQ(u.rc, 0);
}

TEST_F(SmmuDevice,
       LinuxFlow_3_5_each_global_error_is_acknowledged_and_a_spurious_interrupt_is_not) {
    boot();
    unsigned acks = 0;
    host.on_smmu_write = [&](u64 offset, u64) { acks += offset == 0x64; };
    for (const u32 bit : {2u, 3u, 4u, 5u, 6u, 7u}) {
        host.raise_gerror(1u << bit);
        run_for(1ms);
        EXPECT_EQ(host.reg(0x64), host.reg(0x60)) << bit;
    }
    EXPECT_EQ(acks, 6u);
    host.raise_gerror(0);
    run_for(1ms);
    EXPECT_EQ(acks, 6u);
    EXPECT_EQ(smmu->gerror_interrupts(), 6u);
}

TEST_F(SmmuDevice, events_are_read_in_order_and_their_slots_given_back) {
    boot();
    for (u32 i = 0; i < 3; ++i) record(evtq_base, i, 32, {0x02 | u64{0x100 + i} << 32, 0, 0, 0});
    interrupt(evtq_base);
    run_for(1ms);
    EXPECT_EQ(smmu->events_read(), 3u);
    EXPECT_EQ(host.reg(page1 + 0xac), 3u);
    std::vector<u64> devices;
    for (const auto& n : host.fake.of(hal::note::log)) devices.push_back(n.b);
    EXPECT_EQ(devices, (std::vector<u64>{0x100, 0x101, 0x102}));
}

TEST_F(SmmuDevice, LinuxFlow_3_6_an_overflow_is_acknowledged_when_the_queue_is_empty) {
    boot();
    std::vector<u64> cons;
    host.on_smmu_write = [&](u64 offset, u64 v) {
        if (offset == page1 + 0xac) cons.push_back(v);
    };
    for (u32 i = 0; i < 128; ++i) record(evtq_base, i, 32, {0x02, 0, 0, 0});
    host.set_reg(page1 + 0xa8, 128u | overflow);
    interrupt(evtq_base);
    run_for(10ms);
    EXPECT_EQ(smmu->events_read(), 128u);
    EXPECT_EQ(cons, (std::vector<u64>{128u, 128u | overflow}));
    EXPECT_EQ(logged("EVTQ overflow"), 1u);
    // The next one toggles back.
    record(evtq_base, 128, 32, {0x02, 0, 0, 0});
    interrupt(evtq_base);
    run_for(10ms);
    EXPECT_EQ(cons.back(), 129u | overflow);
    EXPECT_EQ(smmu->events_read(), 129u);
}

TEST_F(SmmuDevice, LinuxFlow_3_6_page_requests_are_denied_with_the_last_of_their_group) {
    boot();
    constexpr u64 last = u64{1} << 62, ssv = u64{1} << 63;
    record(priq_base, 0, 16, {0x100 | u64{5} << 32 | ssv, 0x1000 | 7});
    record(priq_base, 1, 16, {0x100 | u64{5} << 32 | ssv | last, 0x2000 | 7});
    interrupt(priq_base);
    run_for(1ms);
    ASSERT_EQ(host.opcodes(), (std::vector<u8>{CMDQ_OP_PRI_RESP})) << "one answer, no SYNC";
    const auto& w = host.commands[0].words;
    EXPECT_EQ(w[0], CMDQ_OP_PRI_RESP | 1u << 11 | 5u << 12 | u64{0x100} << 32);
    EXPECT_EQ(w[1], 7u) << "DENY, group 7";
    EXPECT_EQ(host.reg(page1 + 0xcc), 2u);
}

TEST_F(SmmuDevice, domains_beyond_the_asids_that_there_are_are_refused) {
    host.set_reg(0, host.reg(0) & ~(u64{1} << 12));  // ASID16
    boot();
    for (unsigned i = 1; i < 256; ++i) EXPECT_EQ(driver->alloc_asid(), i);
    EXPECT_THROW(driver->alloc_asid(), std::runtime_error);
}

TEST_F(SmmuDevice, queues_are_aligned_to_their_size) {
    arm_smmu_config c;
    c.cmdq.log2size = 10;
    c.evtq_log2size = 9;
    boot(c);
    EXPECT_EQ(queue(0x90) % (16u << 10), 0u);
    EXPECT_EQ(queue(evtq_base) % (32u << 9), 0u);
}

}  // namespace
}  // namespace drydock::sw
