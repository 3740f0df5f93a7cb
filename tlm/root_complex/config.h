// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tlm/base/ids.h"
#include "tlm/base/time.h"
#include "tlm/pcie/link_training.h"
#include "tlm/root_complex/containment_if.h"

namespace drydock::root_complex {

/// Downstream Port Containment of a root port (PCIe DPC).
struct dpc_config {
    bool root_port_extensions = true;  ///< RP PIO, RP Busy
    bool poisoned_egress_blocking = false;
    bool software_trigger = true;
    bool dl_active_err_cor = true;
    /// RP PIO log, DWs: 4 header, 5 and ImpSpec, up to 9 with prefixes; requests of CPUs have
    /// neither ImpSpec nor prefix, those DWs read 0.
    unsigned pio_log_size = 4;
    base::ps clock{500};  ///< of the block that judges triggers and TLPs
    unsigned trigger_cycles = 0, release_cycles = 0, verdict_cycles = 0;  ///< containment_config
    /// From the announcement of containment (an interrupt; bit 15 of DPC Capability, Control and
    /// Status, in no specification) to containment; 0: such a port has none.
    base::ps notice{};
    base::ps rp_busy{1'000'000};  ///< work on outstanding requests after a trigger; never: stuck
    containment_maker make_containment{};  ///< none: the block at transaction level
};

/// A slot with hot-plug support (PCIe).
struct slot_config {
    bool attention_button = true;
    bool power_controller = true;
    bool command_completed = true;      ///< false: No Command Completed Support
    unsigned number = 1;                ///< Physical Slot Number, 0..8191
    base::ps command_time{10'000'000};  ///< from a write of Slot Control to its effect
};

/// One root port: function 0 of device (index + 1) on bus 0.
struct root_port_config {
    std::string name = "rp0";
    std::uint16_t vendor = 0x1b36, device = 0x000c;  ///< as QEMU's generic root port
    unsigned gen = 4, width = 8;                     ///< of its link, for the link registers
    unsigned max_payload = 512;                      ///< supported, bytes
    unsigned rcb = 64;                               ///< Read Completion Boundary, 64 or 128 (PCIe)
    bool prefixes = true;                            ///< End-End TLP prefixes: PASID passes
    unsigned outstanding_reads = 64;                 ///< of the device, at the SMMU
    unsigned posted_writes = 16;                     ///< of CPUs, waiting for the link
    std::uint16_t acs = 0;       ///< Access Control Services, pcie::acs_view's bits; 0: none
    bool surprise_down = false;  ///< Surprise Down Error Reporting Capable
    std::optional<pcie::link_times> times{};  ///< of its link; none: as its generation says
    unsigned virtual_channels = 1;            ///< VC resources, VC0 among them: 1..8
    unsigned low_priority_channels = 7;       ///< VC IDs up to it are served in turn, others first
    std::optional<unsigned> msi_vectors_log2{};  ///< MSI, 2^n messages, n = 0..5
    bool atomics = true;  ///< AtomicOps: completed by the root complex (32, 64, 128 bits)
    bool ecrc = true;     ///< ECRC Generation and Check Capable
    bool cxl = false;     ///< CXL DVSEC for ports: masks secondary bus reset and link disable
    std::optional<dpc_config> dpc{};
    std::optional<slot_config> slot{};
};

struct root_complex_config {
    base::phys_addr ecam_base{0x40'1000'0000};
    std::uint64_t ecam_bytes = std::uint64_t{256} << 20;  ///< 1 MiB for each bus, from bus 0
    base::ps pipeline{100'000};                           ///< per direction (PCIe, model defaults)
    base::ps port{60'000};                                ///< per direction and root port
    base::ps completion_timeout{10'000'000'000};          ///< of CPU requests; PCIe: 50 us..50 ms
    base::ps rrs_retry{
        10'000'000};  ///< a config request answered with RRS is issued again after this
    base::ps rrs_limit{1'000'000'000'000};  ///< and given up after this (PCIe: at least 1 s)
    bool fail_fast = false;                 ///< invalidate_on_link_down = fail_fast (PCIe)
    std::vector<root_port_config> ports{root_port_config{}};
};

}  // namespace drydock::root_complex
