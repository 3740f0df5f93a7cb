// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <sstream>

#include "tests/tlm/pcie/random_tlp.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/errors.h"

namespace drydock::pcie {
namespace {

using bytes = std::vector<std::uint8_t>;

bytes hex(const std::string& text) {
    bytes b;
    std::istringstream in(text);
    unsigned v;
    while (in >> std::hex >> v) b.push_back(static_cast<std::uint8_t>(v));
    return b;
}

/// The TLPs of PCIe, built from their fields.
struct Vectors : testing::Test {
    tlp_pool pool;
    tlp_ptr mrd32() {
        tlp_ptr t = pool.make();
        t->type = tlp_type::mrd;
        t->length = 1;
        t->requester = make(1, 0, 0);
        t->tag = 5;
        t->address = 0x1000'0000;
        t->first_be = 0xf;
        return t;
    }
    tlp_ptr translation_request() {
        tlp_ptr t = pool.make();
        t->type = tlp_type::mrd;
        t->at = base::address_type::translation_request;
        t->length = 2;
        t->requester = make(1, 0, 0);
        t->tag = 7;
        t->first_be = t->last_be = 0xf;
        t->address = 0x7f00'1234'5000 | translation_request_nw;
        return t;
    }
    tlp_ptr message(tlp_type type, msg_code code, msg_routing r, base::routing_id from) {
        tlp_ptr t = pool.make();
        t->type = type;
        t->code = code;
        t->routing = r;
        t->requester = from;
        return t;
    }
    static base::routing_id make(unsigned b, unsigned d, unsigned f) {
        return base::routing_id{static_cast<std::uint16_t>(b << 8 | d << 3 | f)};
    }
    void expect_round_trip(const tlp& t, const bytes& wire) {
        EXPECT_EQ(pack(t), wire);
        const unpacked u = unpack(wire, pool);
        ASSERT_TRUE(u) << u.error;
        EXPECT_EQ(pack(*u.t), wire);
        EXPECT_EQ(u.t->type, t.type);
        EXPECT_EQ(u.t->address, t.address);
        EXPECT_EQ(u.t->target, t.target);
        EXPECT_EQ(u.t->tag, t.tag);
        EXPECT_EQ(u.t->requester, t.requester);
        EXPECT_EQ(u.t->wire_bytes(), wire.size());
    }
};

TEST_F(Vectors, P_220_mrd32) {
    expect_round_trip(*mrd32(), hex("00 00 00 01 01 00 05 0F 10 00 00 00"));
}

TEST_F(Vectors, P_220_mwr64) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::mwr;
    t->length = 16;
    t->requester = make(2, 0, 0);
    t->first_be = t->last_be = 0xf;
    t->address = 0x1'2345'6780;
    pool.add_payload(*t);
    bytes wire = hex("60 00 00 10 02 00 00 FF 00 00 00 01 23 45 67 80");
    for (unsigned i = 0; i < 64; ++i) {
        (*t->payload)[i] = static_cast<std::uint8_t>(i * 3);
        wire.push_back(static_cast<std::uint8_t>(i * 3));
    }
    expect_round_trip(*t, wire);
}

TEST_F(Vectors, P_220_translation_request) {
    expect_round_trip(*translation_request(),
                      hex("20 00 04 02 01 00 07 FF 00 00 7F 00 12 34 50 01"));
}

TEST_F(Vectors, P_220_translated_write) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::mwr;
    t->at = base::address_type::translated;
    t->length = 1;
    t->requester = make(1, 0, 0);
    t->first_be = 0xf;
    t->address = 0x8'0000'1000;
    pool.add_payload(*t);
    std::memset(t->payload->data(), 0xa5, 4);
    expect_round_trip(*t, hex("60 00 08 01 01 00 00 0F 00 00 00 08 00 00 10 00 A5 A5 A5 A5"));
}

TEST_F(Vectors, P_220_translation_completion_payload) {
    translation_entry e;
    e.address = 0x8'0020'0000;
    e.bytes = 2u << 20;
    e.read = e.write = true;
    tlp_ptr t = pool.make();
    pool.add_payload(*t);
    set_payload_word(*t, e.encode());
    EXPECT_EQ(bytes(t->payload->begin(), t->payload->begin() + 8), hex("00 00 00 08 00 2F F8 03"));
}

TEST_F(Vectors, P_220_completion_with_data) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::cpl_d;
    t->length = 1;
    t->byte_count = 4;
    t->requester = make(1, 0, 0);
    t->tag = 5;
    pool.add_payload(*t);
    std::memset(t->payload->data(), 0x5a, 4);
    expect_round_trip(*t, hex("4A 00 00 01 00 00 00 04 01 00 05 00 5A 5A 5A 5A"));
}

