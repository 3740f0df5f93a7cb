// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/caps/express.h"

namespace drydock::pcie {
namespace {

constexpr unsigned devctl = 0x08, devsta = 0x0a, lnkctl = 0x10, lnksta = 0x12, sltctl = 0x18,
                   sltsta = 0x1a, rootctl = 0x1c, rootsta = 0x20, devctl2 = 0x28, lnkctl2 = 0x30,
                   devcap2 = 0x24;
constexpr std::uint16_t device_control_reset =
    0x2810;  // MRRS 512, No Snoop and Relaxed Ordering enabled, MPS 128
constexpr std::uint16_t max_payload_bits = 0x00e0;

bool is_port(port_type t) {
    return t == port_type::root_port || t == port_type::switch_upstream ||
           t == port_type::switch_downstream;
}

void declare_second(config_registers& r, std::uint16_t at, bool version_1) {
    if (version_1) return;  // 0x24 and up came with version 2
    const bool forwards_ari = (r.get32(at + devcap2) & express_view::ari_forwarding_bit) != 0;
    const bool routes_atomics = (r.get32(at + devcap2) & express_view::atomic_routing) != 0;
    r.declare_rw(at + devctl2, 2,
                 (forwards_ari ? 0xf77fu : 0xf75fu) |
                     (routes_atomics ? express_view::atomic_egress_blocking : 0u));
    if (static_cast<port_type>((r.get16(at + 2u) >> 4) & 0xf) != port_type::root_complex_endpoint)
        r.declare_rw(at + lnkctl2, 2, 0x000f, r.get32(at + 0xcu) & 0xf, retention::sticky);
}

}  // namespace

device_control_bits express_view::device_control_of(const config_registers& r, std::uint16_t at) {
    device_control_bits d;
    if (at == 0) return d;
    const std::uint16_t v = r.get16(at + devctl);
    d.correctable_reporting = (v & 1) != 0;
    d.nonfatal_reporting = (v & 2) != 0;
    d.fatal_reporting = (v & 4) != 0;
    d.unsupported_request_reporting = (v & 8) != 0;
    d.relaxed_ordering = (v & 0x10) != 0;
    d.extended_tag = (v & 0x100) != 0;
    // Codes 6 and 7 are reserved; they act as the largest size.
    const auto bytes = [](unsigned code) {
        return static_cast<std::uint16_t>(128u << (code > 5 ? 5 : code));
    };
    d.max_payload = bytes((v >> 5) & 7);
    d.max_read_request = bytes((v >> 12) & 7);
    return d;
}

void express_view::record_pme(std::uint16_t who) {
    constexpr std::uint32_t status = 1u << 16, pending = 1u << 17;
    if ((regs.get32(at + rootsta) & status) != 0)
        regs.set(at + rootsta, 4, pending, pending);
    else
        regs.set(at + rootsta, 4, status | 0xffff, status | who);
}

void express_view::declare(config_registers& r, std::uint16_t at) {
    const auto type = static_cast<port_type>((r.get16(at + 2u) >> 4) & 0xf);
    const bool version_1 = (r.get16(at + 2u) & 0xf) < 2;
    const bool flr = ((r.get32(at + 4u) >> 28) & 1) != 0;
    const bool slot = is_port(type) && (r.get16(at + 2u) & 0x100) != 0;
    if (r.image.virtual_function) {  // the rest is the PF's (SR-IOV)
        if (flr) r.declare_rw(at + devctl, 2, initiate_flr);
        r.declare_w1c(at + devsta, 2, 0xf);
        return r.declare_status(at + devsta, 2, transactions_pending);
    }
    // Initiate FLR is RW only so that the write is seen; config_space takes it back to 0 at once.
    r.declare_rw(at + devctl, 2, 0x7f1f, device_control_reset & 0x7f1f);
    r.declare_rw(at + devctl, 2, max_payload_bits, device_control_reset & max_payload_bits,
                 retention::flr);
    if (flr) r.declare_rw(at + devctl, 2, initiate_flr);
    r.declare_w1c(at + devsta, 2, 0xf);
    r.declare_status(at + devsta, 2, transactions_pending);
    if (type == port_type::root_complex_endpoint) return declare_second(r, at, version_1);
    // ASPM, RCB, common clock and extended synch survive an FLR (PCIe); RCB is fixed by a
    // port.
    r.declare_rw(at + lnkctl, 2, is_port(type) ? 0x00c3 : 0x00cb, 0, retention::flr);
    if (is_port(type)) {
        r.declare_rw(at + lnkctl, 2, 0x0030);
        r.declare_status(at + lnksta, 2, 0x2000);
    }
    if (slot) {
        r.declare_rw(at + sltctl, 2, 0x5fff);
        r.declare_w1c(at + sltsta, 2, 0x011f);
    }
    if (type == port_type::root_port) {
        const bool visibility = (r.get16(at + 0x1eu) & 1) != 0;
        r.declare_rw(at + rootctl, 2, visibility ? 0x1f : 0x0f);
        r.declare_status(at + rootsta, 4, 0x2ffff);
        r.declare_w1c(at + rootsta, 4, 0x10000);
    }
    declare_second(r, at, version_1);
}

}  // namespace drydock::pcie
