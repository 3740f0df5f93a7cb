// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "platform/scenario/scenario.h"
#include "sw/iommu/iort.h"
#include "tlm/base/register_observer.h"
#include "tlm/pcie/routing.h"
#include "tlm/smmu/smmu.h"

namespace drydock::machine {

/// What an SMMU sees of the root complex: the ports that it translates for, counted from 0.
class ports_behind final : public pcie::requester_directory {
public:
    ports_behind(const pcie::requester_directory& all, std::vector<std::uint16_t> ports)
        : all_(all), ports_(std::move(ports)) {}

    std::optional<std::uint16_t> port_of(base::routing_id id) const override {
        const auto root = all_.port_of(id);
        if (!root) return std::nullopt;
        const auto mine = std::find(ports_.begin(), ports_.end(), *root);
        if (mine == ports_.end()) return std::nullopt;
        return static_cast<std::uint16_t>(mine - ports_.begin());
    }
    bool link_up(std::uint16_t p) const override { return all_.link_up(ports_[p]); }
    bool fail_fast(std::uint16_t p) const override { return all_.fail_fast(ports_[p]); }

private:
    const pcie::requester_directory& all_;
    std::vector<std::uint16_t> ports_;
};

/// Tells of the registers of one of several blocks that lie side by side.
struct registers_at final : base::register_observer {
    registers_at(base::register_observer& w, std::uint64_t a) : whole(w), at(a) {}
    void register_changed(std::uint64_t offset) override { whole.register_changed(at + offset); }
    base::register_observer& whole;
    std::uint64_t at;
};

/// An SMMU in its place.
struct smmu_seat {
    std::string name;                  ///< the scenario's; of a single one "smmu"
    unsigned described = 0;            ///< index in scenario::machine::smmus
    base::phys_addr registers{};       ///< of its 128 KiB
    std::vector<std::uint16_t> ports;  ///< root ports that it translates for
    std::unique_ptr<smmu::smmu> device;
    std::unique_ptr<ports_behind> directory;
    std::unique_ptr<registers_at> observer;
};

/// The SMMUs that some root port names, in the scenario's order: those that are built. Devices are
/// still to be made.
std::vector<smmu_seat> smmu_seats(const scenario::machine& m, base::phys_addr registers);

/// What firmware tells of them: for each Requester ID which of `seats` translates, by which
/// StreamID.
std::vector<sw::iort_mapping> id_mappings(const scenario::machine& m,
                                          const std::vector<smmu_seat>& seats);

}  // namespace drydock::machine
