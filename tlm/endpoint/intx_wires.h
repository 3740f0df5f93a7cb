// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "tlm/endpoint/transmitter.h"
#include "tlm/pcie/intx.h"

namespace drydock::endpoint {

/// INTx of a device: each wire is the OR of its functions; its edges go up as messages, behind the
/// writes that were queued before.
class intx_wires final : outlet::sender {
public:
    intx_wires(transmitter& tx, pcie::tlp_pool& pool)
        : pool_(pool), out_(tx, *this, pcie::intx_pins, 0, 0) {}

    /// A function begins or ends to pull a wire.
    void change(unsigned pin, bool asserted, base::routing_id device) {
        device_ = device;
        pulling_[pin] += asserted ? 1 : UINT32_MAX;
        tell();
    }
    /// After DL_Down the other end takes all wires for deasserted.
    void link_changed(bool up) {
        up_ = up;
        if (up) return tell();
        out_.drop(pcie::fc_class::posted, [](const pcie::tlp_ptr&) {});
        told_ = 0;
    }
    void set_digests(bool on) { out_.set_digests(on); }

private:
    void left(pcie::fc_class, unsigned) override { tell(); }
    void tell() {
        for (unsigned pin = 0; up_ && pin < pcie::intx_pins; ++pin) {
            const bool wanted = pulling_[pin] != 0, known = (told_ >> pin & 1) != 0;
            if (wanted == known || out_.room(pcie::fc_class::posted) == 0) continue;
            told_ ^= static_cast<std::uint8_t>(1u << pin);
            out_.push(pcie::make_intx_message(pool_, pin, wanted, device_));
        }
    }

    pcie::tlp_pool& pool_;
    outlet out_;
    base::routing_id device_{};
    std::array<std::uint32_t, pcie::intx_pins> pulling_{};  ///< functions
    std::uint8_t told_ = 0;                                 ///< as the other end knows
    bool up_ = true;
};

}  // namespace drydock::endpoint
