// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "sw/iommu/group.h"

namespace drydock::sw {

class iommu_core;
struct pci_dev;

/// How the core protects a reset, and what it refuses meanwhile. One implementation per published
/// variant (linux-flow 1), one file each. group->mutex is held in the fences; prepare() and done()
/// take it themselves.
struct reset_ops {
    virtual ~reset_ops() = default;
    virtual std::string_view name() const = 0;

    virtual int prepare(iommu_core&, pci_dev&) = 0;
    virtual void done(iommu_core&, pci_dev&) = 0;

    /// Attach, replace or PASID attach of a whole group: none = go on, else the caller returns this
    /// at once.
    virtual std::optional<int> group_fence(const iommu_group&) const { return std::nullopt; }
    /// Whether attaching that must succeed (detach) passes the group fence and leaves blocked
    /// members alone.
    virtual bool must_succeed_passes() const { return false; }
    /// Attach of one device (RID).
    virtual std::optional<int> device_fence(const group_device&) const { return std::nullopt; }
    /// Whether a deferred attach takes group->mutex (since 5d5388b0e190); before, it races with
    /// attaching.
    virtual bool deferred_attach_locks() const { return true; }
    virtual std::optional<int> deferred_fence(const iommu_group&, const group_device&) const {
        return std::nullopt;
    }
    /// Whether PASID removal leaves this member alone, since it is detached already.
    virtual bool skips_pasid_removal(const group_device&) const { return false; }
    /// What the driver is told the device translates by.
    virtual iommu_domain* driver_domain(const iommu_group& g, const group_device&) const {
        return g.domain;
    }
};

std::unique_ptr<reset_ops> make_reset_none();
std::unique_ptr<reset_ops> make_reset_m2();

/// @throws std::invalid_argument naming the variants that there are
std::unique_ptr<reset_ops> make_reset_variant(std::string_view name);

}  // namespace drydock::sw
