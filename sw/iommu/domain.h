// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sw/kernel/gate.h"
#include "sw/pci/device.h"

namespace drydock::sw {

enum class iommu_domain_type : u8 { identity, blocked, paging, sva };
std::string_view iommu_domain_type_name(iommu_domain_type);

/// What an unmap had to invalidate; numbers as observers know them.
enum class unmap_class : u8 { none = 0, tlbi_only = 1, atc = 2 };

enum iommu_prot : u32 { IOMMU_READ = 1, IOMMU_WRITE = 2, IOMMU_MMIO = 16 };

/// A page that a device asks for (Linux: struct iommu_fault_page_request).
struct iommu_fault {
    u64 addr = 0;
    u32 pasid = 0;
    bool pasid_valid = false;
    u16 grpid = 0;      ///< of its group, 9 bits
    bool last = false;  ///< of its group: the group is complete and to be answered
    bool read = false, write = false;
};

/// Answer to a group (Linux: enum iommu_page_response_code).
enum class iommu_page_response_code : u8 {
    success,  ///< the pages are there
    invalid,  ///< they will not come: do not ask again
    failure   ///< nothing is to be asked for any more
};

/// An address space that devices can be attached to (Linux: struct iommu_domain and its ops).
struct iommu_domain {
    iommu_domain(iommu_domain_type t, u32 number, std::string n)
        : type(t), id(number), name(std::move(n)) {}
    virtual ~iommu_domain() = default;

    iommu_domain_type type;
    u32 id;  ///< by which observers name it
    std::string name;
    std::unique_ptr<lifetime> life = {};  ///< none: it is the driver's own and stays
    /// Shut while its page tables may not change; none: nobody ever wanted that.
    std::unique_ptr<gate> mutation = {};
    /// Devices of one IOMMU only can be attached (Linux: smmu_domain->smmu); none: of any.
    std::optional<u32> instance = {};
    /// Brings a page in; may sleep. Set before the first attach. Empty: a page that is not mapped
    /// stays so.
    std::function<iommu_page_response_code(const iommu_fault&)> iopf_handler = {};

    /// Lets the device's requests without PASID translate by this domain. group->mutex is held.
    /// @param old what the core says the device was attached to; may be null
    virtual int attach_dev(device&, iommu_domain* old) = 0;
    /// The same for one PASID. The blocked domain's form removes the PASID from `old`.
    virtual int set_dev_pasid(device&, u32 pasid, iommu_domain* old) = 0;

    /// @return 0; -EINVAL for misaligned ranges or a domain without page tables; -EEXIST if mapped
    /// already
    virtual int map_pages(dma_addr_t, phys_addr_t, u64 bytes, u32 prot);
    /// Clears the entries and returns when no device can use them any more. A timeout of the
    /// hardware's invalidation is not reported: the caller frees the pages.
    virtual unmap_class unmap_pages(dma_addr_t, u64 bytes);
    /// @return 0 if not mapped
    virtual phys_addr_t iova_to_phys(dma_addr_t);
};

/// Driver entry points that are not per domain (Linux: struct iommu_ops).
struct iommu_ops {
    virtual ~iommu_ops() = default;
    virtual iommu_domain& identity_domain() = 0;
    /// Null: the driver has none; the core then uses an empty paging domain.
    virtual iommu_domain* blocked_domain() = 0;
    virtual std::unique_ptr<iommu_domain> domain_alloc_paging(u32 id, std::string name) = 0;
    virtual std::unique_ptr<iommu_domain> domain_alloc_sva(u32 id, std::string name) = 0;
    virtual int probe_device(device&) = 0;
    /// The device has left its group.
    virtual void release_device(device&) {}
    /// A reset has ended well: lifts what the driver itself holds against the device.
    /// group->mutex is held, the device is not attached again yet.
    virtual void reset_device_done(device&) {}
    /// Answers the group that this was the last request of (Linux: ops->page_response).
    virtual void page_response(device&, const iommu_fault&, iommu_page_response_code) {}
};

}  // namespace drydock::sw
