// SPDX-License-Identifier: Apache-2.0
// The ordering table of PCIe, cell by cell, as a link shows it: a posted TLP lacks credits, and
// something younger may pass it or not.
#include "tests/tlm/pcie/link_bench.h"

namespace drydock::pcie {
namespace {

constexpr base::routing_id one{0x0100}, other{0x0200};

/// Room for one small write only: the second write is blocked, and what follows is put to the
/// test. A `tiny` one has credits when a large one has not.
struct blocked : bench {
    explicit blocked(link_config c = limits()) : bench(c, keeps) {
        port.send(from(one, write(0x1000, 64)));
        port.send(from(one, write(0x2000, 128)));
    }
    static link_config limits() { return small_credits({8, 8}, {8, 8}); }
    static tlp_ptr from(base::routing_id id, tlp_ptr t) {
        t->requester = id;
        return t;
    }
    tlp_ptr tiny(base::routing_id id, bool relaxed = false, bool by_id = false) {
        tlp_ptr t = from(id, write(0x3000, 16, relaxed));
        t->id_based_ordering = by_id;
        return t;
    }
    static tlp_ptr attributes(tlp_ptr t, base::routing_id id, bool relaxed, bool by_id) {
        t->requester = id;
        t->relaxed_ordering = relaxed;
        t->id_based_ordering = by_id;
        return t;
    }
    tlp_ptr atomic() {
        tlp_ptr t = pool.make();
        t->type = tlp_type::fetch_add;
        t->address = 0x4000;
        t->length = 1;
        t->first_be = 0xf;
        pool.add_payload(*t);
        return t;
    }
    /// Sends it behind the blocked write. @return whether it arrives
    bool passes(tlp_ptr t) {
        run(ctx.now() + 1_us);
        EXPECT_EQ(device.arrived.size(), 1u) << "the second write is not blocked";
        port.send(std::move(t));
        run(ctx.now() + 10_us);
        return device.arrived.size() > 1;
    }
};

TEST(Ordering, P_030_a_posted_behind_posted_stays) {
    blocked b;
    EXPECT_FALSE(b.passes(b.tiny(one)));
}
TEST(Ordering, P_030_a_posted_of_another_requester_stays_without_IDO) {
    blocked b;
    EXPECT_FALSE(b.passes(b.tiny(other)));
}
TEST(Ordering, P_032_a_posted_with_RO_passes_a_stalled_write) {
    blocked b;
    EXPECT_TRUE(b.passes(b.tiny(one, true)));
}
TEST(Ordering, P_030_a_posted_with_IDO_passes_another_requester) {
    blocked b;
    EXPECT_TRUE(b.passes(b.tiny(other, false, true)));
}
TEST(Ordering, P_030_a_posted_with_IDO_stays_behind_its_own_requester) {
    blocked b;
    EXPECT_FALSE(b.passes(b.tiny(one, false, true)));
}
/// The blocked write carries PASID 7.
std::size_t arrived_behind_pasid_7(unsigned pasid) {
    bench b(blocked::limits(), keeps);
    b.port.send(b.write(0x1000, 64));
    tlp_ptr stalled = b.write(0x2000, 128), t = b.write(0x3000, 16);
    stalled->pasid = pasid_prefix{base::substream_id{7}};
    t->pasid = pasid_prefix{base::substream_id{pasid}};
    t->id_based_ordering = true;
    b.port.send(std::move(stalled));
    b.port.send(std::move(t));
    b.run(10_us);
    return b.device.arrived.size();
}
TEST(Ordering, P_030_a_posted_with_IDO_passes_another_PASID_of_the_same_requester) {
    EXPECT_EQ(arrived_behind_pasid_7(8), 2u);
}
TEST(Ordering, P_030_a_posted_with_IDO_stays_behind_its_own_PASID) {
    EXPECT_EQ(arrived_behind_pasid_7(7), 1u);
}
TEST(Ordering, P_030_a_posted_with_IDO_stays_without_a_PASID_on_both) {
    blocked b;
    tlp_ptr t = b.tiny(one, false, true);
    t->pasid = pasid_prefix{base::substream_id{8}};
    EXPECT_FALSE(b.passes(std::move(t)));
}

TEST(Ordering, P_030_b_a_read_behind_posted_stays) {
    blocked b;
    EXPECT_FALSE(b.passes(blocked::attributes(b.read(0x4000), other, false, false)));
}
TEST(Ordering, P_030_b_a_read_behind_posted_stays_even_with_RO) {
    blocked b;
    EXPECT_FALSE(b.passes(blocked::attributes(b.read(0x4000), one, true, false)));
}
TEST(Ordering, P_030_b_a_read_with_IDO_passes_another_requester) {
    blocked b;
    EXPECT_TRUE(b.passes(blocked::attributes(b.read(0x4000), other, false, true)));
}
TEST(Ordering, P_030_b_a_read_with_IDO_stays_behind_its_own_requester) {
    blocked b;
    EXPECT_FALSE(b.passes(blocked::attributes(b.read(0x4000), one, false, true)));
}
TEST(Ordering, P_030_c_non_posted_with_data_behind_posted_stays) {
    blocked b;
    EXPECT_FALSE(b.passes(blocked::attributes(b.atomic(), other, false, false)));
}
TEST(Ordering, P_030_c_non_posted_with_data_and_RO_passes) {
    blocked b;
    EXPECT_TRUE(b.passes(blocked::attributes(b.atomic(), one, true, false)));
}
TEST(Ordering, P_030_c_non_posted_with_data_and_IDO_passes_another_requester) {
    blocked b;
    EXPECT_TRUE(b.passes(blocked::attributes(b.atomic(), other, false, true)));
}
TEST(Ordering, P_030_c_non_posted_with_data_and_IDO_stays_behind_its_own_requester) {
    blocked b;
    EXPECT_FALSE(b.passes(blocked::attributes(b.atomic(), one, false, true)));
}

TEST(Ordering, P_031_d_a_read_completion_behind_posted_stays) {
    blocked b;
    EXPECT_FALSE(b.passes(b.completion(64)));
}
TEST(Ordering, P_038_d_a_config_write_completion_passes) {
    blocked b;
    EXPECT_TRUE(b.passes(b.completion(4, tlp_type::cpl)));
}
TEST(Ordering, P_031_d_a_completion_with_RO_passes) {
    blocked b;
    EXPECT_TRUE(b.passes(blocked::attributes(b.completion(64), other, true, false)));
}
tlp_ptr completed_by(tlp_ptr t, base::routing_id completer) {
    t->id_based_ordering = true;
    t->completer = completer;
    return t;
}
TEST(Ordering, P_031_d_a_completion_with_IDO_passes_what_its_completer_did_not_send) {
    blocked b;
    EXPECT_TRUE(b.passes(completed_by(b.completion(64), other)));
}
TEST(Ordering, P_031_d_a_completion_with_IDO_stays_behind_what_its_completer_sent) {
    blocked b;
    EXPECT_FALSE(b.passes(completed_by(b.completion(64), one)));
}

TEST(Ordering, P_030_e_completions_of_one_transaction_stay_in_order_others_may_pass) {
    link_config c;
    c.max_payload = 128;
    c.device_buffers[2] = {8, 8};
    bench b(c, keeps);
    const auto of = [&](unsigned tag, unsigned bytes) {
        tlp_ptr t = b.completion(bytes);
        t->tag = static_cast<std::uint16_t>(tag);
        return t;
    };
    b.port.send(of(1, 64));
    b.port.send(of(2, 128));  // no credits for this one
    b.port.send(of(2, 16));
    b.port.send(of(3, 16));
    b.run(10_us);
    ASSERT_EQ(b.device.arrived.size(), 2u);
    EXPECT_EQ(b.device.arrived[1]->tag, 3u);
}

TEST(Ordering, P_036_posted_passes_everything_that_is_blocked) {
    link_config c = small_credits({64, 64}, {1, 1});
    c.device_buffers[2] = {1, 8};
    bench b(c, keeps);
    for (unsigned i = 0; i < 3; ++i) {
        b.port.send(b.read(0x1000));
        b.port.send(b.completion(64));
    }
    b.port.send(b.write(0x2000, 64));
    b.run(10_us);
    ASSERT_EQ(b.device.arrived.size(), 3u);
    EXPECT_EQ(b.device.arrived[2]->type, tlp_type::mwr);
}

TEST(Ordering, P_030_a_read_passes_an_atomic_that_lacks_data_credits) {
    blocked b(small_credits({64, 64}, {8, 1}));
    b.run(1_us);
    b.device.arrived.clear();
    b.port.send(b.atomic());
    b.port.send(b.atomic());
    b.port.send(b.read(0x5000));
    b.run(10_us);
    ASSERT_EQ(b.device.arrived.size(), 2u);
    EXPECT_EQ(b.device.arrived[1]->type, tlp_type::mrd);
}

TEST(Ordering, P_030_nothing_passes_within_a_window_of_one) {
    link_config c = blocked::limits();
    c.reorder_window = 1;
    blocked b(c);
    EXPECT_FALSE(b.passes(b.tiny(one, true)));
}

TEST(Ordering, P_032_what_passed_and_what_was_passed_both_arrive_once) {
    blocked b;
    for (unsigned i = 0; i < 3; ++i) b.port.send(b.tiny(one, i != 1));
    b.run(10_us);
    ASSERT_EQ(b.device.arrived.size(), 3u);  // the relaxed ones, not the one between them
    b.device.socket.credit_return(fc_class::posted, 3, 6);
    b.run(20_us);
    b.device.socket.credit_return(fc_class::posted, 1, 8);
    b.run(30_us);
    ASSERT_EQ(b.device.arrived.size(), 5u);
    EXPECT_EQ(b.device.arrived[3]->address, 0x2000u);
    EXPECT_FALSE(b.device.arrived[4]->relaxed_ordering);
}

}  // namespace
}  // namespace drydock::pcie
