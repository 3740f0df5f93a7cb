// SPDX-License-Identifier: Apache-2.0
// PCIe: ATS as seen on the link of a function.
#include <algorithm>

#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

using pcie::msg_code;
using pcie::tlp_type;
constexpr std::uint64_t buffer = 0x40'0000;
constexpr std::uint64_t moved = 0x8'0000'0000;  ///< translations put this on top

/// Ring, buffers and write-back are translated to `moved` above; memory is read back from there.
struct ats_bench : endpoint_bench {
    explicit ats_bench(const endpoint_config& c = {}, bool listen = false)
        : endpoint_bench(c, listen) {
        other->translate = [this](const pcie::tlp& t) {
            pcie::translation_entry e;
            e.address = (t.address & ~0xfffull) + offset;
            e.read = readable;
            e.write = writable;
            e.untranslated_only = untranslated;
            return e;
        };
    }
    void start() {
        enable();
        enable_ats();
        setup(0, {});
    }
    /// The ring is where the device reads it.
    void place_ring() {
        std::map<std::uint64_t, std::uint8_t> copy;
        for (const auto& [a, v] : other->memory)
            if (a < moved) copy[a + offset] = v;
        other->memory.insert(copy.begin(), copy.end());
        for (const auto& [a, v] : copy) other->memory[a] = v;
    }
    void go(base::ps wait = 20_us) {
        place_ring();
        ring(0, wait);
    }
    std::vector<seen_tlp> completions() const { return messages(msg_code::invalidate_completion); }
    std::vector<seen_tlp> translated() const {
        return all([](auto& t) {
            return t.at == base::address_type::translated &&
                   (t.is(tlp_type::mrd) || t.is(tlp_type::mwr));
        });
    }
    std::uint64_t offset = moved;
    bool readable = true, writable = true, untranslated = false;
};

TEST(EndpointAts, P_040_capability_header_and_queue_depth) {
    endpoint_bench b;
    const std::uint32_t header = b.dut->config_space().read(b.at.ats);
    EXPECT_EQ(header & 0xffff, 0x000fu);
    EXPECT_EQ(header >> 16 & 0xf, 1u);
    EXPECT_EQ(b.dut->config_space().ats().queue_depth(), 32u);
}

TEST(EndpointAts, request_is_translated_once_and_used_with_AT_10) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::write, buffer + 0x10, 64, false, 0x77);
    b.describe(0, dma::op::write, buffer + 0x50, 64, false, 0x78);
    b.go();
    EXPECT_EQ(b.translation_requests().size(), 2u) << "ring and buffer";
    EXPECT_EQ(b.memory32(moved + buffer + 0x10), 0x77u);
    EXPECT_EQ(b.memory32(moved + buffer + 0x50), 0x78u);
    for (const auto& t : b.reads()) EXPECT_EQ(t.at, base::address_type::translated);
    for (const auto& t : b.writes()) EXPECT_EQ(t.at, base::address_type::translated);
}

TEST(EndpointAts, translation_request_has_the_form_that_the_specification_gives) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::write, buffer + 0x18, 8);
    b.go();
    const auto t = b.translation_requests();
    ASSERT_EQ(t.size(), 2u);
    EXPECT_EQ(t[0].length, 2u);
    EXPECT_EQ(t[0].first_be, 0xf);
    EXPECT_EQ(t[0].last_be, 0xf);
    EXPECT_EQ(t[0].address, 0x10'0001u) << "ring, No Write";
    EXPECT_EQ(t[1].address, buffer) << "aligned to the STU; a write asks with NW = 0";
    EXPECT_EQ(t[0].requester, function_id);
}

TEST(EndpointAts, pasid_is_on_every_request_of_its_queue) {
    ats_bench b;
    b.enable();
    b.enable_pasid();
    b.enable_ats();
    endpoint_bench::queue_setup s;
    s.control = dma::control_enable | dma::control_pasid_valid | (42u << dma::control_pasid_shift);
    b.setup(0, s);
    b.describe(0, dma::op::read, buffer, 64, true);
    b.go();
    EXPECT_EQ(b.head(0), 1u);
    unsigned n = 0;
    for (const auto& t : b.other->seen) {
        if (!t.is(tlp_type::mrd) && !t.is(tlp_type::mwr)) continue;
        ++n;
        ASSERT_TRUE(t.pasid.has_value());
        EXPECT_EQ(t.pasid->pasid.value, 42u);
    }
    EXPECT_EQ(n, 3u + 3u) << "three translations, fetch, read, write-back";
}

