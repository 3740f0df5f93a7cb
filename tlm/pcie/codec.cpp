// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/codec.h"

#include <algorithm>
#include <cstring>

#include "tlm/pcie/ecrc.h"

namespace drydock::pcie {
namespace {

constexpr std::uint64_t four_gib = std::uint64_t{1} << 32;
constexpr std::uint8_t pasid_prefix_byte = 0x91;
constexpr std::uint8_t fmt_data = 0x40, fmt_long = 0x20, fmt_prefix = 0x80;
constexpr std::uint8_t fmt_mask = 0xe0,
                       fmt_reserved = 0x80;  // Fmt 100 is a prefix, 101..111 are reserved
constexpr std::uint8_t type_mask = 0x1f, type_message = 0x10;

/// Type[4:0] of everything but messages; data says whether Fmt[1] is set (PCIe).
struct type_code {
    tlp_type type;
    std::uint8_t code;
    bool data;
    bool by_address;  ///< 3DW or 4DW by address
};
constexpr type_code type_codes[] = {
    {tlp_type::mrd, 0x00, false, true},
    {tlp_type::mwr, 0x00, true, true},
    {tlp_type::mrd_locked, 0x01, false, true},
    {tlp_type::io_rd, 0x02, false, false},
    {tlp_type::io_wr, 0x02, true, false},
    {tlp_type::cfg_rd0, 0x04, false, false},
    {tlp_type::cfg_wr0, 0x04, true, false},
    {tlp_type::cfg_rd1, 0x05, false, false},
    {tlp_type::cfg_wr1, 0x05, true, false},
    {tlp_type::cpl, 0x0a, false, false},
    {tlp_type::cpl_d, 0x0a, true, false},
    {tlp_type::cpl_locked, 0x0b, false, false},
    {tlp_type::cpl_d_locked, 0x0b, true, false},
    {tlp_type::fetch_add, 0x0c, true, true},
    {tlp_type::swap, 0x0d, true, true},
    {tlp_type::cas, 0x0e, true, true},
    {tlp_type::deferrable_write, 0x1b, true, true},
};

void put16(std::uint8_t* to, std::uint16_t v) {
    to[0] = static_cast<std::uint8_t>(v >> 8);
    to[1] = static_cast<std::uint8_t>(v);
}
void put(std::uint8_t* to, unsigned bytes, std::uint64_t v) {
    for (unsigned i = bytes; i-- > 0; v >>= 8) to[i] = static_cast<std::uint8_t>(v);
}
std::uint16_t get16(const std::uint8_t* p) {
    return static_cast<std::uint16_t>((p[0] << 8) | p[1]);
}
std::uint64_t get(const std::uint8_t* p, unsigned bytes) {
    std::uint64_t v = 0;
    for (unsigned i = 0; i < bytes; ++i) v = (v << 8) | p[i];
    return v;
}

bool is_config(tlp_type t) {
    return t == tlp_type::cfg_rd0 || t == tlp_type::cfg_wr0 || t == tlp_type::cfg_rd1 ||
           t == tlp_type::cfg_wr1;
}

std::uint8_t first_byte(const tlp& t) {
    if (t.is_message())
        return static_cast<std::uint8_t>((t.type == tlp_type::msg_d ? 0x70 : 0x30) |
                                         static_cast<unsigned>(t.routing));
    for (const type_code& c : type_codes)
        if (c.type == t.type)
            return static_cast<std::uint8_t>(
                c.code | (c.data ? fmt_data : 0) |
                (c.by_address && t.address >= four_gib ? fmt_long : 0));
    return 0;
}

void pack_completion(const tlp& t, std::uint8_t* h) {
    put16(h + 4, t.completer.value);
    put16(h + 6, static_cast<std::uint16_t>((static_cast<unsigned>(t.status) << 13) |
                                            (t.byte_count_modified ? 0x1000u : 0) |
                                            (t.byte_count & 0xfffu)));
    put16(h + 8, t.requester.value);
    h[10] = static_cast<std::uint8_t>(t.tag);
    h[11] = t.lower_address & 0x7f;
}

void pack_request(const tlp& t, std::uint8_t* h) {
    put16(h + 4, t.requester.value);
    h[6] = static_cast<std::uint8_t>(t.tag);
    if (t.is_message()) {
        h[7] = static_cast<std::uint8_t>(t.code);
        put(h + 8, 8, t.address);
        if (t.routing == msg_routing::by_id) put16(h + 8, t.target.value);
        return;
    }
    h[7] = static_cast<std::uint8_t>((t.last_be << 4) | (t.first_be & 0xf));
    if (is_config(t.type)) {
        put16(h + 8, t.target.value);
        put16(h + 10, static_cast<std::uint16_t>(t.address & 0xffc));
    } else if (t.header_bytes() == 16) {
        put(h + 8, 8, t.address);
    } else {
        put(h + 8, 4, t.address);
    }
}

std::string_view decode_completion(tlp& t, const std::uint8_t* h) {
    t.completer = base::routing_id{get16(h + 4)};
    const unsigned code = h[6] >> 5;
    t.status = code == 0 || code == 2 || code == 4 ? static_cast<cpl_status>(code)
                                                   : cpl_status::unsupported_request;
    t.byte_count_modified = (h[6] & 0x10) != 0;
    t.byte_count = get16(h + 6) & 0xfff;
    if (t.byte_count == 0) t.byte_count = 4096;
    t.requester = base::routing_id{get16(h + 8)};
    t.tag = static_cast<std::uint16_t>(t.tag | h[10]);
    t.lower_address = h[11] & 0x7f;
    return {};
}

std::string_view decode_request(tlp& t, const std::uint8_t* h, bool long_header) {
    t.requester = base::routing_id{get16(h + 4)};
    t.tag = static_cast<std::uint16_t>(t.tag | h[6]);
    if (t.is_message()) {
        t.code = static_cast<msg_code>(h[7]);
        t.address = get(h + 8, 8);
        if (t.routing == msg_routing::by_id) {
            t.target = base::routing_id{get16(h + 8)};
            t.address &= 0x0000'ffff'ffff'ffff;
        }
        return {};
    }
    t.first_be = h[7] & 0xf;
    t.last_be = h[7] >> 4;
    if (is_config(t.type)) {
        t.target = base::routing_id{get16(h + 8)};
        t.address = get16(h + 10) & 0xffc;
        return {};
    }
    t.address = get(h + 8, long_header ? 8 : 4);
    if (long_header && t.address < four_gib) return "64-bit header for an address below 4 GiB";
    return {};
}

std::string_view decode_type(tlp& t, std::uint8_t b0) {
    if ((b0 & fmt_reserved) != 0) return "reserved Fmt";
    const bool data = (b0 & fmt_data) != 0;
    const bool long_header = (b0 & fmt_long) != 0;
    const std::uint8_t code = b0 & type_mask;
    if ((code & 0x18) == type_message) {
        if (!long_header) return "message with a 3 DW header";
        if ((code & 7) > 5) return "reserved message routing";
        t.type = data ? tlp_type::msg_d : tlp_type::msg;
        t.routing = static_cast<msg_routing>(code & 7);
        return {};
    }
    for (const type_code& c : type_codes)
        if (c.code == code && c.data == data) {
            if (long_header && !c.by_address) return "4 DW header on a type that has none";
            t.type = c.type;
            return {};
        }
    return "unknown Fmt and Type";
}

std::string_view decode_prefixes(tlp& t, std::span<const std::uint8_t>& bytes) {
    while (bytes.size() >= 4 && (bytes[0] & fmt_mask) == fmt_prefix) {
        if (bytes[0] != pasid_prefix_byte) return "TLP prefix that is not supported";
        if (t.pasid) return "two PASID prefixes";
        t.pasid = pasid_prefix{
            base::substream_id{static_cast<std::uint32_t>(get(bytes.data() + 1, 3) & 0xfffff)},
            ((bytes[1] >> pasid_privileged_bit) & 1) != 0,
            ((bytes[1] >> pasid_execute_bit) & 1) != 0};
        bytes = bytes.subspan(4);
    }
    return {};
}

void decode_common(tlp& t, const std::uint8_t* h) {
    t.tag = static_cast<std::uint16_t>(((h[1] & 0x80) << 2) | ((h[1] & 0x08) << 5));
    t.traffic_class = (h[1] >> 4) & 7;
    t.id_based_ordering = (h[1] & 4) != 0;
    t.hints = (h[1] & 1) != 0;
    t.digest = (h[2] & 0x80) != 0;
    t.poisoned = (h[2] & 0x40) != 0;
    t.relaxed_ordering = (h[2] & 0x20) != 0;
    t.no_snoop = (h[2] & 0x10) != 0;
    t.at = static_cast<base::address_type>((h[2] >> 2) & 3);
    t.length = get16(h + 2) & 0x3ff;
}

/// Length 0 codes 1024 DW, but where there is neither data nor a request for it, it is just 0.
bool has_length(tlp_type t) {
    return t != tlp_type::msg && t != tlp_type::cpl && t != tlp_type::cpl_locked;
}

bool digest_fits(std::span<const std::uint8_t> whole) {
    const auto digest = ecrc_to_wire(ecrc_of(whole.first(whole.size() - ecrc_bytes)));
    return std::equal(digest.begin(), digest.end(), whole.end() - ecrc_bytes);
}

std::string_view decode(tlp& t, const std::span<const std::uint8_t> whole, tlp_pool& pool) {
    std::span<const std::uint8_t> bytes = whole;
    if (const std::string_view e = decode_prefixes(t, bytes); !e.empty()) return e;
    if (bytes.size() < 12) return "shorter than a header";
    const std::uint8_t* const h = bytes.data();
    const bool long_header = (h[0] & fmt_long) != 0;
    if (const std::string_view e = decode_type(t, h[0]); !e.empty()) return e;
    const std::size_t header = long_header ? 16 : 12;
    if (bytes.size() < header) return "shorter than its 4 DW header";
    decode_common(t, h);
    if (t.length == 0 && has_length(t.type)) t.length = 1024;
    const std::string_view e =
        t.is_completion() ? decode_completion(t, h) : decode_request(t, h, long_header);
    if (!e.empty()) return e;
    const bool data = (h[0] & fmt_data) != 0;
    const std::size_t expected = header + (data ? t.bytes() : 0) + (t.digest ? ecrc_bytes : 0);
    if (bytes.size() != expected) return "Length differs from the actual payload";
    if (data) {
        pool.add_payload(t);
        std::memcpy(t.payload->data(), h + header, t.bytes());
    }
    t.digest_bad = t.digest && !digest_fits(whole);
    return {};
}

}  // namespace

void pack(const tlp& t, std::vector<std::uint8_t>& to) {
    const std::size_t start = to.size();
    if (t.pasid) {
        to.push_back(pasid_prefix_byte);
        to.push_back(
            static_cast<std::uint8_t>((std::uint32_t{t.pasid->privileged} << pasid_privileged_bit) |
                                      (std::uint32_t{t.pasid->execute} << pasid_execute_bit) |
                                      ((t.pasid->pasid.value >> 16) & 0xf)));
        to.push_back(static_cast<std::uint8_t>(t.pasid->pasid.value >> 8));
        to.push_back(static_cast<std::uint8_t>(t.pasid->pasid.value));
    }
    std::uint8_t h[16] = {};
    h[0] = first_byte(t);
    h[1] = static_cast<std::uint8_t>(((t.tag >> 9) & 1) << 7 | (t.traffic_class & 7) << 4 |
                                     ((t.tag >> 8) & 1) << 3 | (t.id_based_ordering ? 4 : 0) |
                                     (t.hints ? 1 : 0));
    h[2] = static_cast<std::uint8_t>((t.digest ? 0x80 : 0) | (t.poisoned ? 0x40 : 0) |
                                     (t.relaxed_ordering ? 0x20 : 0) | (t.no_snoop ? 0x10 : 0) |
                                     static_cast<unsigned>(t.at) << 2 | ((t.length >> 8) & 3));
    h[3] = static_cast<std::uint8_t>(t.length);
    if (t.is_completion())
        pack_completion(t, h);
    else
        pack_request(t, h);
    to.insert(to.end(), h, h + t.header_bytes());
    if (t.has_data()) to.insert(to.end(), t.payload->data(), t.payload->data() + t.bytes());
    if (!t.digest) return;
    const std::uint32_t crc = ecrc_of(std::span(to).subspan(start));
    for (const std::uint8_t b : ecrc_to_wire(t.digest_bad ? ~crc : crc)) to.push_back(b);
}

unpacked unpack(std::span<const std::uint8_t> bytes, tlp_pool& pool) {
    unpacked result{pool.make(), {}};
    result.error = decode(*result.t, bytes, pool);
    if (!result.error.empty()) result.t.reset();
    return result;
}

}  // namespace drydock::pcie
