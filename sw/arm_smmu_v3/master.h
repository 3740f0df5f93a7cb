// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "sw/arm_smmu_v3/device.h"
#include "sw/arm_smmu_v3/invs.h"
#include "sw/pci/pci_dev.h"

namespace drydock::sw {

class arm_smmu_domain;

/// A device behind the SMMU (Linux: struct arm_smmu_master).
class arm_smmu_master final : public iommu_private {
public:
    arm_smmu_master(arm_smmu_device& smmu, device& dev);
    ~arm_smmu_master() override { smmu.forget(*this); }

    arm_smmu_device& smmu;
    device& dev;
    /// StreamID, and the Requester ID that it stands for.
    struct stream {
        u32 id;
        u16 rid;
        bool inserted = false;  ///< in the SMMU's tree; one that the device names twice is once
    };
    std::vector<stream> streams;  ///< by StreamID
    bool ats_enabled = false;     ///< of the last committed attach; pci_dev::ats_enabled follows it
    bool ste_ats_enabled = false;  ///< EATS of the STE
    /// The device did not answer an ATC_INV: it gets none any more, and no ATS.
    bool ats_broken = false;
    /// Domains that it is attached to, one for each attach.
    std::vector<arm_smmu_domain*> domains;
    u8 ssid_bits = 0;
    std::unique_ptr<cd_table> cds;
    unsigned iopf_users = 0;  ///< attached domains that bring pages in on demand

    lifetime life;

    bool ats_supported() const;
    bool pri_supported() const;
    bool ssids_in_use() const { return cds->used_ssids != 0; }
    /// An ATC_INV may be sent: not into containment that software knows of; with
    /// options.presence_check only if the function's configuration space answers.
    bool reachable() const;

    void install_ste(const entry_words&);
    /// @param ats EATS  @param s1dss what requests without PASID get
    entry_words make_cdtable_ste(bool ats, u64 s1dss) const;
    void alloc_cd_ptr(u32 ssid);
    void write_cd(u32 ssid, const entry_words&);
    void clear_cd(u32 ssid);
    /// Invalidates the whole ATC (ssid IOMMU_NO_PASID) or one PASID's part, and waits.
    void atc_inv_master(u32 ssid);
    /// STE.EATS=0, CFGI_STE, SYNC: no Translation Request is granted, no translated one passes.
    /// From any context.
    void clear_eats();
    /// A reset has healed it: the next attach may turn ATS on.
    void unfence();
    /// What an attach to this domain has put there: of a fenced device it depends on when that was.
    std::vector<arm_smmu_inv> invs_of(const arm_smmu_domain&, bool ats, u32 ssid) const;
    /// One attach to this domain has ended.
    void left(arm_smmu_domain&);
    /// The ATS entries that build_invs() would have, of one PASID.
    std::vector<arm_smmu_inv> ats_invs(u32 ssid) const;
    void enable_ats();
    /// A domain whose pages come in on demand was attached, or is about to go (Linux:
    /// arm_smmu_enable_iopf()).
    void enable_iopf();
    void disable_iopf();

    /// What a domain has to tell when it changes, if this device uses it for `ssid`, sorted.
    std::vector<arm_smmu_inv> build_invs(const arm_smmu_domain&, bool ats, u32 ssid) const;

private:
    void sync_cd(u32 ssid, bool leaf);
};

inline arm_smmu_master& to_master(device& dev) {
    return static_cast<arm_smmu_master&>(*dev.iommu->priv);
}

/// The steps common to every attach (Linux: struct arm_smmu_attach_state). prepare(), then CD and
/// STE, then commit(); under arm_smmu_asid_lock.
class arm_smmu_attach_state {
public:
    arm_smmu_attach_state(arm_smmu_master& m, u32 ssid, iommu_domain* old)
        : master_(m), ssid_(ssid), old_(old) {}
    bool cd_needs_ats =
        false;  ///< a CD table stays although the RID's domain has none: a PASID may use ATS
    bool ats_enabled = false;  ///< result of prepare()

    /// Adds the device to the new domain's addressees; turns ATS off at the device if the new state
    /// has none.
    void prepare(arm_smmu_domain* domain);
    /// Turns ATS on, or flushes the ATC; takes the device out of the old domain's addressees.
    void commit();

private:
    bool may_use_ats();

    arm_smmu_master& master_;
    u32 ssid_;
    iommu_domain* old_;
};

}  // namespace drydock::sw
