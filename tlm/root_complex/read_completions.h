// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "tlm/pcie/errors.h"
#include "tlm/pcie/tlp.h"

namespace drydock::root_complex {

/// Requester and completer of everything the root complex sends by itself.
inline constexpr base::routing_id root_complex_id{0x0000};

/// A completion without data for a request.
inline pcie::tlp_ptr make_completion(pcie::tlp_pool& pool, const pcie::tlp& request,
                                     pcie::cpl_status status, unsigned byte_count = 4) {
    pcie::tlp_ptr c = pool.make();
    c->type = pcie::tlp_type::cpl;
    c->status = status;
    c->completer = root_complex_id;
    c->requester = request.requester;
    c->tag = request.tag;
    c->traffic_class = request.traffic_class;
    c->relaxed_ordering = request.relaxed_ordering;
    c->id_based_ordering = request.id_based_ordering;
    c->no_snoop = request.no_snoop;
    c->byte_count = static_cast<std::uint16_t>(byte_count);
    c->span = request.span;
    return c;
}

/// Splits the data of a memory read into completions: in address order, each ending at a multiple
/// of the Read Completion Boundary or at the end, none above Max Payload (PCIe, RCB).
/// @param data   the bytes of the request from its first DW on
/// @param first  offset of the first enabled byte, `due` bytes from there; due = 0: zero-length
/// read
template <class Send>
void split_read(pcie::tlp_pool& pool, const pcie::tlp& request, const std::uint8_t* data,
                unsigned first, unsigned due, unsigned boundary, unsigned max_payload,
                Send&& send) {
    std::uint64_t at = request.address + first;
    unsigned left = std::max(due, 1u);
    while (left > 0) {
        const std::uint64_t limit = (at / 4 * 4 + max_payload) / boundary * boundary;
        const std::uint64_t stop = std::min(at + left, std::max(limit, at + 1));
        const std::uint64_t dw = at / 4 * 4;
        pcie::tlp_ptr c = make_completion(pool, request, pcie::cpl_status::success, left);
        c->type = pcie::tlp_type::cpl_d;
        c->lower_address = static_cast<std::uint8_t>(at & 0x7f);
        c->length = static_cast<std::uint16_t>((stop - dw + 3) / 4);
        pool.add_payload(*c);
        std::memcpy(c->payload->data(), data + (dw - request.address), c->bytes());
        left -= static_cast<unsigned>(stop - at);
        at = stop;
        send(std::move(c));
    }
}

}  // namespace drydock::root_complex