TEST(EndpointAts, pasid_without_its_capability_enabled_fails_the_descriptor) {
    ats_bench b;
    b.start();
    b.write32(endpoint_bench::queue_register(0, dma::control), 0);
    b.describe(0, dma::op::read, buffer, 64);
    b.place_ring();
    b.write32(endpoint_bench::queue_register(0, dma::control),
              dma::control_enable | dma::control_pasid_valid | (1u << 12));
    b.ring(0);
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.status(0) >> 16, 1u);
}

TEST(EndpointAts, P_041_disable_and_enable_ask_anew) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::read, buffer, 64);
    b.go();
    const std::size_t before = b.translation_requests().size();
    b.disable_ats();
    b.enable_ats();
    b.describe(0, dma::op::read, buffer, 64);
    b.go();
    EXPECT_EQ(b.translation_requests().size(), before + 2);
}

TEST(EndpointAts, without_enable_nothing_carries_AT) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    EXPECT_EQ(b.head(0), 1u);
    for (const auto& t : b.other->seen) EXPECT_EQ(t.at, base::address_type::untranslated);
}

TEST(EndpointAts, P_043_page_without_access_fails_the_descriptor_with_no_access) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::nop, 0, 0);
    b.go();
    b.readable = b.writable = false;
    b.describe(0, dma::op::read, buffer, 64);
    b.describe(0, dma::op::read, buffer + 64, 64);
    b.go();
    EXPECT_EQ(b.head(0), 3u);
    EXPECT_EQ(b.status(0) >> 16, 2u);
    EXPECT_EQ(b.translated().size(), 2u) << "only the two fetches";
    b.readable = b.writable = true;
    b.describe(0, dma::op::read, buffer, 64);
    b.go();
    EXPECT_EQ(b.translated().size(), 4u);
}

TEST(EndpointAts, P_043_no_access_is_told_by_the_write_back) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::nop, 0, 0, true);
    b.go();
    b.other->translate = [](const pcie::tlp& t) {
        pcie::translation_entry e;
        e.address = (t.address & ~0xfffull) + moved;
        e.read = e.write = (t.address & ~0xfffull) != buffer;
        return e;
    };
    b.describe(0, dma::op::write, buffer, 64, true);
    b.go();
    EXPECT_EQ(b.memory32(moved + 0x20'0004), 1u);
    EXPECT_EQ(b.memory32(moved + 0x20'0008), 1u);
}

TEST(EndpointAts, P_044_untranslated_only_page_is_reached_with_AT_00) {
    ats_bench b;
    b.untranslated = true;
    b.start();
    b.describe(0, dma::op::write, buffer + 4, 4, false, 0xabcd);
    b.ring(0);
    EXPECT_TRUE(b.translated().empty());
    EXPECT_EQ(b.memory32(buffer + 4), 0xabcdu);
}

TEST(EndpointAts, P_045_read_only_answer_to_NW_is_asked_again_for_a_write) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::nop, 0, 0);
    b.go();
    b.other->translate = [](const pcie::tlp& t) {
        pcie::translation_entry e;
        e.address = (t.address & ~0xfffull) + moved;
        e.read = true;
        e.write = (t.address & pcie::translation_request_nw) == 0;
        return e;
    };
    b.describe(0, dma::op::read, buffer, 64);
    b.go();
    b.describe(0, dma::op::write, buffer, 64, false, 3);
    b.go();
    EXPECT_EQ(b.memory32(moved + buffer), 3u);
    const auto t = b.translation_requests();
    EXPECT_EQ(t[t.size() - 2].address, buffer | 1);
    EXPECT_EQ(t.back().address, buffer);
}

TEST(EndpointAts, P_047_completion_has_vector_CC_and_goes_to_the_sender) {
    ats_bench b;
    b.start();
    pcie::tlp_ptr t = b.make(tlp_type::msg_d);
    t->code = msg_code::invalidate_request;
    t->routing = pcie::msg_routing::by_id;
    t->target = function_id;
    t->requester = base::routing_id{0x0008};
    t->tag = 5;
    t->length = 2;
    b.pool.add_payload(*t);
    pcie::set_payload_word(*t, 0x7f00'1234'5000);
    b.send(std::move(t));
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_EQ(b.completions()[0].address, pcie::encode_invalidate_completion(1, 0x20));
    EXPECT_EQ(b.completions()[0].target.value, 0x0008);
    EXPECT_EQ(b.completions()[0].requester, function_id);
    EXPECT_FALSE(b.completions()[0].relaxed);
}

TEST(EndpointAts, P_048_completion_stands_behind_writes_that_used_the_translation) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::write, buffer, 8);
    b.go();
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 12; ++i) b.describe(0, dma::op::write, buffer + 8 * i, 8);
    b.go();
    const std::size_t out = b.writes().size();
    ASSERT_LT(out, 13u) << "some wait in the posted queue";
    b.invalidate(0, buffer);
    EXPECT_TRUE(b.completions().empty());
    b.other->give_back_withheld();
    b.run();
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_TRUE(b.last().is_message(msg_code::invalidate_completion));
    EXPECT_EQ(b.writes().size(), 13u);
}

