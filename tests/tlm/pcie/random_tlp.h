// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/base/rng.h"
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// A TLP with fields at random: any type, lengths, byte enables, addresses and tags that the wire
/// can carry, with a payload or without one whether or not the type has one.
inline tlp_ptr random_tlp(base::rng& r, tlp_pool& pool) {
    tlp_ptr t = pool.make();
    t->type = static_cast<tlp_type>(r.below(19));
    t->length = static_cast<std::uint16_t>(r.chance(3, 4) ? r.below(5) : r.below(1025));
    t->first_be = static_cast<std::uint8_t>(r.chance(1, 2) ? 0xf : r.below(16));
    t->last_be = static_cast<std::uint8_t>(r.chance(1, 2) ? 0 : r.chance(1, 2) ? 0xf : r.below(16));
    t->traffic_class = static_cast<std::uint8_t>(r.chance(3, 4) ? 0 : r.below(8));
    t->relaxed_ordering = r.chance(1, 8);
    t->id_based_ordering = r.chance(1, 8);
    t->no_snoop = r.chance(1, 8);
    t->at = static_cast<base::address_type>(r.chance(1, 2) ? 0 : r.below(4));
    t->poisoned = r.chance(1, 8);
    t->digest = r.chance(1, 8);
    t->requester = base::routing_id{static_cast<std::uint16_t>(r.chance(1, 2)   ? 0
                                                               : r.chance(1, 2) ? 0x100
                                                                                : r.next())};
    t->tag = static_cast<std::uint16_t>(r.chance(3, 4) ? r.below(40) : r.below(1024));
    t->address = r.chance(1, 2) ? 0x1000'0000 + r.below(0x8000) : r.next() >> r.below(56);
    if (r.chance(3, 4)) t->address &= ~std::uint64_t{3};
    t->completer = base::routing_id{static_cast<std::uint16_t>(r.next())};
    constexpr cpl_status statuses[] = {cpl_status::success, cpl_status::unsupported_request,
                                       cpl_status::request_retry, cpl_status::completer_abort};
    t->status = statuses[r.below(4)];
    t->byte_count = static_cast<std::uint16_t>(1 + r.below(r.chance(1, 2) ? 16 : 4096));
    t->lower_address = static_cast<std::uint8_t>(r.below(128));
    t->target = base::routing_id{static_cast<std::uint16_t>(r.chance(3, 4) ? 0x100 : r.next())};
    constexpr msg_code codes[] = {msg_code::invalidate_request, msg_code::invalidate_completion,
                                  msg_code::page_request,       msg_code::prg_response,
                                  msg_code::err_fatal,          msg_code::vendor_type0};
    t->code = r.chance(1, 2) ? codes[r.below(6)] : static_cast<msg_code>(r.below(256));
    t->routing = static_cast<msg_routing>(r.below(6));
    if (r.chance(1, 4))
        t->pasid = pasid_prefix{base::substream_id{static_cast<std::uint32_t>(r.below(1u << 20))},
                                r.chance(1, 2), r.chance(1, 2)};
    if (r.chance(1, 2)) {
        pool.add_payload(*t);
        for (auto& b : *t->payload) b = static_cast<std::uint8_t>(r.next());
    }
    return t;
}

}  // namespace drydock::pcie
