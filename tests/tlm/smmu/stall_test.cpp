// SPDX-License-Identifier: Apache-2.0
// Transactions that stall, and what ends them.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

constexpr std::uint64_t stall_bit = 1ull << 31;

smmu_config stalling(std::uint16_t most = 16) {
    smmu_config c;
    c.stall_model = 0;
    c.stall_max = most;
    return c;
}

/// Slot 0 waits after a write to a page that is not there.
struct stalled_write : translation_machine {
    explicit stalled_write(const smmu_config& c = stalling()) : translation_machine(c) {
        stage1(3, {.s = 1});
        begin(0, write_to(3, 0x7abc));
        settle();
    }
    std::uint16_t stag(std::size_t n = 0) const {
        return static_cast<std::uint16_t>(stalls.at(n).second.words[1]);
    }
    std::optional<outcome> ended(std::uint32_t slot = 0) {
        settle();
        return results[slot] ? std::optional(results[slot]->result) : std::nullopt;
    }
};

TEST(Stall, S_075_a_fault_is_recorded_and_nothing_is_answered) {
    stalled_write f;
    ASSERT_EQ(f.stalls.size(), 1u);
    EXPECT_EQ(f.stalls[0].second, words(head(0x10, 3), class_in | stall_bit | f.stag(), 0x7abc));
    EXPECT_FALSE(f.ended());
    EXPECT_EQ(f.t.oldest_unperformed(), f.t.newest_number() + 1);  // no SYNC waits for it
}

TEST(Stall, S_075_retry_after_the_table_is_mended_completes) {
    stalled_write f;
    f.map(0x7000, 0x8'0000);
    f.t.resume(base::stream_id{3}, f.stag(), true, false);
    EXPECT_EQ(f.ended(), outcome::ok);
    EXPECT_EQ(f.results[0]->pa.value, 0x8'0abcu);
    f.t.performed(f.results[0]->number);
}

TEST(Stall, S_075_retry_without_mending_stalls_again) {
    stalled_write f;
    f.t.resume(base::stream_id{3}, f.stag(), true, false);
    EXPECT_FALSE(f.ended());
    EXPECT_EQ(f.stalls.size(), 2u);
}

TEST(Stall, S_075_terminate_aborts_or_is_zero_and_ignored) {
    for (const bool abort : {true, false}) {
        stalled_write f;
        f.t.resume(base::stream_id{3}, f.stag(), false, abort);
        EXPECT_EQ(f.ended(), abort ? outcome::abort : outcome::raz_wi);
        EXPECT_FALSE(f.results[0]->event);
        f.t.performed(f.results[0]->number);
    }
}

TEST(Stall, S_076_a_wrong_stream_or_tag_changes_nothing) {
    stalled_write f;
    f.t.resume(base::stream_id{4}, f.stag(), false, true);
    f.t.resume(base::stream_id{3}, static_cast<std::uint16_t>(f.stag() + 1), false, true);
    f.t.resume(base::stream_id{3}, 0xffff, false, true);
    EXPECT_FALSE(f.ended());
    f.t.resume(base::stream_id{3}, f.stag(), false, true);
    EXPECT_EQ(f.ended(), outcome::abort);
    f.t.resume(base::stream_id{3}, f.stag(), false, true);  // answered already
}

TEST(Stall, S_215_stall_term_ends_every_transaction_of_the_stream) {
    stalled_write f;
    f.begin(1, m::read(3, 0x9000));
    f.stage1(4, {.s = 1});
    f.begin(2, m::read(4, 0x7000));
    f.settle();
    f.t.terminate_stalled(base::stream_id{3});
    EXPECT_EQ(f.ended(0), outcome::abort);
    EXPECT_EQ(f.ended(1), outcome::abort);
    EXPECT_FALSE(f.ended(2));
}

TEST(Stall, S_215_switching_translation_off_ends_all) {
    stalled_write f;
    f.control_bits.smmuen = false;
    f.set_control();
    EXPECT_EQ(f.ended(), outcome::abort);
}

TEST(Stall, S_013_no_more_records_are_unanswered_than_stall_max) {
    stalled_write f(stalling(2));
    f.begin(1, m::read(3, 0x9000));
    f.begin(2, m::read(3, 0xa000));
    f.begin(4, m::read(3, 0xb000));
    f.settle();
    EXPECT_EQ(f.stalls.size(), 2u);
    f.t.resume(base::stream_id{3}, f.stag(0), false, true);
    EXPECT_EQ(f.stalls.size(), 3u);
    EXPECT_EQ(f.stalls[2].second.input_address(), 0xa000u);
    f.t.terminate_stalled(base::stream_id{3});  // those without a record as well
    EXPECT_EQ(f.stalls.size(), 3u);
    for (const std::uint32_t slot : {1u, 2u, 4u}) EXPECT_EQ(f.ended(slot), outcome::abort);
}

TEST(Stall, S_075_translation_requests_and_aborts_of_memory_never_stall) {
    stalled_write f;
    EXPECT_EQ(f.run(m::ats(3, 0x9000)).result, outcome::no_access);
    f.poison(m::root);
    EXPECT_EQ(f.run(m::read(3, 0x9000)).event,
              words(head(0x0b, 3), rnw | class_tt, 0x9000, m::root));
    EXPECT_EQ(f.stalls.size(), 1u);
}

TEST(Stall, S_042_stalls_that_the_ste_forbids_or_the_SMMU_forces) {
    translation_machine forbidden(stalling());
    forbidden.stage1(3, {.s = 1}, {.s1stalld = 1});
    EXPECT_EQ(forbidden.run(m::read(3, 0x7000)).event, words(head(0x0a, 3)));
    smmu_config c = stalling();
    c.stall_model = 2;
    translation_machine forced(c);
    forced.stage1(3);
    EXPECT_EQ(forced.run(m::read(3, 0x7000)).event, words(head(0x0a, 3)));
}

}  // namespace
}  // namespace drydock::smmu::test
