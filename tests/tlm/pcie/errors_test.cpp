// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/errors.h"

#include <gtest/gtest.h>

#include "tests/tlm/pcie/random_tlp.h"
#include "tlm/pcie/config_image_builder.h"

namespace drydock::pcie {
namespace {

constexpr base::routing_id a{0x0100}, b{0x0200};

struct function {
    explicit function(bool root = false)
        : space(config_image_builder({1, 2, 0, 0, 0, 0, 0}, root)
                    .express({.type = root ? port_type::root_port : port_type::endpoint})
                    .aer({})
                    .build()) {}
    void devctl(unsigned v) {
        space.write(static_cast<std::uint16_t>(space.express().at + 8), 2, v);
    }
    unsigned devsta() {
        return space.read(static_cast<std::uint16_t>(space.express().at + 0xa), 2);
    }
    void aer(unsigned reg, std::uint32_t v) {
        space.write(static_cast<std::uint16_t>(space.aer().at + reg), 4, v);
    }
    std::uint32_t aer(unsigned reg) {
        return space.read(static_cast<std::uint16_t>(space.aer().at + reg));
    }
    config_space space;
    tlp_pool pool;
    tlp_ptr write(std::uint64_t address) {
        tlp_ptr t = pool.make();
        t->type = tlp_type::mwr;
        t->address = address;
        t->length = 1;
        t->first_be = 0xf;
        pool.add_payload(*t);
        return t;
    }
};
constexpr unsigned all_enabled = 0xf;

TEST(Errors, P_091_every_detectable_bit_sets_status_message_and_log) {
    for (unsigned bit = 12; bit <= 21; ++bit) {
        function f;
        f.devctl(all_enabled);
        const tlp_ptr t = f.write(0x1000);
        const auto code = log_error(f.space, static_cast<error>(bit), t.get(), false);
        const bool fatal = ((0x0046'2030u >> bit) & 1) != 0;
        EXPECT_EQ(code, fatal ? msg_code::err_fatal : msg_code::err_nonfatal) << bit;
        EXPECT_EQ(f.aer(4), 1u << bit);
        EXPECT_EQ(f.aer(0x18) & 0x1f, bit);
        EXPECT_EQ(f.aer(0x1c), 0x4000'0001u);
        EXPECT_EQ(f.aer(0x24), 0x0000'1000u);
    }
}

TEST(Errors, P_092_a_masked_error_sets_status_and_devsta_and_sends_nothing) {
    function f;
    f.devctl(all_enabled);
    f.aer(8, 1u << 20);
    EXPECT_FALSE(log_error(f.space, error::unsupported_request, nullptr, false));
    EXPECT_EQ(f.aer(4), 1u << 20);
    EXPECT_EQ(f.devsta() & 0xf, 0xau);  // NFED, URD
}

TEST(Errors, P_093_P_102_an_advisory_ur_is_correctable) {
    function f;
    f.devctl(all_enabled);
    EXPECT_FALSE(log_error(f.space, error::unsupported_request, nullptr,
                           true));  // advisory is masked by default
    EXPECT_EQ(f.aer(4), 1u << 20);
    EXPECT_EQ(f.aer(0x10), 1u << 13);
    EXPECT_EQ(f.devsta() & 0xf, 0x9u);  // CED, URD, not NFED
    f.aer(0x14, 0);
    EXPECT_EQ(log_error(f.space, error::unsupported_request, nullptr, true), msg_code::err_cor);
}

TEST(Errors, P_094_a_posted_ur_is_nonfatal_and_needs_both_enables) {
    function f;
    f.devctl(2);  // NFERE alone
    EXPECT_FALSE(log_error(f.space, error::unsupported_request, nullptr, false));
    f.devctl(2 | 8);
    EXPECT_EQ(log_error(f.space, error::unsupported_request, nullptr, false),
              msg_code::err_nonfatal);
}

TEST(Errors, P_095_P_096_the_first_error_holds_the_log_until_its_bit_is_cleared) {
    function f;
    f.devctl(all_enabled);
    log_error(f.space, error::unsupported_request, f.write(0x1000).get(), false);
    log_error(f.space, error::malformed, f.write(0x2000).get(), false);
    EXPECT_EQ(f.aer(0x18) & 0x1f, 20u);
    EXPECT_EQ(f.aer(0x24), 0x1000u);
    f.aer(4, 1u << 20);
    log_error(f.space, error::completer_abort, f.write(0x3000).get(), false);
    EXPECT_EQ(f.aer(0x18) & 0x1f, 15u);
    EXPECT_EQ(f.aer(0x24), 0x3000u);
}

TEST(Errors, an_advisory_case_of_fatal_severity_is_fatal) {
    function f;
    f.devctl(all_enabled);
    f.aer(0xc, 1u << 20);
    EXPECT_EQ(log_error(f.space, error::unsupported_request, nullptr, true), msg_code::err_fatal);
}

TEST(RootErrors, P_097_two_err_cor_set_the_multiple_bit_and_keep_the_first_source) {
    function f(true);
    record_root_error(f.space, msg_code::err_cor, a);
    record_root_error(f.space, msg_code::err_cor, b);
    EXPECT_EQ(f.aer(0x30) & 0x7f, 3u);
    EXPECT_EQ(f.aer(0x34) & 0xffff, a.value);
}

TEST(RootErrors, P_098_err_fatal_first) {
    function f(true);
    record_root_error(f.space, msg_code::err_fatal, a);
    EXPECT_EQ(f.aer(0x30) & 0x7f, 0x54u);
    EXPECT_EQ(f.aer(0x34) >> 16, a.value);
}

TEST(RootErrors, P_099_without_the_root_command_there_is_status_but_no_interrupt) {
    function f(true);
    EXPECT_FALSE(record_root_error(f.space, msg_code::err_fatal, a));
    EXPECT_NE(f.aer(0x30), 0u);
}

TEST(RootErrors, P_101_one_interrupt_until_the_status_is_cleared) {
    function f(true);
    f.aer(0x2c, 7);
    EXPECT_TRUE(record_root_error(f.space, msg_code::err_nonfatal, a));
    EXPECT_FALSE(record_root_error(f.space, msg_code::err_fatal, b));
    f.aer(0x30, 0x7f);
    EXPECT_TRUE(record_root_error(f.space, msg_code::err_fatal, b));
}

TEST(Malformed, P_006_payload_above_mps) {
    function f;
    tlp_ptr t = f.write(0x1000);
    t->length = 64;
    t->last_be = 0xf;
    EXPECT_TRUE(malformed(*t, 256).empty());
    EXPECT_FALSE(malformed(*t, 128).empty());
}

TEST(Malformed, requests_that_break_the_rules) {
    function f;
    tlp_ptr t = f.write(0xffc);
    EXPECT_TRUE(malformed(*t, 128).empty());
    t->length = 2, t->last_be = 0xf;  // over 4 KiB
    EXPECT_FALSE(malformed(*t, 128).empty());
    t->address = 0xff0;
    EXPECT_TRUE(malformed(*t, 128).empty());
    t->last_be = 0;
    EXPECT_FALSE(malformed(*t, 128).empty());
    t->address = 0xff4, t->first_be = 0x5, t->last_be = 0x1;  // gap, not QW aligned
    EXPECT_FALSE(malformed(*t, 128).empty());
    t->address = 0xff0;
    EXPECT_TRUE(malformed(*t, 128).empty());
    t->payload.reset();
    EXPECT_FALSE(malformed(*t, 128).empty());
}

TEST(Malformed, config_and_io_requests_are_one_DW_without_attributes) {
    function f;
    for (const tlp_type type : {tlp_type::cfg_rd0, tlp_type::cfg_rd1, tlp_type::io_rd}) {
        const auto well = [&] {
            tlp_ptr t = f.pool.make();
            t->type = type;
            t->length = 1;
            t->first_be = 0x3;
            return t;
        };
        EXPECT_TRUE(malformed(*well(), 128).empty());
        for (unsigned rule = 0; rule < 5; ++rule) {
            tlp_ptr t = well();
            if (rule == 0) t->length = 2;
            if (rule == 1) t->last_be = 1;
            if (rule == 2) t->traffic_class = 1;
            if (rule == 3) t->at = base::address_type::translated;
            if (rule == 4) t->relaxed_ordering = true;
            EXPECT_FALSE(malformed(*t, 128).empty()) << rule;
        }
    }
}

TEST(Malformed, a_translation_request_has_even_length_and_all_bytes) {
    function f;
    tlp_ptr t = f.pool.make();
    t->at = base::address_type::translation_request;
    t->length = 2;
    t->first_be = t->last_be = 0xf;
    t->address = 0x7001;  // NW
    EXPECT_TRUE(malformed(*t, 128).empty());
    t->last_be = 0x7;
    EXPECT_FALSE(malformed(*t, 128).empty());
    t->last_be = 0xf, t->length = 3;
    EXPECT_FALSE(malformed(*t, 128).empty());
    t->length = 2, t->at = static_cast<base::address_type>(3);
    t->address = 0x7000;
    EXPECT_FALSE(malformed(*t, 128).empty());
}

TEST(Malformed, error_and_interrupt_messages_belong_to_tc_0) {
    function f;
    tlp_ptr t = f.pool.make();
    t->type = tlp_type::msg;
    t->traffic_class = 1;
    for (const msg_code c : {msg_code::err_cor, msg_code::err_fatal, msg_code::assert_inta}) {
        t->code = c;
        EXPECT_FALSE(malformed(*t, 128).empty());
    }
    t->code = msg_code::invalidate_completion;
    EXPECT_TRUE(malformed(*t, 128).empty());
}

TEST(Malformed, random_fields_never_crash) {
    function f;
    base::rng r(3, "malformed");
    unsigned good = 0;
    for (unsigned i = 0; i < 100'000; ++i) {
        tlp_ptr t = random_tlp(r, f.pool);
        if (r.chance(1, 8)) t->length = static_cast<std::uint16_t>(r.below(1200));
        if (!malformed(*t, 4096).empty()) continue;
        ++good;
        if (t->type == tlp_type::mrd || t->type == tlp_type::mwr) {
            const enabled_bytes e = enabled_bytes_of(*t);
            EXPECT_LE(e.first + e.bytes, t->bytes());
        }
    }
    EXPECT_GT(good, 100u);
}

TEST(ByteEnables, P_003_one_byte_at_0x1003) {
    function f;
    tlp_ptr t = f.write(0x1000);
    t->first_be = 0x8;
    const enabled_bytes e = enabled_bytes_of(*t);
    EXPECT_EQ(e.first, 3u);
    EXPECT_EQ(e.bytes, 1u);
}

}  // namespace
}  // namespace drydock::pcie
