// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "platform/machine/hardware.h"
#include "tlm/pcie/tap.h"
#include "waves/packets.h"

namespace drydock::machine {

/// Brings the TLPs of every link, as bytes, to a packet file.
class tlp_capture final : public waves::sink, pcie::tlp_tap {
public:
    tlp_capture(hardware& h, std::unique_ptr<waves::packet_sink> to);
    ~tlp_capture() override;
    void close() override { to_->close(); }
    std::uint64_t overflowed() const override { return to_->overflowed(); }

private:
    void sent(base::place_id wire, base::ps now, const pcie::tlp& t) override;

    hardware& hardware_;
    std::unique_ptr<waves::packet_sink> to_;
    std::vector<std::uint8_t> bytes_;
    std::vector<base::span_id> spans_;
};

}  // namespace drydock::machine
