// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/lspci_text.h"

#include <cstdio>

namespace drydock::pcie {

std::string slot_name(base::routing_id id) {
    char text[16];
    std::snprintf(text, sizeof text, "%02x:%02x.%x", id.value >> 8u, (id.value >> 3u) & 31u,
                  id.value & 7u);
    return text;
}

std::string lspci_text(const config_space& space, const std::string& slot, std::size_t bytes) {
    char text[64];
    std::snprintf(text, sizeof text, " Class %04x: Device %04x:%04x (rev %02x)",
                  unsigned{space.read(0x0a, 2)}, unsigned{space.read(0, 2)},
                  unsigned{space.read(2, 2)}, unsigned{space.read(8, 1)});
    std::string s = slot + text;
    for (std::size_t at = 0; at < bytes; ++at) {
        if (at % 16 == 0) s += (std::snprintf(text, sizeof text, "\n%02zx:", at), text);
        s += (std::snprintf(text, sizeof text, " %02x",
                            unsigned{space.read(static_cast<std::uint16_t>(at), 1)}),
              text);
    }
    return s + "\n\n";
}

}  // namespace drydock::pcie
