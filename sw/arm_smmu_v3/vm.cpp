// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/vm.h"

namespace drydock::sw {

namespace {

constexpr u64 gib_shift = 30, page_bytes = 4096, entry = 8;
// VMSAv8-64, stage 2: AF[10] SH[9:8] S2AP[7:6] MemAttr[5:2], a block [1:0]=1, a table or page 3
constexpr u64 attributes = u64{1} << 10 | u64{3} << 8 | u64{3} << 6 | u64{0xf} << 2;
constexpr u64 device_attributes = u64{1} << 10 | u64{3} << 6 | u64{1} << 2;
constexpr u64 block = 1, table_or_page = 3;
constexpr u64 table_address = 0x0000'ffff'ffff'f000;

unsigned index(u64 ipa, unsigned level) {
    return static_cast<unsigned>(ipa >> (39 - 9 * level) & 0x1ff);
}

}  // namespace

arm_smmu_vm::arm_smmu_vm(kernel& k, phys_addr_t ram, u64 bytes, guest_mode mode, u8 oas_code)
    : kernel_(k), mode_(mode), oas_code_(oas_code), root_(k.alloc_pages(1, "stage2")) {
    for (u64 gib = ram >> gib_shift; gib <= (ram + bytes - 1) >> gib_shift; ++gib) {
        const u64 at = gib << gib_shift;
        kernel_.store64(table(root_, index(at, 0)) + index(at, 1) * entry, at | attributes | block);
    }
    const u64 doorbell = k.msi_doorbell() / page_bytes * page_bytes;
    phys_addr_t t = root_;
    for (unsigned level = 0; level < 3; ++level) t = table(t, index(doorbell, level));
    kernel_.store64(t + index(doorbell, 3) * entry, doorbell | device_attributes | table_or_page);
}

/// The table that an entry leads to, made where there is none.
phys_addr_t arm_smmu_vm::table(phys_addr_t above, unsigned i) {
    const phys_addr_t at = above + i * entry;
    u64 descriptor = 0;
    kernel_.copy_from(&descriptor, at, sizeof descriptor);
    if (descriptor == 0) {
        descriptor = kernel_.alloc_pages(1, "stage2") | table_or_page;
        kernel_.store64(at, descriptor);
    }
    return descriptor & table_address;
}

void arm_smmu_vm::nest(entry_words& w) const {
    w[0] = (w[0] & ~ste::CFG) | ste::CFG_NESTED;
    if (mode_ == guest_mode::split_ats && (w[1] & ste::EATS) == ste::EATS_TRANS)
        w[1] = (w[1] & ~ste::EATS) | ste::EATS_S1CHK;
    w[2] = vmid | ste::S2_48BIT_4K_WB | u64{oas_code_} << ste::S2PS_SHIFT;
    w[3] = root_ & ste::S2TTB;
}

}  // namespace drydock::sw
