// SPDX-License-Identifier: Apache-2.0
// The TLM-2.0 side of the memory.
#include <algorithm>
#include <cstring>

#include "tlm/base/timeline_kernel.h"
#include "tlm/system/memory.h"

namespace drydock::system {

tlm::tlm_sync_enum memory::nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                           sc_core::sc_time& t) {
    if (phase == tlm::BEGIN_REQ) {
        serve(gp);
        t += duration(gp);
    }
    return tlm::TLM_COMPLETED;
}

/// For threads of others, whose time an idle timeline does not know.
void memory::b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) {
    ctx_.timeline.advance(base::from_sc(sc_core::sc_time_stamp()));
    serve(gp);
    t += duration(gp);
}

unsigned memory::transport_dbg(tlm::tlm_generic_payload& gp) {
    const base::phys_addr at{gp.get_address()};
    const std::uint64_t room = contains(at, 0) ? config_.base.value + config_.bytes - at.value : 0;
    const auto n = static_cast<unsigned>(std::min<std::uint64_t>(gp.get_data_length(), room));
    if (gp.is_read())
        copy_out(at, gp.get_data_ptr(), n);
    else if (gp.is_write())
        copy_in(at, gp.get_data_ptr(), n);
    gp.set_response_status(tlm::TLM_OK_RESPONSE);
    return n;
}

sc_core::sc_time memory::duration(const tlm::tlm_generic_payload& gp) {
    const base::ps now = ctx_.now();
    base::ps wait{};
    if (byte_time_ != 0) {
        busy_until_ = std::max(busy_until_, base::fine_time::from(now)) +
                      base::fine_time::raw(byte_time_ * gp.get_data_length());
        wait = busy_until_.rounded() - now;
    }
    return base::to_sc(config_.latency + wait);
}

tlm::tlm_response_status memory::check(const tlm::tlm_generic_payload& gp) const {
    const base::phys_addr at{gp.get_address()};
    const unsigned n = gp.get_data_length();
    if (!contains(at, n)) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    if (gp.get_streaming_width() != 0 && gp.get_streaming_width() < n)
        return tlm::TLM_BURST_ERROR_RESPONSE;
    if (any_flag(at, n, poisoned)) return tlm::TLM_GENERIC_ERROR_RESPONSE;
    return tlm::TLM_OK_RESPONSE;
}

void memory::serve(tlm::tlm_generic_payload& gp) {
    const tlm::tlm_response_status status = check(gp);
    gp.set_response_status(status);
    if (status != tlm::TLM_OK_RESPONSE) return;
    if (auto* u = gp.get_extension<base::atomic_update>()) return update_atomically(gp, *u);
    if (gp.get_command() == tlm::TLM_IGNORE_COMMAND)
        if (auto* a = gp.get_extension<base::atomic_operation>()) return operate(gp, *a);
    const base::phys_addr at{gp.get_address()};
    const unsigned n = gp.get_data_length();
    bool touched = n != 0 && !gp.is_response_error() && gp.get_command() != tlm::TLM_IGNORE_COMMAND;
    if (touched && gp.get_byte_enable_ptr() != nullptr)
        touched = move_enabled_bytes(gp);
    else if (touched && gp.is_read())
        copy_out(at, gp.get_data_ptr(), n);
    else if (touched)
        copy_in(at, gp.get_data_ptr(), n);
    if (!touched) return;
    if (ctx_.probe.wants(base::kind::memory_access))
        if (const auto* who = gp.get_extension<base::requester>()) emit(gp, *who, gp.is_write());
    if (gp.is_write()) tell(at, n);
}

/// FetchAdd, Swap and CAS of PCIe: read, computed and stored in this call.
void memory::operate(tlm::tlm_generic_payload& gp, base::atomic_operation& a) {
    const base::phys_addr at{gp.get_address()};
    const unsigned n = gp.get_data_length();
    const std::uint8_t* const operand = gp.get_data_ptr();
    if ((n != 4 && n != 8 && n != a.largest) || at.value % n != 0) {
        gp.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    using kind = base::atomic_operation::kind;
    copy_out(at, a.old.data(), n);
    a.done = true;
    std::array<std::uint8_t, base::atomic_operation::largest> next;
    std::copy_n(operand + (a.what == kind::compare_and_swap ? n : 0), n, next.begin());
    if (a.what == kind::fetch_add)
        for (unsigned i = 0, carry = 0; i < n; ++i, carry >>= 8) {
            carry += unsigned{a.old[i]} + operand[i];
            next[i] = static_cast<std::uint8_t>(carry);
        }
    const bool stores =
        a.what != kind::compare_and_swap || std::equal(operand, operand + n, a.old.begin());
    if (stores) copy_in(at, next.data(), n);
    if (ctx_.probe.wants(base::kind::memory_access))
        if (const auto* who = gp.get_extension<base::requester>()) emit(gp, *who, true);
    if (stores) tell(at, n);
}

void memory::update_atomically(tlm::tlm_generic_payload& gp, base::atomic_update& u) {
    const base::phys_addr at{gp.get_address()};
    if (at.value % 8 != 0 || gp.get_data_length() != 8) {
        gp.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    copy_out(at, reinterpret_cast<std::uint8_t*>(&u.old), 8);
    u.done = true;
    if (u.old != u.expected) return;
    copy_in(at, reinterpret_cast<const std::uint8_t*>(&u.desired), 8);
    tell(at, 8);
}

bool memory::move_enabled_bytes(tlm::tlm_generic_payload& gp) {
    const std::uint8_t* const enable = gp.get_byte_enable_ptr();
    const unsigned period = gp.get_byte_enable_length();
    bool any = false;
    for (unsigned i = 0; i < gp.get_data_length(); ++i) {
        if (enable[i % period] != TLM_BYTE_ENABLED) continue;
        any = true;
        const base::phys_addr at{gp.get_address() + i};
        if (gp.is_read())
            copy_out(at, gp.get_data_ptr() + i, 1);
        else
            copy_in(at, gp.get_data_ptr() + i, 1);
    }
    return any;
}

void memory::emit(const tlm::tlm_generic_payload& gp, const base::requester& who, bool write) {
    // Layout of `bits`: tlm/base/probe_kinds.h, memory_access.
    const std::uint64_t bits =
        who.stream.value |
        (who.substream ? (std::uint64_t{who.substream->value & 0xfffff} << 32) | (1ull << 52) : 0) |
        (write ? 1ull << 53 : 0) | (who.at == base::address_type::translated ? 1ull << 54 : 0) |
        (who.requested_known ? 1ull << 55 : 0);
    ctx_.probe.emit(base::kind::memory_access, place_, ctx_.now(), who.span, gp.get_address(), bits,
                    who.requested.value, static_cast<std::uint64_t>(who.obtained.count));
}

}  // namespace drydock::system
