// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "tlm/base/ids.h"
#include "tlm/base/pool.h"
#include "tlm/base/requester.h"
#include "tlm/base/time.h"

namespace drydock::pcie {

/// TLP types as PCIe; 32- or 64-bit headers follow from the address.
enum class tlp_type : std::uint8_t {
    mrd,
    mwr,
    io_rd,
    io_wr,
    cfg_rd0,
    cfg_wr0,
    cfg_rd1,
    cfg_wr1,
    cpl,
    cpl_d,
    msg,
    msg_d,
    fetch_add,
    swap,
    cas,
    deferrable_write,
    mrd_locked,
    cpl_locked,
    cpl_d_locked
};

/// Flow-control class.
enum class fc_class : std::uint8_t { posted, non_posted, completion };
inline constexpr std::size_t fc_classes = 3;

/// Completion status, TLP byte 6 [7:5]; other codes are treated as unsupported_request.
enum class cpl_status : std::uint8_t {
    success = 0,
    unsupported_request = 1,
    request_retry = 2,
    completer_abort = 4
};

/// Message routing, low 3 bits of Type.
enum class msg_routing : std::uint8_t {
    to_root = 0,
    by_address = 1,
    by_id = 2,
    broadcast = 3,
    local = 4,
    gather = 5
};

/// Message codes, PCIe.
enum class msg_code : std::uint8_t {
    unlock = 0x00,
    invalidate_request = 0x01,
    invalidate_completion = 0x02,
    page_request = 0x04,
    prg_response = 0x05,
    pm_pme = 0x18,
    pme_turn_off = 0x19,
    pme_to_ack = 0x1b,
    assert_inta = 0x20,
    deassert_inta = 0x24,
    err_cor = 0x30,
    err_nonfatal = 0x31,
    err_fatal = 0x33,
    set_slot_power_limit = 0x50,
    vendor_type0 = 0x7e,
    vendor_type1 = 0x7f
};
/// Assert_INTA..D and Deassert_INTA..D.
constexpr bool is_intx(msg_code c) { return (static_cast<unsigned>(c) & ~7u) == 0x20; }
/// The hot-plug indicator and button messages of PCIe 1.0: receivers ignore them.
constexpr bool is_old_hot_plug(msg_code c) {
    const unsigned code = static_cast<unsigned>(c);
    return code >= 0x40 && code <= 0x48 && code != 0x42 && code != 0x46;
}

/// PASID TLP prefix.
struct pasid_prefix {
    base::substream_id pasid;
    bool privileged = false;
    bool execute = false;
    friend bool operator==(const pasid_prefix&, const pasid_prefix&) = default;
};

/// Largest payload of a TLP, bytes.
inline constexpr std::uint32_t max_payload_bytes = 4096;
using payload_buffer = std::array<std::uint8_t, max_payload_bytes>;

/// A decoded Transaction Layer Packet. Plain data; pooled; owned by whoever received it last.
struct tlp {
    tlp_type type = tlp_type::mrd;
    std::uint8_t traffic_class = 0;
    /// Whose buffers it uses on the link it is on, or came by; its sender says so. Not on the wire.
    std::uint8_t virtual_channel = 0;
    bool relaxed_ordering = false, id_based_ordering = false, no_snoop = false;  // Attr
    base::address_type at = base::address_type::untranslated;
    bool poisoned = false;     // EP
    bool digest = false;       // TD: an ECRC follows
    bool digest_bad = false;   ///< with TD=1: the ECRC does not fit what it covers
    bool hints = false;        // TH
    std::uint16_t length = 0;  ///< DW, 1..1024; 0 only where there is no data and no request length
    std::uint8_t first_be = 0, last_be = 0;
    base::routing_id requester{};  ///< of requests and messages; of a completion: whom it answers
    std::uint16_t tag = 0;         ///< 10 bits
    /// Memory: byte address, [1:0] = 0; config: register offset; message: bytes 8-15 (routed by ID:
    /// bytes 10-15, since bytes 8-9 are `target`).
    std::uint64_t address = 0;
    // completions
    base::routing_id completer{};
    cpl_status status = cpl_status::success;
    std::uint16_t byte_count = 0;  ///< 1..4096
    std::uint8_t lower_address = 0;
    bool byte_count_modified = false;
    // config requests and ID-routed messages
    base::routing_id target{};
    // messages
    msg_code code{};
    msg_routing routing = msg_routing::to_root;
    std::optional<pasid_prefix> pasid;

    /// length * 4 bytes, or null. From tlp_pool::add_payload.
    base::pool<payload_buffer>::ptr payload;

    // sideband, never seen by the codec or by comparisons
    base::span_id span{};
    base::iova requested{};
    bool requested_known = false;
    base::ps obtained{};
    const base::span_id* itag_spans =
        nullptr;  ///< Invalidate Completion: span of each of the 32 ITags, kept by the sender
    std::uint64_t order = 0;  ///< number given by the root complex among everything from one port

    bool has_data() const { return payload != nullptr; }
    /// Payload bytes.
    std::uint32_t bytes() const { return std::uint32_t{length} * 4; }
    fc_class flow_class() const;
    bool is_completion() const { return flow_class() == fc_class::completion; }
    bool is_message() const { return type == tlp_type::msg || type == tlp_type::msg_d; }
    /// 12 or 16.
    unsigned header_bytes() const;
    /// Prefixes, header, payload, digest; without framing, sequence number and LCRC.
    unsigned wire_bytes() const;
    /// Data credits (16 B units, rounded up).
    unsigned data_credits() const { return has_data() ? (bytes() + 15) / 16 : 0; }
    /// Back to a default-made TLP; gives the payload back.
    void clear();
};

/// Where TLPs and payloads of one simulation come from.
class tlp_pool {
public:
    /// Clears a TLP as it goes back, so that its payload does not stay out.
    struct recycle {
        base::pool<tlp>* owner = nullptr;
        void operator()(tlp* t) const {
            t->clear();
            owner->give(t);
        }
    };
    using ptr = std::unique_ptr<tlp, recycle>;

    tlp_pool() : payloads_("tlp payload", 64), tlps_("tlp") {}
    /// A cleared TLP.
    ptr make() { return own(tlps_.take()); }
    /// Gives t an uninitialised payload buffer.
    void add_payload(tlp& t) { t.payload = payloads_.take_owned(); }
    ptr own(tlp* raw) { return ptr(raw, recycle{&tlps_}); }
    std::size_t in_use() const { return tlps_.in_use(); }
    /// @throws std::logic_error if a TLP or payload is still out
    void check_no_leak() const {
        tlps_.check_no_leak();
        payloads_.check_no_leak();
    }

private:
    base::pool<payload_buffer>
        payloads_;  // declared first: TLPs in the other pool may hold payloads
    base::pool<tlp> tlps_;
};
using tlp_ptr = tlp_pool::ptr;

}  // namespace drydock::pcie
