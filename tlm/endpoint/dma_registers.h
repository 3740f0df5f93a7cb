// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The DMA engine as software sees it: registers in BAR0, descriptors in memory. Little-endian.
namespace drydock::endpoint::dma {

inline constexpr unsigned queues = 8;

// -- registers ---------------------------------------------------------------------------------
inline constexpr std::uint32_t id_offset = 0x000;      ///< RO, id_value
inline constexpr std::uint32_t queues_offset = 0x004;  ///< RO, number of queues
inline constexpr std::uint32_t interrupts_offset =
    0x008;  ///< W1C, bit q: queue q interrupts, while neither MSI-X nor MSI is enabled (INTx)
inline constexpr std::uint32_t id_value = 0x4452'4459;
inline constexpr std::uint32_t queue_base = 0x100;  ///< queue q at queue_base + q * queue_stride
inline constexpr std::uint32_t queue_stride = 0x40;
inline constexpr std::uint32_t register_bytes = queue_base + queues * queue_stride;

// Offsets within a queue.
inline constexpr std::uint32_t ring_low =
    0x00;  ///< RW ring base, IOVA, 4 KiB aligned; writable while disabled
inline constexpr std::uint32_t ring_high = 0x04;
inline constexpr std::uint32_t ring_log2 =
    0x08;  ///< RW log2 of the number of entries, 2..12; while disabled
inline constexpr std::uint32_t control =
    0x0c;  ///< RW enable[0] pasid_valid[1] privileged[2] irq_enable[4] pasid[31:12]
inline constexpr std::uint32_t tail =
    0x10;  ///< RW doorbell: free-running count of descriptors submitted
inline constexpr std::uint32_t head =
    0x14;  ///< RO free-running count of descriptors completed in order
inline constexpr std::uint32_t write_back_low =
    0x18;  ///< RW status write-back address, IOVA, 16 B aligned
inline constexpr std::uint32_t write_back_high = 0x1c;
inline constexpr std::uint32_t vector = 0x20;  ///< RW MSI-X vector
inline constexpr std::uint32_t status = 0x24;  ///< RO busy[0] errors[31:16], saturating
inline constexpr std::uint32_t found_low =
    0x28;  ///< RO what the newest AtomicOp found, its first 8 bytes
inline constexpr std::uint32_t found_high = 0x2c;

inline constexpr std::uint32_t control_enable = 1u << 0;
inline constexpr std::uint32_t control_pasid_valid = 1u << 1;
inline constexpr std::uint32_t control_privileged = 1u << 2;
inline constexpr std::uint32_t control_irq_enable = 1u << 4;
inline constexpr unsigned control_pasid_shift = 12;

inline constexpr unsigned min_ring_log2 = 2;
inline constexpr unsigned max_ring_log2 = 12;

// -- descriptor ----------------------------------------------------------------------------------
inline constexpr std::uint32_t descriptor_bytes =
    32;  ///< word0 op[7:0] irq[8] length[63:32]; word1 iova; word2 pattern; word3 cookie.
         ///< AtomicOps: length is the operand's, 4, 8, of CAS 16 too; word2 the operand, word3 what
         ///< CAS compares with, both repeated as often as it takes
inline constexpr std::uint32_t max_length = 4096;
inline constexpr std::uint32_t write_back_bytes =
    16;  ///< head u32, worst status since the last u32, failed descriptors u64

enum class op : std::uint8_t { nop = 0, read = 1, write = 2, fetch_add = 3, swap = 4, cas = 5 };
constexpr bool is_atomic(op o) { return o >= op::fetch_add && o <= op::cas; }

/// Outcome of a descriptor, in order of badness.
enum class outcome : std::uint8_t { ok = 0, no_access = 1, error = 2 };

}  // namespace drydock::endpoint::dma