TEST_F(Vectors, P_220_completion_unsupported_request) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::cpl;
    t->status = cpl_status::unsupported_request;
    t->byte_count = 4;
    t->requester = make(1, 0, 0);
    t->tag = 5;
    expect_round_trip(*t, hex("0A 00 00 00 00 00 20 04 01 00 05 00"));
}

TEST_F(Vectors, P_220_invalidate_request) {
    tlp_ptr t =
        message(tlp_type::msg_d, msg_code::invalidate_request, msg_routing::by_id, make(0, 0, 0));
    t->length = 2;
    t->tag = 5;
    t->target = make(1, 0, 0);
    pool.add_payload(*t);
    set_payload_word(*t, encode_invalidate_body(0x7f00'1234'5000, 4096));
    expect_round_trip(
        *t, hex("72 00 00 02 00 00 05 01 01 00 00 00 00 00 00 00 00 00 7F 00 12 34 50 00"));
}

TEST_F(Vectors, P_220_invalidate_all_body) {
    tlp_ptr t = pool.make();
    pool.add_payload(*t);
    set_payload_word(*t, encode_invalidate_body(0, 0));
    EXPECT_EQ(bytes(t->payload->begin(), t->payload->begin() + 8), hex("7F FF FF FF FF FF F8 00"));
}

TEST_F(Vectors, P_220_P_047_invalidate_completion) {
    tlp_ptr t =
        message(tlp_type::msg, msg_code::invalidate_completion, msg_routing::by_id, make(1, 0, 0));
    t->address = encode_invalidate_completion(1, 1u << 5);
    expect_round_trip(*t, hex("32 00 00 00 01 00 00 02 00 00 00 01 00 00 00 20"));
    EXPECT_EQ(completion_cc(t->address), 1u);
    EXPECT_EQ(completion_itag_vector(t->address), 0x20u);
    EXPECT_EQ(completion_cc(encode_invalidate_completion(8, 1)), 8u);
}

TEST_F(Vectors, P_220_P_070_page_request) {
    tlp_ptr t = message(tlp_type::msg, msg_code::page_request, msg_routing::to_root, make(1, 0, 0));
    page_request_fields f;
    f.page = 0x7f00'1234'5000;
    f.group = 3;
    f.last = f.read = true;
    t->address = f.encode();
    EXPECT_EQ(static_cast<std::uint32_t>(t->address), 0x1234'501du);
    expect_round_trip(*t, hex("30 00 00 00 01 00 00 04 00 00 7F 00 12 34 50 1D"));
    const auto back = page_request_fields::decode(t->address);
    EXPECT_EQ(back.page, f.page);
    EXPECT_EQ(back.group, 3);
    EXPECT_TRUE(back.last && back.read && !back.write);
}

TEST_F(Vectors, P_220_P_071_prg_response_success) {
    tlp_ptr t = message(tlp_type::msg, msg_code::prg_response, msg_routing::by_id, make(0, 0, 0));
    t->target = make(1, 0, 0);
    t->address = encode_prg_response(0, 3);
    expect_round_trip(*t, hex("32 00 00 00 00 00 00 05 01 00 00 03 00 00 00 00"));
}

TEST_F(Vectors, P_220_prg_response_failure) {
    tlp_ptr t = message(tlp_type::msg, msg_code::prg_response, msg_routing::by_id, make(0, 0, 0));
    t->target = make(1, 0, 0);
    t->address = encode_prg_response(15, 0x1a5);
    expect_round_trip(*t, hex("32 00 00 00 00 00 00 05 01 00 F1 A5 00 00 00 00"));
    EXPECT_EQ(prg_response_code(t->address), 15);
    EXPECT_EQ(prg_response_group(t->address), 0x1a5);
}

TEST_F(Vectors, P_220_err_fatal) {
    const tlp_ptr t = make_error_message(pool, msg_code::err_fatal, make(1, 0, 0));
    expect_round_trip(*t, hex("30 00 00 00 01 00 00 33 00 00 00 00 00 00 00 00"));
}

TEST_F(Vectors, P_220_config_read) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::cfg_rd0;
    t->length = 1;
    t->tag = 1;
    t->first_be = 0xf;
    t->target = make(1, 0, 0);
    t->address = 0x100;
    expect_round_trip(*t, hex("04 00 00 01 00 00 01 0F 01 00 01 00"));
}

