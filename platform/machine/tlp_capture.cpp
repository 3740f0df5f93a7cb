// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/tlp_capture.h"

#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/codec.h"

namespace drydock::machine {

tlp_capture::tlp_capture(hardware& h, std::unique_ptr<waves::packet_sink> to)
    : hardware_(h), to_(std::move(to)) {
    hardware_.tap_links(this);
}

tlp_capture::~tlp_capture() { hardware_.tap_links(nullptr); }

void tlp_capture::sent(base::place_id wire, base::ps now, const pcie::tlp& t) {
    bytes_.clear();
    spans_.clear();
    pcie::pack(t, bytes_);
    const auto add = [this](base::span_id s) {
        if (s != base::no_span) spans_.push_back(s);
    };
    if (t.is_message() && t.code == pcie::msg_code::invalidate_completion)
        pcie::for_each_completed_span(t, add);
    else
        add(t.span);
    to_->packet(wire, now, spans_, bytes_);
}

}  // namespace drydock::machine
