// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/registers.h"

namespace drydock::smmu {
namespace {

using base::reg;

constexpr std::uint64_t bit(bool on, unsigned at) { return std::uint64_t{on} << at; }
constexpr std::uint64_t field(std::uint64_t value, unsigned at) { return value << at; }

// SMMUv3 6.3.1-6.3.6
std::uint64_t idr0_of(const smmu_config& c) {
    return bit(c.s2p, 0) | bit(c.s1p, 1) | field(c.ttf, 2) | bit(c.cohacc, 4) | bit(c.btm, 5) |
           field(c.httu, 6) | bit(c.dormhint, 8) | bit(c.hyp, 9) | bit(c.ats, 10) |
           bit(c.ns1ats, 11) | bit(c.asid16, 12) | bit(c.msi, 13) | bit(c.sev, 14) |
           bit(c.atos, 15) | bit(c.pri, 16) | bit(c.vmw, 17) | bit(c.vmid16, 18) | bit(c.cd2l, 19) |
           bit(c.vatos, 20) | field(c.ttendian, 21) | bit(c.atsrecerr, 23) |
           field(c.stall_model, 24) | bit(c.term_model, 26) | field(c.st_level, 27);
}
std::uint64_t idr1_of(const smmu_config& c) {
    return field(c.sidsize, 0) | field(c.ssidsize, 6) | field(c.priqs, 11) | field(c.eventqs, 16) |
           field(c.cmdqs, 21) | bit(c.attr_perms_ovr, 26) | bit(c.attr_types_ovr, 27);
}
std::uint64_t idr3_of(const smmu_config& c) {
    return bit(c.had, 2) | bit(c.s2p, 4) | bit(c.pps, 5) | bit(c.s2p, 8) | bit(c.stt, 9) |
           bit(c.ril, 10) | field(c.bbml, 11);
}
std::uint64_t idr5_of(const smmu_config& c) {
    return field(c.oas, 0) | bit(c.gran4k, 4) | bit(c.gran16k, 5) | bit(c.gran64k, 6) |
           field(c.vax, 10) | field(c.stall_model == 1 ? 0 : c.stall_max, 16);
}

reg id(std::string_view name, std::uint64_t offset, std::uint64_t value) {
    return {name, offset, 4, base::register_access::ro, 0, value};
}

/// @param possible  IDR0.MSI; without it address, data and attributes are reserved
msi_registers msi_at(bool possible, std::string_view a, std::string_view d, std::string_view m,
                     std::uint64_t offset, std::uint64_t extra = 0) {
    constexpr auto rw = base::register_access::rw;
    return {{a, offset, 8, rw, possible ? base::bit_mask(51, 2) : 0},
            {d, offset + 8, 4, rw, possible ? base::bit_mask(31, 0) : 0},
            {m, offset + 12, 4, rw, (possible ? base::bit_mask(5, 0) : 0) | extra}};
}

}  // namespace

register_map::register_map(const smmu_config& c)
    : idr0(id("IDR0", 0x00, idr0_of(c))),
      idr1(id("IDR1", 0x04, idr1_of(c))),
      idr2(id("IDR2", 0x08, 0)),
      idr3(id("IDR3", 0x0c, idr3_of(c))),
      idr4(id("IDR4", 0x10, 0)),
      idr5(id("IDR5", 0x14, idr5_of(c))),
      cr0{"CR0", 0x20, 4, rw,
          cr0::smmuen | cr0::eventqen | cr0::cmdqen | (c.pri ? cr0::priqen : 0) |
              (c.ats ? cr0::atschk : 0) | (c.vmw ? cr0::vmw : 0)},
      cr2{"CR2", 0x2c, 4, rw,
          (c.hyp ? cr2::e2h : 0) | cr2::recinvsid | cr2::ptm |
              (c.atsrecerr ? cr2::rec_cfg_ats : 0)},
      gbpa{"GBPA",
           0x44,
           4,
           rw,
           base::bit_mask(4, 0) | base::bit_mask(13, 8) | base::bit_mask(20, 16) | gbpa::update,
           0x1000},
      gerror_irq(msi_at(c.msi, "GERROR_IRQ_CFG0", "GERROR_IRQ_CFG1", "GERROR_IRQ_CFG2", 0x68)),
      eventq_irq(msi_at(c.msi, "EVENTQ_IRQ_CFG0", "EVENTQ_IRQ_CFG1", "EVENTQ_IRQ_CFG2", 0xb0)),
      priq_irq(msi_at(c.msi, "PRIQ_IRQ_CFG0", "PRIQ_IRQ_CFG1", "PRIQ_IRQ_CFG2", 0xd0,
                      std::uint64_t{1} << 31)) {}

void register_map::add_to(base::register_file& f) {
    for (reg* r : {&idr0,
                   &idr1,
                   &idr2,
                   &idr3,
                   &idr4,
                   &idr5,
                   &iidr,
                   &aidr,
                   &cr0,
                   &cr0ack,
                   &cr1,
                   &cr2,
                   &gbpa,
                   &irq_ctrl,
                   &irq_ctrlack,
                   &gerror,
                   &gerrorn,
                   &strtab_base,
                   &strtab_base_cfg,
                   &cmdq_base,
                   &cmdq_prod,
                   &cmdq_cons,
                   &eventq_base,
                   &eventq_prod,
                   &eventq_cons,
                   &priq_base,
                   &priq_prod,
                   &priq_cons,
                   &cidr0,
                   &cidr1,
                   &cidr2,
                   &cidr3})
        f.add(*r);
    for (msi_registers* m : {&gerror_irq, &eventq_irq, &priq_irq}) {
        f.add(m->address);
        f.add(m->data);
        f.add(m->attributes);
    }
    // SMMUv3: the page-0 twins of the page-1 registers are aliases (choice).
    constexpr std::uint64_t page0 = 0xffff;
    for (reg* r : {&eventq_prod, &eventq_cons, &priq_prod, &priq_cons})
        f.alias(*r, r->offset & page0);
}

}  // namespace drydock::smmu