TEST(EndpointAts, P_049_outstanding_read_delays_the_completion_until_its_data_is_back) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::read, buffer, 256);
    b.go();
    b.describe(0, dma::op::read, buffer, 256);
    b.place_ring();
    b.ring(0, 200_ns);  // the fetch is under way
    b.other->hold_reads = true;
    b.run();
    ASSERT_EQ(b.other->held.size(), 1u);
    b.invalidate(7, buffer);
    b.run(20_us);
    EXPECT_TRUE(b.completions().empty());
    b.other->answer_held();
    b.run(200_ns);
    EXPECT_TRUE(b.completions().empty());
    b.run(200_ns);
    EXPECT_EQ(b.completions().size(), 1u);
}

TEST(EndpointAts, P_050_answer_overtaken_by_an_invalidate_is_not_used) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::nop, 0, 0);
    b.go();
    b.other->hold_translations = true;
    b.describe(0, dma::op::write, buffer, 8, false, 1);
    b.go();
    ASSERT_EQ(b.other->held.size(), 1u);
    b.other->latency = 2_us;
    b.other->answer_held();  // under way with the old address
    b.invalidate(1, buffer);
    EXPECT_EQ(b.completions().size(), 1u);
    b.offset = moved * 2;
    b.other->hold_translations = false;
    b.run(20_us);
    EXPECT_EQ(b.memory32(moved + buffer), 0u);
    EXPECT_EQ(b.memory32(moved * 2 + buffer), 1u);
}

TEST(EndpointAts, bus_master_disable_gives_unused_translations_back) {
    endpoint_config c;
    c.posted_queue = 2;
    ats_bench b(c);
    b.start();
    b.describe(0, dma::op::write, buffer, 8, false, 1);
    b.go();
    b.other->hold_credits = true;
    for (unsigned i = 1; i < 30; ++i)
        b.describe(0, dma::op::write, buffer + 8 * i, 8, false, i + 1);
    b.go();
    b.config_write(4, 0x0002, 3);
    b.offset = moved * 2;
    b.other->give_back_withheld();
    b.invalidate(0, buffer);
    EXPECT_EQ(b.completions().size(), 1u) << "not held by what may not go out";
    const std::size_t out = b.writes().size();
    ASSERT_LT(out, 30u);
    b.run();
    EXPECT_EQ(b.writes().size(), out);
    b.config_write(4, 0x0006, 3);
    b.run(20_us);
    EXPECT_EQ(b.head(0), 30u);
    for (unsigned i = 0; i < 30; ++i)
        EXPECT_EQ(b.memory32((i < out ? moved : moved * 2) + buffer + 8 * i), i + 1);
}

