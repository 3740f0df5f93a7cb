// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/device.h"

#include <algorithm>
#include <stdexcept>

#include "sw/arm_smmu_v3/driver.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/arm_smmu_v3/regs.h"
#include "sw/pci/device.h"

namespace drydock::sw {

using namespace smmu_reg;

arm_smmu_features arm_smmu_decode_features(u32 idr0, u32 idr1, u32 idr3, u32 idr5) {
    static constexpr u8 oas_bits[]{32, 36, 40, 42, 44, 48, 52, 52};
    arm_smmu_features f;
    f.s2 = idr0 & IDR0_S2P;
    f.split_ats = f.s2 && !(idr0 & IDR0_NS1ATS);
    f.ats = idr0 & IDR0_ATS;
    f.pri = idr0 & IDR0_PRI;
    f.msi = idr0 & IDR0_MSI;
    f.sev = idr0 & IDR0_SEV;
    f.hyp = idr0 & IDR0_HYP;
    f.coherent = idr0 & IDR0_COHACC;
    f.two_level_cdtab = idr0 & IDR0_CD2L;
    f.stalls = field(idr0, 25, 24) == 0;
    f.two_level_strtab = field(idr0, 28, 27) == 1;
    f.asid_bits = idr0 & IDR0_ASID16 ? 16 : 8;
    f.sid_bits = static_cast<u8>(field(idr1, 5, 0));
    f.ssid_bits = static_cast<u8>(field(idr1, 10, 6));
    f.range_inv = idr3 & IDR3_RIL;
    f.oas_code =
        static_cast<u8>(std::min<u32>(field(idr5, 2, 0), 5));  // 48 bits are what the tables use
    f.ias = oas_bits[f.oas_code];
    return f;
}

namespace {
constexpr hal::duration ack_limit = 1000ms;
u32 log2size_within(u32 wanted, u32 idr1, unsigned high, unsigned low) {
    return std::min(wanted, field(idr1, high, low));
}
}  // namespace

arm_smmu_device::arm_smmu_device(arm_smmu_driver& driver, const arm_smmu_config& config)
    : driver_(driver),
      kernel_(driver.k()),
      config_(config),
      cmdq_(kernel_, config.base, config.cmdq),
      strtab_(kernel_) {
    if (config_.cmdq.poll_gerror) {
        gerror_lock_ = std::make_unique<spinlock>(kernel_, "arm_smmu_gerror_lock");
        cmdq_.on_gerror([this] { gerror_handler(); });
    }
    if (config_.pri == pri_mode::handle)
        iopf_ = std::make_unique<iopf_queue>(kernel_, driver_,
                                             config_.iopf_cpu.value_or(config_.priq_cpu));
}

arm_smmu_device::~arm_smmu_device() = default;

quarantine_ops* arm_smmu_device::quarantine() const { return driver_.quarantine(); }

void arm_smmu_device::write_and_wait(u64 reg, u64 ack, u32 value) {
    kernel_.writel(config_.base + reg, value);
    const poll_backoff backoff{.spins = 9, .first_delay = 1us, .limit = ack_limit};
    const bool ok = kernel_.poll_register(
        config_.base + ack, 4, [value](u64 v) { return v == value; }, backoff);
    if (!ok)
        throw std::runtime_error("SMMU does not acknowledge register " + std::to_string(reg) +
                                 " within 1 s");
}

void arm_smmu_device::init_queue(hw_queue& q, std::string_view name, u64 base_reg, u32 log2size,
                                 u32 bytes) {
    const u64 total = u64{bytes} << log2size;
    q.memory = {alloc_aligned(kernel_, total, total, name), bytes};
    q.llq.max_n_shift = log2size;
    kernel_.writeq(config_.base + base_reg, Q_BASE_RWA | (q.memory.base & Q_BASE_ADDR) | log2size);
    kernel_.writel(config_.base + q.prod_reg, 0);
    kernel_.writel(config_.base + q.cons_reg, 0);
}

void arm_smmu_device::reset() {
    call_scope call(kernel_, "arm_smmu_device_reset", 0);
    const auto reg = [this](u64 r) { return kernel_.readl(config_.base + r); };
    const u32 idr0 = reg(IDR0), idr1 = reg(IDR1), idr5 = reg(IDR5);
    features_ = arm_smmu_decode_features(idr0, idr1, reg(IDR3), idr5);
    if (!(idr0 & IDR0_S1P))
        throw std::runtime_error("SMMU without stage 1 translation (IDR0.S1P=0)");
    if (!(idr5 & IDR5_GRAN4K))
        throw std::runtime_error("SMMU without the 4 KiB granule (IDR5.GRAN4K=0)");
    if (field(idr0, 25, 24) == 2)
        throw std::runtime_error(
            "SMMU that forces stalls, which no PCIe device can wait for (IDR0.STALL_MODEL=2)");
    if (config_.cmdq.log2size > field(idr1, 25, 21))
        throw std::runtime_error("SMMU's command queue holds at most 2^" +
                                 std::to_string(field(idr1, 25, 21)) +
                                 " entries (IDR1.CMDQS); lower cmdq_log2size");
    if (config_.cmdq.log2size == 0)
        throw std::runtime_error("a command queue of one entry has no room for a SYNC");
    if (!(idr0 & IDR0_MSI))
        throw std::runtime_error(
            "SMMU without MSIs (IDR0.MSI=0): wired interrupts are not modelled");
    cmdq_.limit_to(features_.sev, features_.msi && features_.coherent);
    config_.evtq_log2size = log2size_within(config_.evtq_log2size, idr1, 20, 16);
    config_.priq_log2size = log2size_within(config_.priq_log2size, idr1, 15, 11);
    config_.sid_bits = std::min<u32>(config_.sid_bits, features_.sid_bits);
    make_guest();

    cr0_ = 0;
    write_and_wait(CR0, CR0ACK, cr0_);
    kernel_.writel(config_.base + CR1, CR1_TABLES_AND_QUEUES_WB_ISH);
    kernel_.writel(config_.base + CR2, CR2_PTM | CR2_RECINVSID);
    strtab_.init(config_.sid_bits, features_.two_level_strtab);
    kernel_.writeq(config_.base + STRTAB_BASE, strtab_.base_register());
    kernel_.writel(config_.base + STRTAB_BASE_CFG, strtab_.config_register());
    enable_cmdq();
    enable_event_queues();
    if (features_.ats) write_and_wait(CR0, CR0ACK, cr0_ |= CR0_ATSCHK);
    setup_irqs();
    write_and_wait(CR0, CR0ACK, cr0_ |= CR0_SMMUEN);
}

void arm_smmu_device::make_guest() {
    if (config_.guest == guest_mode::off) return;
    if (!features_.s2)
        throw std::runtime_error(
            "a guest's devices need stage 2 (IDR0.S2P=0); set parameter smmu.s2p");
    if (config_.guest == guest_mode::split_ats && !features_.split_ats)
        throw std::runtime_error("split-stage ATS is not there (IDR0.NS1ATS=1)");
    if (features_.oas_code < 5)
        throw std::runtime_error("a guest needs addresses of 48 bits (IDR5.OAS)");
    vm_ = std::make_unique<arm_smmu_vm>(kernel_, config_.ram, config_.ram_bytes, config_.guest,
                                        features_.oas_code);
}

void arm_smmu_device::enable_cmdq() {
    cmdq_.init();
    write_and_wait(CR0, CR0ACK, cr0_ |= CR0_CMDQEN);
    cmdq_.issue_cmd_with_sync({.opcode = CMDQ_OP_CFGI_ALL});
    if (features_.hyp) cmdq_.issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_EL2_ALL});
    cmdq_.issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_NSNH_ALL});
}