TEST_F(Vectors, P_221_pasid_prefix_on_a_translation_request) {
    tlp_ptr t = translation_request();
    t->pasid = pasid_prefix{base::substream_id{42}, false, false};
    expect_round_trip(*t, hex("91 00 00 2A 20 00 04 02 01 00 07 FF 00 00 7F 00 12 34 50 01"));
    const unpacked u = unpack(pack(*t), pool);
    ASSERT_TRUE(u && u.t->pasid);
    EXPECT_EQ(u.t->pasid->pasid.value, 42u);
    EXPECT_FALSE(u.t->pasid->privileged || u.t->pasid->execute);
}

/// Fmt and Type of every row of the table PCIe.
TEST_F(Vectors, P_001_first_byte_of_every_type) {
    struct row {
        tlp_type type;
        std::uint64_t address;
        unsigned b0;
        bool data;
    };
    constexpr std::uint64_t high = 0x8'0000'0000;
    for (const row r : {row{tlp_type::mrd, 0, 0x00, false},
                        row{tlp_type::mrd, high, 0x20, false},
                        row{tlp_type::mwr, 0, 0x40, true},
                        row{tlp_type::mwr, high, 0x60, true},
                        row{tlp_type::io_rd, 0, 0x02, false},
                        row{tlp_type::io_wr, 0, 0x42, true},
                        row{tlp_type::cfg_rd0, 0, 0x04, false},
                        row{tlp_type::cfg_wr0, 0, 0x44, true},
                        row{tlp_type::cfg_rd1, 0, 0x05, false},
                        row{tlp_type::cfg_wr1, 0, 0x45, true},
                        row{tlp_type::cpl, 0, 0x0a, false},
                        row{tlp_type::cpl_d, 0, 0x4a, true},
                        row{tlp_type::msg, 0, 0x30, false},
                        row{tlp_type::msg_d, 0, 0x70, true},
                        row{tlp_type::fetch_add, 0, 0x4c, true},
                        row{tlp_type::fetch_add, high, 0x6c, true},
                        row{tlp_type::swap, 0, 0x4d, true},
                        row{tlp_type::cas, high, 0x6e, true},
                        row{tlp_type::deferrable_write, 0, 0x5b, true},
                        row{tlp_type::deferrable_write, high, 0x7b, true},
                        row{tlp_type::mrd_locked, 0, 0x01, false},
                        row{tlp_type::mrd_locked, high, 0x21, false},
                        row{tlp_type::cpl_locked, 0, 0x0b, false},
                        row{tlp_type::cpl_d_locked, 0, 0x4b, true}}) {
        tlp_ptr t = pool.make();
        t->type = r.type;
        t->address = r.address;
        t->byte_count = 4;
        if (r.data || (r.type != tlp_type::msg && !t->is_completion())) t->length = 1;
        if (r.data) pool.add_payload(*t);
        if (r.data) std::memset(t->payload->data(), 1, 4);
        const bytes wire = pack(*t);
        EXPECT_EQ(wire.at(0), r.b0);
        const unpacked u = unpack(wire, pool);
        ASSERT_TRUE(u) << u.error << " for " << r.b0;
        EXPECT_EQ(u.t->type, r.type);
        EXPECT_EQ(u.t->flow_class(), t->flow_class());
    }
}

TEST_F(Vectors, P_002_length_0_is_1024_DW) {
    tlp_ptr t = mrd32();
    t->length = 1024;
    const bytes wire = pack(*t);
    EXPECT_EQ(wire[2] & 3, 0);
    EXPECT_EQ(wire[3], 0);
    EXPECT_EQ(unpack(wire, pool).t->length, 1024);
}

TEST_F(Vectors, P_012_ten_bit_tags_survive) {
    tlp_ptr t = mrd32();
    t->tag = 0x2a5;
    const bytes wire = pack(*t);
    EXPECT_EQ(wire[1] & 0x88, 0x80);
    EXPECT_EQ(unpack(wire, pool).t->tag, 0x2a5);
}

TEST_F(Vectors, attributes_survive) {
    tlp_ptr t = mrd32();
    t->relaxed_ordering = t->id_based_ordering = t->no_snoop = t->poisoned = t->hints = true;
    t->traffic_class = 5;
    const unpacked u = unpack(pack(*t), pool);
    ASSERT_TRUE(u);
    EXPECT_TRUE(u.t->relaxed_ordering && u.t->id_based_ordering && u.t->no_snoop && u.t->poisoned &&
                u.t->hints);
    EXPECT_EQ(u.t->traffic_class, 5);
}

TEST_F(Vectors, other_completion_codes_act_as_unsupported_request) {
    bytes wire = hex("0A 00 00 00 00 00 60 04 01 00 05 00");
    EXPECT_EQ(unpack(wire, pool).t->status, cpl_status::unsupported_request);
}

