// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/msi.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace drydock::endpoint {

void msi_messages::fire(std::uint32_t vector) {
    pcie::msi_view v = space_.msi();
    if (!v.enabled()) return;
    const unsigned message = vector & (messages() - 1);
    if (((v.mask() >> message) & 1) != 0)
        v.set_pending(v.pending() | 1u << message);
    else if (!try_send(message))
        waiting_ |= 1u << message;
}

unsigned msi_messages::messages() const {
    const pcie::msi_view v = space_.msi();
    return std::min(v.vectors_enabled(), v.vectors());
}

/// The low bits of the data say which message it is.
bool msi_messages::try_send(unsigned message) {
    const pcie::msi_view v = space_.msi();
    return sender_.try_send_msi(v.address(), (v.data() & ~(messages() - 1)) | message);
}

void msi_messages::flush() {
    pcie::msi_view v = space_.msi();
    if (!v.enabled()) return;
    const std::uint32_t unmasked = v.pending() & ~v.mask();
    if ((unmasked | waiting_) == 0) return;
    v.set_pending(v.pending() & ~unmasked);
    for (std::uint32_t due = std::exchange(waiting_, 0) | unmasked; due != 0; due &= due - 1) {
        const auto message = static_cast<unsigned>(std::countr_zero(due));
        if (!try_send(message)) waiting_ |= 1u << message;
    }
}

}  // namespace drydock::endpoint
