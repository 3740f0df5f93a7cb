// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_space.h"
#include "tlm/pcie/tlp.h"

namespace drydock::endpoint {

/// The Page Request Interface of a function that never asks for pages: a DMA that meets a page
/// without access fails with no_access. It answers for the capability's registers and for PRG
/// Responses, none of which can belong to a request of its own.
class page_requester {
public:
    explicit page_requester(pcie::config_space& config) : config_(config) {}

    /// @return false: the function has no PRI, the message is an Unsupported Request
    bool receive_response(const pcie::tlp& response);
    /// Enable 1 -> 0: nothing is outstanding, so the interface has stopped; 0 -> 1: it runs (PCIe
    /// base).
    void config_written();

private:
    pcie::config_space& config_;
};

}  // namespace drydock::endpoint
