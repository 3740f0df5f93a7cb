// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "tlm/base/context.h"
#include "tlm/smmu/interrupt_wires.h"
#include "tlm/smmu/memory_port.h"
#include "tlm/smmu/registers.h"

namespace drydock::smmu {

inline constexpr std::size_t msi_sources = 4;

struct msi_client {
    /// The MSI is visible, or its abort is known.
    virtual void msi_settled(msi_source, bool aborted) = 0;

protected:
    ~msi_client() = default;
};

/// Interrupts: a pulse on the source's wire, if somebody listens to it, and where there is an
/// address a 32-bit write that the SMMU does not translate. All are edges.
class msi final : memory_client {
public:
    msi(base::place_id place, base::context& ctx, memory_port& memory, msi_client& client)
        : ctx_(ctx), place_(place), memory_(memory), client_(client) {}

    void connect(interrupt_wires& w) { wires_ = &w; }
    /// @param address  0: wired only
    void send(msi_source, base::phys_addr address, std::uint32_t data);
    void send(msi_source s, const msi_registers& r) {
        send(s, base::phys_addr{r.address.value}, static_cast<std::uint32_t>(r.data.value));
    }
    /// Every earlier MSI of the source is visible or aborted.
    bool settled(msi_source s) const { return pending_[static_cast<std::size_t>(s)] == 0; }

private:
    void answered(std::uint64_t token, tlm::tlm_generic_payload&) override;

    base::context& ctx_;
    base::place_id place_;
    memory_port& memory_;
    msi_client& client_;
    interrupt_wires* wires_ = nullptr;
    std::array<unsigned, msi_sources> pending_{};
};

}  // namespace drydock::smmu
