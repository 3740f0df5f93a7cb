// SPDX-License-Identifier: Apache-2.0
// DPC containment at transaction level against the one in SystemVerilog: the same calls at the
// same instants have the same answers, at the same edges, in the same order.
#include <memory>

#include "rtl/adapter/dpc_containment_rtl.h"
#include "tests/rtl/equivalence.h"
#include "tlm/root_complex/containment.h"

namespace drydock::test {
namespace {

using base::ps;
using namespace root_complex;

constexpr unsigned operations_per_case = 1'000;

struct side final : log_of_a_block, containment_client {
    std::unique_ptr<containment_if> block;

    void contained(const containment_trigger& t) override {
        say("contained", static_cast<unsigned>(t.cause), t.fatal, t.source.value);
    }
    void released() override { say("released"); }
    void release_too_early() override { say("too_early"); }
    void rp_idle() override { say("rp_idle"); }
    void answered(containment_answer a) override { say("answered", static_cast<unsigned>(a)); }
    void judged(containment_way w, containment_verdict v) override {
        say(w == containment_way::up ? "up" : "down", static_cast<unsigned>(v));
    }
    void ready(containment_channel c) override { say("ready", static_cast<unsigned>(c)); }
};

struct pair_of_blocks {
    side twin, rtl;
    containment_config config;

    pair_of_blocks(const containment_config& c, ::drydock::rtl::containment_set set) : config(c) {
        twin.block = std::make_unique<containment>("c", twin.ctx, c, twin);
        rtl.block =
            std::make_unique<::drydock::rtl::dpc_containment_rtl>("c", rtl.ctx, c, rtl, set);
    }
    template <class Call>
    void both(Call call) {
        call(twin);
        call(rtl);
    }
    void tlp(steps& s, containment_way way) {
        containment_tlp t;
        t.what = static_cast<containment_class>(s.below(3));
        if (t.what == containment_class::posted && s.one_in(6)) {
            t.err_fatal = s.one_in(2);
            t.err_nonfatal = !t.err_fatal;
        }
        t.requester = base::routing_id{static_cast<std::uint16_t>(s.below(0x10000))};
        both([&](side& x) { x.say("offered", x.block->try_tlp(way, t)); });
    }
    void operation(steps& s) {
        switch (s.below(16)) {
            case 0: {
                const containment_control c{static_cast<std::uint8_t>(s.below(4)), s.one_in(2)};
                both([&](side& x) { x.block->control(c); });
                return;
            }
            case 1: {
                containment_trigger t;
                t.cause = static_cast<containment_cause>(s.below(5));
                t.fatal = s.one_in(2);
                t.source = base::routing_id{static_cast<std::uint16_t>(s.below(0x10000))};
                both([&](side& x) { x.say("trigger", x.block->try_trigger(t)); });
                return;
            }
            case 2:
                both([&](side& x) { x.block->release(); });
                return;
            case 3:
            case 4:
            case 5:
            case 6:
                return tlp(s, containment_way::up);
            case 7:
            case 8:
            case 9:
            case 10:
                return tlp(s, containment_way::down);
            default: {
                const ps step = s.one_in(8)   ? config.clock * s.below(60)
                                : s.one_in(2) ? config.clock * s.below(3)
                                              : ps{s.below(2'000)};
                both([&](side& x) { x.ctx.timeline.run(x.ctx.now() + step); });
                return;
            }
        }
    }
};

void equivalent(::drydock::rtl::containment_set set, unsigned lanes, std::uint64_t seed) {
    steps s(seed);
    containment_config c;
    c.clock = ps{500};
    c.lanes = lanes;
    c.root_port_extensions = !s.one_in(4);
    c.rp_busy = s.one_in(8) ? base::never : ps{500} * (1 + s.below(400));
    pair_of_blocks p(c, set);
    for (unsigned i = 0; i < operations_per_case; ++i) p.operation(s);
    p.both([](side& x) { x.ctx.timeline.run(x.ctx.now() + ps{10'000'000}); });
    expect_same(p.twin.lines, p.rtl.lines, "DPC containment");
}

}  // namespace

TEST(ContainmentEquivalence, small_set_answers_as_its_twin) {
    check_sequences("containment, small", 60, operations_per_case, [](std::uint64_t seed) {
        equivalent(::drydock::rtl::containment_set::small, 1, seed);
    });
}

TEST(ContainmentEquivalence, large_set_answers_as_its_twin) {
    check_sequences("containment, large", 60, operations_per_case, [](std::uint64_t seed) {
        equivalent(::drydock::rtl::containment_set::large, 1 + static_cast<unsigned>(seed % 8),
                   seed);
    });
}

}  // namespace drydock::test
