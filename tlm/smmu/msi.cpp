// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/msi.h"

#include "tlm/smmu/little_endian.h"

namespace drydock::smmu {

void msi::send(msi_source source, base::phys_addr address, std::uint32_t data) {
    if (wires_ != nullptr) wires_->pulse(source);
    if (address.value == 0) return;
    if (ctx_.probe.wants(base::kind::msi_sent))
        ctx_.probe.emit(base::kind::msi_sent, place_, ctx_.now(), base::no_span, address.value,
                        data);
    ++pending_[static_cast<std::size_t>(source)];
    std::array<std::uint8_t, 4> bytes;
    store_le(bytes, data);
    memory_.write(*this, static_cast<std::uint64_t>(source), address, bytes);
}

void msi::answered(std::uint64_t token, tlm::tlm_generic_payload& gp) {
    --pending_[token];
    client_.msi_settled(static_cast<msi_source>(token), gp.is_response_error());
}

}  // namespace drydock::smmu
