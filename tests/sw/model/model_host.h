// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "sw/hal/host.h"
#include "tests/sw/kernel/fake_host.h"

namespace drydock::sw::test {

/// One PCI function: 4 KiB of configuration space with the side effects that software relies on.
struct model_function {
    model_function();
    std::array<u8, 4096> bytes{};
    std::array<u8, 4096> writable{};  ///< mask of bits that stores change
    std::array<u64, 6> bar_size{};
    bool bridge = false;
    u16 flr_at = 0;  ///< offset of DevCtl; 0: no FLR
    hal::duration flr_time{};
    hal::time_point ready_at{};  ///< answers RRS before
    unsigned flrs = 0;

    u32 get(unsigned at, unsigned size) const;
    void put(unsigned at, u32 value, unsigned size);
    void store(unsigned at, unsigned size, u32 value, hal::time_point now);

private:
    std::array<u8, 4096> at_reset_{};
    bool saved_ = false;
    void reset(hal::time_point now);
};

/// A root port and an endpoint with MSI-X, ATS, PASID and a DMA engine's BAR0.
std::unique_ptr<model_function> make_root_port();
/// @param type  PCI_EXP_TYPE_UPSTREAM or _DOWNSTREAM
std::unique_ptr<model_function> make_switch_port(unsigned type, u8 mps = 2);
struct endpoint_options {
    bool ats = true, pasid = true, flr = true, pm = false, pri = false, pri_pasid = false;
    u8 mps = 2;
    hal::duration flr_time{100'000'000'000};  // 100 ms
};
std::unique_ptr<model_function> make_endpoint(const endpoint_options&);
inline constexpr u16 ep_pcie = 0x40, ep_msix = 0x80, ep_pm = 0xa0, ep_ats = 0x220, ep_pasid = 0x230,
                     ep_pri = 0x240;

/// What a command was, and when the SMMU took it.
struct taken_command {
    std::array<u64, 2> words;
    hal::time_point time;
    u8 opcode() const { return static_cast<u8>(words[0]); }
};

/// SMMU registers and PCI configuration space without timing, over the fake host's clock, stacks
/// and notes. Commands are consumed when PROD is written; `on_command` may keep a SYNC back.
class model_host final : hal::mmio, hal::dma_memory {
public:
    static constexpr phys_addr_t ram = 0x4000'0000, smmu = 0x0900'0000, ecam = 0x40'1000'0000;
    static constexpr u64 ram_size = 32u << 20;

    model_host();
    hal::host& doors() { return doors_; }
    fake_host fake;

    std::map<u16, std::unique_ptr<model_function>>
        functions;  ///< by bus << 8 | devfn, as numbered by software
    std::vector<taken_command> commands;
    std::function<void(u16 rid, unsigned at, u32 value)> on_config_write;
    /// @return false: the SYNC is not consumed until finish_sync()
    std::function<bool(const taken_command&)> on_command;
    std::function<void(phys_addr_t, u64)> on_bar_write;
    std::function<void(u64 offset, u64 value)> on_smmu_write;
    std::map<phys_addr_t, u64> bar;  ///< registers in BARs

    u64 reg(u64 offset) const;
    void set_reg(u64 offset, u64 value) { smmu_regs_[offset] = value; }
    void run_commands();  ///< goes on behind a SYNC that was kept back
    void raise_cerror(u32 code);
    /// Sets global error bits active beside those that are, and interrupts.
    void raise_gerror(u32 bits);
    u64 word(phys_addr_t) const;
    void put_word(phys_addr_t, u64);
    std::vector<u8> opcodes() const;
    hal::duration load_time{100'000}, store_time{20'000};

private:
    std::optional<hal::mmio_result> load(unsigned, phys_addr_t, unsigned size, hal::mmio_client&,
                                         u64) override;
    std::optional<hal::mmio_result> store(unsigned, phys_addr_t, unsigned size, u64,
                                          hal::mmio_client&, u64) override;
    u64 peek(phys_addr_t, unsigned) override;
    hal::duration load_cost(phys_addr_t, unsigned) override { return load_time; }
    hal::watch_id watch(phys_addr_t, hal::watch_client&, u64) override { return 0; }
    void unwatch(hal::watch_id) override {}
    phys_addr_t ram_base() const override { return ram; }
    u64 ram_bytes() const override { return ram_size; }
    void read(phys_addr_t, void*, std::size_t) override;
    void write(phys_addr_t, const void*, std::size_t, hal::span_id) override;
    void track_writers(phys_addr_t, u64) override {}

    hal::time_point now() { return fake.doors().clock.now(); }
    model_function* function(phys_addr_t);
    void smmu_store(u64 offset, u64 value);

    hal::host doors_;
    std::vector<u8> ram_;
    std::map<u64, u64> smmu_regs_;
    bool stopped_ = false;
};

}  // namespace drydock::sw::test
