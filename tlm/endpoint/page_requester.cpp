// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/page_requester.h"

#include "tlm/pcie/ats_messages.h"

namespace drydock::endpoint {

bool page_requester::receive_response(const pcie::tlp& response) {
    pcie::pri_view pri = config_.pri();
    if (!pri.present()) return false;
    // 1111 and the unused codes report failure whatever the index (PCIe); any other response
    // names an index that is not in flight.
    const std::uint8_t code = pcie::prg_response_code(response.address);
    const bool failure = code > static_cast<std::uint8_t>(pcie::prg_code::invalid_request);
    pri.set_status(failure ? pcie::pri_view::response_failure : pcie::pri_view::unexpected_index);
    return true;
}

void page_requester::config_written() {
    pcie::pri_view pri = config_.pri();
    if (pri.present()) pri.set_stopped(!pri.enabled());
}

}  // namespace drydock::endpoint
