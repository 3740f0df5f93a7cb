// SPDX-License-Identifier: Apache-2.0
// PCIe: translations as seen on the link of a function.
#include <algorithm>

#include "tests/tlm/endpoint/ats_bench.h"

namespace drydock::endpoint {
namespace {

using pcie::msg_code;
using pcie::tlp_type;

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
    b.write32(b.queue_register(0, dma::control), 0);
    b.describe(0, dma::op::read, buffer, 64);
    b.place_ring();
    b.write32(b.queue_register(0, dma::control),
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
