// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/driver.h"

#include <algorithm>
#include <stdexcept>

#include "sw/arm_smmu_v3/domain.h"
#include "sw/arm_smmu_v3/master.h"

namespace drydock::sw {

arm_smmu_driver::arm_smmu_driver(kernel& k)
    : kernel_(k),
      asid_lock_(k, "arm_smmu_asid_lock"),
      readers_(k),
      later_(k),
      identity_(std::make_unique<arm_smmu_static_domain>(*this, iommu_domain_type::identity, 1u,
                                                         "identity")),
      blocked_(std::make_unique<arm_smmu_static_domain>(*this, iommu_domain_type::blocked, 2u,
                                                        "blocked")) {}

arm_smmu_driver::~arm_smmu_driver() = default;

arm_smmu_device& arm_smmu_driver::add(arm_smmu_config config) {
    config.number = static_cast<u32>(smmus_.size());
    if (quarantine_) config.cmdq.atc_error = quarantine_->issuer_error();
    smmus_.push_back(std::make_unique<arm_smmu_device>(*this, config));
    return *smmus_.back();
}

iommu_domain& arm_smmu_driver::identity_domain() { return *identity_; }
iommu_domain* arm_smmu_driver::blocked_domain() { return blocked_.get(); }

std::unique_ptr<iommu_domain> arm_smmu_driver::domain_alloc_paging(u32 id, std::string name) {
    return std::make_unique<arm_smmu_domain>(*this, iommu_domain_type::paging, id, std::move(name));
}

std::unique_ptr<iommu_domain> arm_smmu_driver::domain_alloc_sva(u32 id, std::string name) {
    return std::make_unique<arm_smmu_domain>(*this, iommu_domain_type::sva, id, std::move(name));
}

int arm_smmu_driver::probe_device(device& dev) {
    if (!dev.iommu || dev.iommu->iommu_dev >= smmus_.size()) return -ENODEV;
    return smmu(dev.iommu->iommu_dev).probe_device(dev);
}

void arm_smmu_driver::release_device(device& dev) {
    if (dev.iommu && dev.iommu->priv) to_master(dev).smmu.release_device(to_master(dev));
}

void arm_smmu_driver::reset_device_done(device& dev) {
    if (dev.iommu && dev.iommu->priv) to_master(dev).unfence();
}

void arm_smmu_driver::page_response(device& dev, const iommu_fault& f,
                                    iommu_page_response_code code) {
    to_master(dev).smmu.page_response(dev, f, code);
}

u16 arm_smmu_driver::alloc_asid() {
    unsigned bits = 16;
    for (const auto& s : smmus_) bits = std::min<unsigned>(bits, s->features().asid_bits);
    if (next_asid_ >> bits != 0)
        throw std::runtime_error("SMMU has only " + std::to_string(bits) +
                                 " bits of ASID: too many domains");
    return static_cast<u16>(next_asid_++);
}

}  // namespace drydock::sw
