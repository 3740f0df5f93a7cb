// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/config.h"
#include "tlm/smmu/leaf.h"
#include "tlm/smmu/pipeline.h"
#include "tlm/smmu/tagged_cache.h"

namespace drydock::smmu {

using tlb = tagged_cache<leaf>;

/// A translation buffer unit: the TLBs of one root port.
struct tbu {
    tbu(const smmu_config& c, tlb_stamps& stamps)
        : micro(c.micro_tlb_entries, c.micro_tlb_ways, stamps),
          main(c.main_tlb_entries, c.main_tlb_ways, stamps),
          micro_port(c.clock, c.micro_tlb_cycles),
          main_port(c.clock, c.main_tlb_cycles) {}
    tlb micro, main;
    pipeline micro_port, main_port;

    std::uint64_t sets_probed() const { return micro.sets_probed() + main.sets_probed(); }
};

}  // namespace drydock::smmu
