// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sw/iommu/group.h"
#include "sw/pci/reset.h"

namespace drydock::sw {

class iommu_core;
struct pci_dev;

/// How the core protects a reset, and what it refuses meanwhile. One implementation per published
/// variant (linux-flow 1), one file each in sw/iommu/reset. group->mutex is held in the fences;
/// prepare() and done() take it themselves.
///
/// A fence that has nothing to say gives none and the caller goes on; else the caller returns the
/// value: a refusal, or 0, "done already", without having called the driver.
struct reset_ops {
    using fence = std::optional<int>;

    virtual ~reset_ops() = default;
    virtual std::string_view name() const = 0;

    virtual int prepare(iommu_core&, pci_dev&) = 0;
    /// @param result of the reset; only M3 looks at it
    virtual void done(iommu_core&, pci_dev&, int result) = 0;
    /// Blocks a device that is broken, without a reset; what lifts it is the variant's matter.
    virtual int quarantine(iommu_core& core, pci_dev& d) { return prepare(core, d); }

    // -- fences --
    /// Attach, replace, detach of a whole group; PASID attach and replace.
    virtual fence group_fence(const iommu_group&) const { return std::nullopt; }
    /// Whether attaching that must succeed (detach) passes the group fence and leaves blocked
    /// members to done().
    virtual bool must_succeed_passes() const { return false; }
    /// Attach of one member.
    virtual fence device_fence(const group_device&) const { return std::nullopt; }
    /// PASID attach of one member, inside the loop over the group: done() goes through it, too.
    virtual fence pasid_fence(const group_device&) const { return std::nullopt; }
    /// Whether a deferred attach takes group->mutex (since 5d5388b0e190); before, it races with
    /// attaching.
    virtual bool deferred_attach_locks() const { return true; }
    virtual fence deferred_fence(const iommu_group&, const group_device&) const {
        return std::nullopt;
    }
    /// Whether PASID removal leaves this member alone, since it is detached already.
    virtual bool skips_pasid_removal(const group_device&) const { return false; }

    // -- what the driver is told --
    /// What the device translates by, as far as the core knows.
    virtual iommu_domain* driver_domain(const iommu_group& g, const group_device&) const {
        return g.domain;
    }
    /// Whether the driver finds out by that question what it attaches a device away from; else the
    /// core says it (since R4).
    virtual bool driver_asks_old() const { return false; }

    // -- what the PCI side asks (struct reset_iommu) --
    virtual bool wraps(pci_reset_method) const { return true; }
    virtual bool wraps_probe(pci_reset_method) const { return false; }
    virtual bool prepare_failure_aborts() const { return true; }
    virtual bool done_after_failure() const { return true; }
};

/// One published variant.
struct reset_variant {
    std::string_view name;
    std::string_view what;
    std::unique_ptr<reset_ops> (*make)();
};
const std::vector<reset_variant>& reset_variants();
/// @throws std::invalid_argument naming the variants that there are
std::unique_ptr<reset_ops> make_reset_variant(std::string_view name);

}  // namespace drydock::sw
