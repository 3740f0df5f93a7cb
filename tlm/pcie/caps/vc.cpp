// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/caps/vc.h"

namespace drydock::pcie {

channel_map vc_view::map() const {
    channel_map m;
    if (!present()) return m;
    m.of_tc.fill(channel_map::unmapped);
    m.enabled = 0;
    m.low_priority = static_cast<std::uint8_t>(low_priority());
    for (unsigned n = 0; n < channels(); ++n) {
        const auto v = static_cast<std::uint8_t>(vc_id(n));
        if (!enabled(n) || m.has(v)) continue;
        m.enabled = static_cast<std::uint8_t>(m.enabled | (1u << v));
        m.resource[v] = static_cast<std::uint8_t>(n);
        const std::uint32_t tcs = regs.get32(control_at(n)) & map_bits;
        for (unsigned tc = 0; tc < m.of_tc.size(); ++tc)
            if (((tcs >> tc) & 1) != 0 && m.of_tc[tc] == channel_map::unmapped) m.of_tc[tc] = v;
    }
    return m;
}

void vc_view::declare(config_registers& r, std::uint16_t at) {
    const vc_view v{r, at};
    r.declare_rw(at + 0xcu, 2, 0x000e, 0, retention::flr);  // VC Arbitration Select
    r.declare_status(at + 0xcu, 2, 0x0001);                 // Load VC Arbitration Table reads 0
    for (unsigned n = 0; n < v.channels(); ++n) {
        const unsigned control = v.control_at(n);
        r.declare_status(control, 4, 0x0001'0000);  // Load Port Arbitration Table reads 0
        r.declare_rw(control, 4, port_arbitration, 0, retention::flr);
        r.declare_status(control + 6, 2, 2, 0, retention::flr);
        if (n == 0) {
            r.declare_rw(control, 4, map_bits & ~1u, 0xfe, retention::flr);
            r.declare_fixed(control, 4, enable_bit | id_bits | 1, enable_bit | 1);
        } else {
            r.declare_fixed(control, 4, 1);  // TC0 is in VC0
            r.declare_rw(control, 4, (map_bits & ~1u) | id_bits | enable_bit, n << 24,
                         retention::flr);
        }
    }
}

}  // namespace drydock::pcie