TEST_F(Vectors, malformed_bytes_are_refused_with_a_reason) {
    for (const char* text :
         {"", "00 00 00", "00 00 00 01 01 00 05 0F 10 00 00", "20 00 00 01 01 00 05 0F 10 00 00 00",
          "40 00 00 02 01 00 05 FF 10 00 00 00 AA BB CC DD",  // Length 2, one DW of data
          "20 00 00 01 01 00 05 0F 00 00 00 00 10 00 00 00",  // 4 DW header below 4 GiB
          "1F 00 00 01 01 00 05 0F 10 00 00 00", "10 00 00 00 01 00 05 0F 10 00 00 00",
          "A0 00 00 01 01 00 05 0F 00 00 00 01 10 00 00 00",  // Fmt 101, 110, 111
          "C0 00 00 01 01 00 05 0F 10 00 00 00 AA BB CC DD",
          "E0 00 00 01 01 00 05 0F 00 00 00 01 10 00 00 00 AA BB CC DD",
          "90 00 00 00 00 00 00 01 01 00 05 0F 10 00 00 00",  // TPH prefix
          "91 00 00 01 91 00 00 01 00 00 00 01 01 00 05 0F 10 00 00 00"}) {
        const unpacked u = unpack(hex(text), pool);
        EXPECT_FALSE(u) << text;
        EXPECT_FALSE(u.error.empty()) << text;
    }
    pool.check_no_leak();
}

TEST_F(Vectors, random_bytes_never_crash_and_what_decodes_packs_again) {
    base::rng r(7, "codec_test");
    unsigned decoded = 0;
    for (unsigned i = 0; i < 200'000; ++i) {
        bytes b(12 + r.below(3) * 4 + (r.chance(1, 4) ? 4 : 0));
        for (auto& x : b) x = static_cast<std::uint8_t>(r.next());
        if (r.chance(1, 2)) b[2] &= 0x7c, b[3] = static_cast<std::uint8_t>(r.below(3));
        const unpacked u = unpack(b, pool);
        if (!u) continue;
        ++decoded;
        const unpacked again = unpack(pack(*u.t), pool);
        ASSERT_TRUE(again) << again.error;
        EXPECT_EQ(pack(*again.t), pack(*u.t));
    }
    EXPECT_GT(decoded, 1000u);
    pool.check_no_leak();
}

TEST_F(Vectors, P_220_random_well_formed_tlps_come_back_from_their_bytes) {
    base::rng r(8, "codec_round_trip");
    unsigned good = 0;
    for (unsigned i = 0; i < 100'000; ++i) {
        const tlp_ptr t = random_tlp(r, pool);
        if (!malformed(*t, 4096).empty()) continue;
        const bytes wire = pack(*t);
        const unpacked u = unpack(wire, pool);
        ASSERT_TRUE(u) << u.error;
        EXPECT_EQ(pack(*u.t), wire);
        EXPECT_EQ(u.t->wire_bytes(), wire.size());
        EXPECT_EQ(u.t->type, t->type);
        EXPECT_EQ(u.t->tag, t->tag);
        EXPECT_EQ(u.t->pasid, t->pasid);
        ++good;
    }
    EXPECT_GT(good, 10'000u);
    pool.check_no_leak();
}

TEST(AtsRange, P_042_size_coding) {
    EXPECT_EQ(decode_ats_range(0x8'002f'f803), (ats_range{0x8'0020'0000, 0x8'003f'ffff}));
    EXPECT_EQ(decode_ats_range(0x1234'5003), (ats_range{0x1234'5000, 0x1234'5fff}));
}

TEST(AtsRange, P_046_invalidate_bodies) {
    EXPECT_EQ(encode_invalidate_body(0x5000, 4096), 0x5000u);
    EXPECT_EQ(encode_invalidate_body(0x6000, 8192), 0x6800u);
    EXPECT_EQ(encode_invalidate_body(0x20'0000, 2u << 20), 0x2f'f800u);
    EXPECT_EQ(encode_invalidate_body(0, 0), 0x7fff'ffff'ffff'f800u);
    EXPECT_EQ(encode_invalidate_body(0x5000, 4096, true), 0x5001u);
    EXPECT_EQ(decode_ats_range(0x7fff'ffff'ffff'f800), ats_range_all);
}

TEST(AtsRange, every_size_comes_back) {
    for (unsigned log = 12; log < 63; ++log) {
        const std::uint64_t size = std::uint64_t{1} << log;
        const std::uint64_t first = log < 60 ? size * 5 : 0;
        EXPECT_EQ(decode_ats_range(encode_invalidate_body(first, size)),
                  (ats_range{first, first + size - 1}))
            << log;
    }
}

}  // namespace
}  // namespace drydock::pcie
