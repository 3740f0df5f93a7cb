// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/pcie/config_space.h"

namespace drydock::pcie {

/// The VC resources of a port, or of function 0 of a device: what its registers make of the link,
/// and VC Negotiation Pending.
class channel_end {
public:
    explicit channel_end(config_space& space) : space_(space), map_(space.vc().map()) {}

    const channel_map& map() const { return map_; }
    /// There is the capability, hence a map to tell the link.
    bool present() const { return space_.vc().present(); }
    /// VC resources; without the capability 1.
    unsigned resources() const { return present() ? space_.vc().channels() : 1; }
    /// Reads the registers again. @return whether the link must hear of it
    bool decode();
    /// The link has initialised flow control of a channel, or lost it.
    void set_active(unsigned vc, bool active);

private:
    void show();

    config_space& space_;
    channel_map map_;
    std::uint8_t active_ = 1;
};

}  // namespace drydock::pcie