TEST(EndpointAts, P_052_thirty_two_invalidates_at_once) {
    ats_bench b;
    b.start();
    for (unsigned i = 0; i < 32; ++i) b.invalidate(i, buffer + i * 4096, {}, 0_ps);
    b.run();
    std::uint32_t closed = 0;
    for (const auto& c : b.completions()) closed |= pcie::completion_itag_vector(c.address);
    EXPECT_EQ(closed, 0xffff'ffffu);
}

TEST(EndpointAts, beyond_the_queue_depth_buffers_stay_taken) {
    endpoint_config c;
    c.atc.invalidate_queue = 4;
    ats_bench b(c);
    b.start();
    const auto freed = [&] {
        return b.other->freed[static_cast<std::size_t>(pcie::fc_class::posted)];
    };
    const std::uint32_t before = freed();
    for (unsigned i = 0; i < 10; ++i) b.invalidate(i, buffer, {}, 0_ps);
    EXPECT_EQ(freed() - before, 4u);
    b.run();
    EXPECT_EQ(freed() - before, 10u);
    std::uint32_t closed = 0;
    for (const auto& t : b.completions()) closed |= pcie::completion_itag_vector(t.address);
    EXPECT_EQ(closed, 0x3ffu);
}

TEST(EndpointAts, P_056_prefix_and_global_of_an_invalidate) {
    ats_bench b;
    b.enable();
    b.enable_pasid();
    b.enable_ats();
    for (const std::uint32_t pasid : {1u, 2u}) {
        endpoint_bench::queue_setup s;
        s.control =
            dma::control_enable | dma::control_pasid_valid | (pasid << dma::control_pasid_shift);
        s.ring += pasid * 0x1000;
        b.setup(pasid, s);
    }
    const auto requests_of = [&](std::uint32_t pasid) {
        const std::size_t before = b.translation_requests().size();
        b.describe(pasid, dma::op::read, buffer, 8);
        b.place_ring();
        b.ring(pasid);
        return b.translation_requests().size() - before;
    };
    EXPECT_EQ(requests_of(1), 2u);
    EXPECT_EQ(requests_of(2), 2u);
    b.invalidate(0, buffer, 1);
    EXPECT_EQ(requests_of(1), 1u);
    EXPECT_EQ(requests_of(2), 0u);
    b.invalidate(1, buffer | 1, 1);
    EXPECT_EQ(requests_of(1), 1u);
    EXPECT_EQ(requests_of(2), 1u);
    b.invalidate(2, buffer);
    EXPECT_EQ(requests_of(1), 1u);
    EXPECT_EQ(requests_of(2), 1u);
}

TEST(EndpointAts, P_058_invalidates_go_on_while_translations_hang) {
    ats_bench b;
    b.start();
    b.other->hold_translations = true;
    b.describe(0, dma::op::read, buffer, 8);
    b.go();
    EXPECT_EQ(b.head(0), 0u);
    b.invalidate(0, 0x10'0000);
    b.invalidate(1, 0x7fff'ffff'ffff'f800);
    EXPECT_EQ(b.completions().size(), 2u);
}

TEST(EndpointAts, P_059_invalidate_with_enable_0_is_completed_at_once) {
    endpoint_bench b;
    b.enable();
    const base::ps asked = b.ctx.now();
    b.invalidate(5, buffer);
    const auto c = b.messages(msg_code::invalidate_completion);
    ASSERT_EQ(c.size(), 1u);
    EXPECT_LE(c[0].time - asked, 10_ns);
}

TEST(EndpointAts, P_059_switch_makes_enable_0_silent) {
    endpoint_config c;
    c.atc.ignore_when_disabled = true;
    endpoint_bench b(c, true);
    b.enable();
    b.invalidate(5, buffer, {}, 100_us);
    EXPECT_TRUE(b.messages(msg_code::invalidate_completion).empty());
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 1u);
}

TEST(EndpointAts, P_061_pasid_above_the_width_is_completed) {
    ats_bench b;
    b.enable();
    b.enable_pasid();
    b.enable_ats();
    b.invalidate(6, buffer, 0xfffff);
    EXPECT_EQ(b.completions().size(), 1u);
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 0u);
}

TEST(EndpointAts, pasid_invalidate_with_pasid_disabled_is_completed) {
    ats_bench b;
    b.start();
    b.invalidate(6, buffer, 1);
    EXPECT_EQ(b.completions().size(), 1u);
}

TEST(EndpointAts, pasid_invalidate_with_pasid_disabled_is_UR_if_switched) {
    endpoint_config c;
    c.refuse_pasid_invalidates = true;
    ats_bench b(c);
    b.start();
    b.invalidate(6, buffer, 1);
    EXPECT_TRUE(b.completions().empty());
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 1u);
}

