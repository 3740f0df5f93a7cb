// SPDX-License-Identifier: Apache-2.0
// The invalidation tracker at transaction level against the one in SystemVerilog: the same calls
// at the same instants have the same answers, at the same edges, in the same order.
#include <memory>

#include "rtl/adapter/invalidation_tracker_rtl.h"
#include "tests/rtl/equivalence.h"
#include "tlm/smmu/invalidation_tracker.h"

namespace drydock::test {
namespace {

using base::ps;
using namespace smmu;

constexpr unsigned operations_per_case = 1'000;

/// One of the two, with a client that has room on a port as told.
struct side final : log_of_a_block, invalidation_tracker_client {
    std::unique_ptr<invalidation_tracker_if> block;
    std::uint32_t room = UINT32_MAX;  ///< bit n: port n
    std::uint32_t used = 0;           ///< ITags sent and not finished
    std::array<std::uint8_t, itags> tag_of{};
    std::vector<invalidation_id> free_ids;
    bool ready_due = false;

    side() {
        for (invalidation_id id = 0; id < 64; ++id) free_ids.push_back(id);
    }
    bool try_send(invalidation_id id, base::itag tag, const invalidation& i) override {
        const bool taken = (room >> i.port & 1) != 0;
        say(taken ? "sent" : "no_room", id, tag.value, i.port, i.function.value);
        return taken;
    }
    void finished(invalidation_id id, bool lost) override {
        say("finished", id, lost);
        free_ids.push_back(id);
    }
    void drained(std::uint32_t lost) override { say("drained", lost); }
    void ready() override { say("ready"); }
};

struct pair_of_trackers {
    side twin, rtl;
    invalidation_tracker_config config;
    unsigned ports;

    pair_of_trackers(const invalidation_tracker_config& c, ::drydock::rtl::tracker_set set)
        : config(c), ports(set == ::drydock::rtl::tracker_set::small ? 4 : 32) {
        twin.block = std::make_unique<invalidation_tracker>("t", twin.ctx, c, twin);
        rtl.block =
            std::make_unique<::drydock::rtl::invalidation_tracker_rtl>("t", rtl.ctx, c, rtl, set);
    }
    template <class Call>
    void both(Call call) {
        call(twin);
        call(rtl);
    }
    void operation(steps& s) {
        const auto function = base::routing_id{static_cast<std::uint16_t>(0x100 + s.below(3))};
        const auto port = static_cast<std::uint16_t>(s.below(s.one_in(3) ? ports : 2));
        switch (s.below(16)) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4: {
                if (twin.free_ids.empty()) return;
                const invalidation_id id = twin.free_ids.front();
                invalidation i;
                i.port = port;
                i.function = function;
                both([&](side& x) {
                    const bool taken = x.block->try_invalidate(id, i);
                    x.say(taken ? "accepted" : "refused", id);
                    if (taken) x.free_ids.erase(x.free_ids.begin());
                });
                return;
            }
            case 5:
            case 6:
            case 7:
            case 8: {
                const invalidate_completion c{
                    port, function, s.bits(32, 3),
                    static_cast<std::uint8_t>(s.one_in(2) ? 1 : s.below(8))};
                both([&](side& x) { x.block->completion(c); });
                return;
            }
            case 9: {
                const base::itag tag{static_cast<std::uint8_t>(s.below(config.itags))};
                both([&](side& x) { x.block->give_up(tag); });
                return;
            }
            case 10: {
                const std::uint32_t now = s.bits(ports, 2);
                both([&](side& x) { x.room = now; });
                return;
            }
            case 11:
                both([&](side& x) {
                    x.room = UINT32_MAX;
                    x.block->resume();
                });
                return;
            case 12:
                both([&](side& x) { x.block->drain(); });
                return;
            case 13: {
                const unsigned depth = s.below(4);
                both([&](side& x) { x.block->set_queue_depth(function, depth); });
                return;
            }
            default: {
                // Mostly a few cycles, on an edge or off it; sometimes long enough for timeouts.
                const ps step = s.one_in(12)  ? config.timeout / 8 * s.below(12)
                                : s.one_in(2) ? config.clock * s.below(4)
                                              : ps{s.below(3 * 1'000)};
                both([&](side& x) { x.ctx.timeline.run(x.ctx.now() + step); });
                return;
            }
        }
    }
    void finish() {
        both([&](side& x) {
            x.ctx.timeline.run(x.ctx.now() + config.timeout * 2);
            x.say("end", x.block->outstanding(), x.block->count().issued,
                  x.block->count().completed, x.block->count().timeouts, x.block->count().given_up,
                  x.block->count().unexpected);
        });
    }
};

void equivalent(::drydock::rtl::tracker_set set, const invalidation_tracker_config& config,
                std::uint64_t seed) {
    pair_of_trackers p(config, set);
    steps s(seed);
    for (unsigned i = 0; i < operations_per_case; ++i) p.operation(s);
    p.finish();
    expect_same(p.twin.lines, p.rtl.lines, "invalidation tracker");
}

}  // namespace

TEST(TrackerEquivalence, several_blocks_may_end_in_any_order) {
    side user;
    const invalidation_tracker_config config{ps{1'000'000}, ps{1'000}, 8};
    const auto make = [&](const char* name) {
        return std::make_unique<::drydock::rtl::invalidation_tracker_rtl>(name, user.ctx, config,
                                                                          user);
    };
    auto first = make("first"), second = make("second"), third = make("third");
    third.reset();
    first.reset();
    EXPECT_TRUE(second->try_invalidate(0, {}));
    user.ctx.timeline.run(ps{2'000});
    EXPECT_EQ(user.lines, (std::vector<std::string>{"1000 sent 0 0 0 0"}));
    second.reset();
}

TEST(TrackerEquivalence, small_set_answers_as_its_twin) {
    check_sequences("tracker, small", 60, operations_per_case, [](std::uint64_t seed) {
        steps s(seed);
        equivalent(::drydock::rtl::tracker_set::small,
                   {ps{1'000 * (16 + s.below(2'000))}, ps{1'000}, 1 + s.below(8)}, seed);
    });
}

TEST(TrackerEquivalence, large_set_answers_as_its_twin) {
    check_sequences("tracker, large", 60, operations_per_case, [](std::uint64_t seed) {
        steps s(seed);
        equivalent(::drydock::rtl::tracker_set::large,
                   {ps{700 * (16 + s.below(20'000))}, ps{700}, s.one_in(2) ? 32 : 1 + s.below(32)},
                   seed);
    });
}

}  // namespace drydock::test
