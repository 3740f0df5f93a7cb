// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/base/time.h"

/// Timers and limits of PCI Express, PCIe and where named. P-200.
namespace drydock::pcie {

using namespace base::literals;

// -- link --
inline constexpr base::ps init_fc_interval = 34_us;    ///< InitFC repeat, at most
inline constexpr base::ps update_fc_interval = 30_us;  ///< UpdateFC of every finite type, at most
inline constexpr std::uint32_t max_header_credits =
    127;  ///< unused, without scaled flow control (PCIe)
inline constexpr std::uint32_t max_data_credits = 2047;

// -- transactions --
inline constexpr base::ps completion_timeout_least =
    50_us;  ///< default range of Completion Timeout
inline constexpr base::ps completion_timeout_most = 50_ms;

// -- ATS, PRI, PASID, MSI-X --
inline constexpr base::ps invalidate_timeout = 60_s;  ///< -0 %, +50 %
inline constexpr base::ps invalidate_timeout_most = 90_s;
inline constexpr unsigned itags = 32;
inline constexpr unsigned prg_indices = 512;
inline constexpr unsigned pasid_bits = 20;
inline constexpr unsigned msix_vectors = 2048;
inline constexpr std::uint32_t max_payload_limit = 4096;       ///< bytes
inline constexpr std::uint32_t max_read_request_limit = 4096;  ///< bytes

// -- resets --
inline constexpr base::ps flr_time = 100_ms;  ///< FLR and AF FLR: done at most after this
inline constexpr base::ps reset_to_config =
    100_ms;                                     ///< conventional reset to the first config access
inline constexpr base::ps reset_give_up = 1_s;  ///< a device may be called broken only after this
inline constexpr base::ps secondary_bus_reset = 1_ms;  ///< SBR asserted at least so long
inline constexpr base::ps d3hot_settle = 10_ms;
inline constexpr base::ps d2_settle = 200_us;
inline constexpr base::ps d3cold_settle = 100_ms;
inline constexpr base::ps pme_to_ack_least = 1_ms;
inline constexpr base::ps pme_to_ack_most = 10_ms;
inline constexpr base::ps vf_enable_to_config = 100_ms;

// -- what Linux waits --
inline constexpr base::ps linux_cmd_sync_limit = 1_s;
inline constexpr base::ps linux_reset_give_up = 60_s;
inline constexpr base::ps linux_secondary_bus_reset = 2_ms;
inline constexpr base::ps linux_link_active = 1_s;
inline constexpr base::ps linux_rp_busy = 1_s;
inline constexpr base::ps linux_rp_busy_step = 10_ms;
inline constexpr base::ps linux_dpc_recovery = 4_s;
inline constexpr base::ps linux_attention_window = 5_s;
inline constexpr base::ps linux_command_completed = 1_s;
inline constexpr base::ps linux_power_off_pause = 1_s;

}  // namespace drydock::pcie