TEST(EndpointAts, disable_while_requests_wait_lets_them_go_untranslated) {
    ats_bench b;
    b.start();
    b.other->hold_translations = true;
    b.describe(0, dma::op::write, buffer, 8, false, 4);
    b.ring(0);
    b.disable_ats();
    b.run();
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.memory32(buffer), 4u);
    EXPECT_TRUE(b.translated().empty());
}

TEST(EndpointAts, UR_to_a_translation_ends_the_descriptor_and_silences_requests) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::nop, 0, 0);
    b.go();
    b.other->translation_status = pcie::cpl_status::unsupported_request;
    b.describe(0, dma::op::read, buffer, 8);
    b.describe(0, dma::op::read, buffer + 0x1000, 8);
    b.go();
    EXPECT_EQ(b.head(0), 3u);
    const std::size_t asked = b.translation_requests().size();
    b.describe(0, dma::op::read, buffer + 0x2000, 8);
    b.go();
    EXPECT_EQ(b.head(0), 4u);
    EXPECT_EQ(b.translation_requests().size(), asked);
}

TEST(EndpointAts, stu_of_64_KiB_is_kept_by_requests_and_invalidates) {
    ats_bench b;
    b.enable();
    b.enable_ats(4);
    b.setup(0, {});
    b.other->translate = [](const pcie::tlp& t) {
        pcie::translation_entry e;
        e.bytes = 0x10000;
        e.address = (t.address & ~0xffffull) + moved;
        e.read = e.write = true;
        return e;
    };
    b.describe(0, dma::op::write, buffer + 0x5000, 8, false, 6);
    b.go();
    EXPECT_EQ(b.translation_requests().back().address, buffer);
    EXPECT_EQ(b.memory32(moved + buffer + 0x5000), 6u);
    const std::size_t asked = b.translation_requests().size();
    b.invalidate(0, buffer + 0xf000);  // below the STU
    b.describe(0, dma::op::write, buffer + 0x5000, 8, false, 7);
    b.go();
    EXPECT_EQ(b.translation_requests().size(), asked + 1);
}

TEST(EndpointAts, zero_entries_work_without_a_cache) {
    endpoint_config c;
    c.atc.entries = 0;
    ats_bench b(c);
    b.start();
    for (unsigned i = 0; i < 4; ++i) b.describe(0, dma::op::write, buffer + 8 * i, 8, false, i + 1);
    b.go();
    EXPECT_EQ(b.head(0), 4u);
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(b.memory32(moved + buffer + 8 * i), i + 1);
    b.invalidate(0, buffer);
    EXPECT_EQ(b.completions().size(), 1u);
}

TEST(EndpointAts, stages_8_to_11_and_translation_spans_are_told) {
    ats_bench b({}, true);
    b.start();
    b.describe(0, dma::op::read, buffer, 8);
    b.go();
    b.invalidate(2, buffer);
    std::vector<std::uint64_t> boundaries;
    for (const auto& e : b.log.seen)
        if (e.what == base::kind::stage && e.span.value == 1002) boundaries.push_back(e.a);
    EXPECT_EQ(boundaries, (std::vector<std::uint64_t>{8, 9, 10, 11}));
    unsigned begun = 0;
    for (const auto& e : b.log.seen)
        if (e.what == base::kind::span_begin &&
            e.a == static_cast<std::uint64_t>(base::span_class::translation))
            ++begun;
    EXPECT_EQ(begun, b.translation_requests().size());
    EXPECT_EQ(b.log.count(base::kind::span_begin), b.log.count(base::kind::span_end));
}

}  // namespace
}  // namespace drydock::endpoint