void arm_smmu_device::enable_event_queues() {
    evtq_.prod_reg = EVTQ_PROD;
    evtq_.cons_reg = EVTQ_CONS;
    init_queue(evtq_, "evtq", EVTQ_BASE, config_.evtq_log2size, 32);
    write_and_wait(CR0, CR0ACK, cr0_ |= CR0_EVTQEN);
    if (!features_.pri) return;
    priq_.prod_reg = PRIQ_PROD;
    priq_.cons_reg = PRIQ_CONS;
    init_queue(priq_, "priq", PRIQ_BASE, config_.priq_log2size, 16);
    if (config_.pri != pri_mode::off)  // whose requests they are, for observers
        kernel_.host().memory.track_writers(priq_.memory.base, u64{16} << config_.priq_log2size);
    if (config_.priqen) write_and_wait(CR0, CR0ACK, cr0_ |= CR0_PRIQEN);
}

void arm_smmu_device::setup_msi(u64 cfg0, u32 vector) {
    kernel_.writeq(config_.base + cfg0, kernel_.msi_doorbell());
    kernel_.writel(config_.base + cfg0 + 8, vector);
    kernel_.writel(config_.base + cfg0 + 12, MEMATTR_DEVICE_nGnRE);
}

void arm_smmu_device::setup_irqs() {
    write_and_wait(IRQ_CTRL, IRQ_CTRLACK, 0);
    setup_msi(GERROR_IRQ_CFG0, kernel_.request_irq("arm-smmu-v3-gerror", config_.gerror_cpu,
                                                   [this] { gerror_handler(); }));
    setup_msi(EVTQ_IRQ_CFG0,
              kernel_.request_irq(
                  "arm-smmu-v3-evtq", config_.evtq_cpu, [] {}, [this] { evtq_thread(); }));
    u32 enable = IRQ_CTRL_GERROR | IRQ_CTRL_EVTQ;
    if (features_.pri) {
        setup_msi(PRIQ_IRQ_CFG0,
                  kernel_.request_irq(
                      "arm-smmu-v3-priq", config_.priq_cpu, [] {}, [this] { priq_thread(); }));
        enable |= IRQ_CTRL_PRIQ;
    }
    write_and_wait(IRQ_CTRL, IRQ_CTRLACK, enable);
}

}  // namespace drydock::sw
