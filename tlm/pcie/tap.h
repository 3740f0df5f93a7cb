// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/base/probe.h"
#include "tlm/base/time.h"

namespace drydock::pcie {

struct tlp;

/// Sees each TLP as its first byte goes on a wire, right after the probe's kind::tlp_sent, and only
/// while somebody subscribes to that kind. Changes nothing.
struct tlp_tap {
    /// @param wire the direction of the link, as in the event
    virtual void sent(base::place_id wire, base::ps now, const tlp& t) = 0;

protected:
    ~tlp_tap() = default;
};

}  // namespace drydock::pcie
