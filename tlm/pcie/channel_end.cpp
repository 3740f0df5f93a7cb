// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/channel_end.h"

namespace drydock::pcie {

bool channel_end::decode() {
    if (!present()) return false;
    const channel_map now = space_.vc().map();
    const bool changed = !(now == map_);
    map_ = now;
    show();
    return changed;
}

void channel_end::set_active(unsigned vc, bool active) {
    const auto bit = static_cast<std::uint8_t>(1u << vc);
    active_ = static_cast<std::uint8_t>(active ? active_ | bit : active_ & ~bit);
    if (present()) show();
}

void channel_end::show() {
    vc_view v = space_.vc();
    for (unsigned n = 1; n < v.channels(); ++n)
        v.set_negotiating(n, v.enabled(n) && ((active_ >> v.vc_id(n)) & 1) == 0);
}

}  // namespace drydock::pcie
