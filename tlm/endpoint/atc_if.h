// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "tlm/base/ids.h"
#include "tlm/base/time.h"

namespace drydock::endpoint {

/// What an ATC looks up. VFs may share the PF's ATC, so the key names the function.
struct atc_key {
    base::routing_id rid;
    std::optional<base::substream_id> ssid;  ///< PASID of the request, if it has one
    bool priv = false;                       ///< Privileged Mode Requested
    base::iova va;
};

enum class atc_access : std::uint8_t { read, write, execute, zero_length_read };

/// Caller's own number for a lookup; comes back with its answer.
using lookup_id = std::uint32_t;
/// The ATC's number for one use of a translation; given back by release().
using use_id = std::uint32_t;
/// The ATC's number for an outstanding Translation Request; outstanding requests live in the ATC
/// (P-050).
using request_slot = std::uint16_t;

/// A usable translation, as the ATC holds it.
struct translation {
    base::phys_addr pa;              ///< of the byte at atc_key::va
    std::uint64_t bytes_left = 0;    ///< from that byte to the end of the entry, >= 1
    bool untranslated_only = false;  ///< U=1: issue the request with AT=00 and the original address
    base::ps obtained{};             ///< observers only
};

/// One answer to a Translation Request (PCIe ATS Translation Completion, or what came instead).
struct completion_entry {
    enum class status : std::uint8_t { success, unsupported_request, completer_abort, timeout };
    status result = status::success;
    std::uint64_t data = 0;  ///< the 64-bit entry as PCIe; valid with success
    base::ps obtained{};  ///< when the TA translated; 0: when the completion came. Observers only
};

/// Invalidate Request, decoded (PCIe ATS; PCIe).
struct invalidate {
    base::routing_id rid;  ///< target function
    base::itag tag;
    std::optional<base::substream_id> ssid;  ///< PASID prefix; absent: every PASID and none
    bool global = false;                     ///< with PASID and capability bit 6: all PASIDs
    base::iova first;                        ///< first byte of the range
    base::iova last;                         ///< last byte of the range, inclusive
    std::uint8_t traffic_class = 0;
    base::span_id span{};  ///< observers only
};

enum class atc_control : std::uint8_t { enable, disable, reset };
enum class atc_fault : std::uint8_t {
    no_access,
    unsupported_request,
    completer_abort,
    timeout,
    disabled
};
enum class atc_channel : std::uint8_t { lookup, fill, invalidate, control };

/// ITags that one Invalidate Completion closes: bit n = ITag n.
using itag_vector = std::uint32_t;

/// An address translation cache, shaped for back-pressure so that RTL fits behind it.
///
/// try_*: false means not ready; the caller repeats only after atc_client::ready(channel). No call
/// answers in the same instant: an accepted input is sampled at the block's next clock edge. At
/// most one lookup, one fill and one invalidate are taken per edge. Before it completes an
/// invalidate the ATC does the duties of PCIe: no new use, outstanding requests for the
/// range dropped and asked again, every use of the range released.
struct atc_if {
    virtual ~atc_if() = default;
    virtual bool try_lookup(lookup_id, const atc_key&, atc_access) = 0;
    virtual bool try_fill(request_slot, const completion_entry&) = 0;
    virtual bool try_invalidate(const invalidate&) = 0;
    /// The write entered the posted queue, or the last read completion is back.
    virtual void release(use_id) = 0;
    virtual bool try_control(base::routing_id, atc_control) = 0;
    /// Smallest Translation Unit, log2 of bytes, 12..43; changes only while no function is enabled.
    virtual void set_stu(std::uint8_t log2_bytes) = 0;
    /// There is room again for what try_request or try_completion refused.
    virtual void resume() = 0;
};

/// Whom an ATC answers: at any later time, in any legal order.
struct atc_client {
    virtual ~atc_client() = default;
    virtual void hit(lookup_id, use_id, const translation&) = 0;
    virtual void fault(lookup_id, atc_fault) = 0;
    /// Send a Translation Request for one STU at key.va (aligned). no_write: the NW bit.
    virtual bool try_request(request_slot, const atc_key&, bool no_write) = 0;
    /// Send an Invalidate Completion, CC = 1, behind posted writes. false while the posted queue is
    /// full; the ATC repeats after atc_if::resume(). Likewise try_request.
    virtual bool try_completion(base::routing_id, itag_vector, std::uint8_t traffic_class) = 0;
    virtual void ready(atc_channel) = 0;
};

}  // namespace drydock::endpoint
