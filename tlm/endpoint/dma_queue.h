// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "tlm/base/ids.h"
#include "tlm/endpoint/dma_registers.h"
#include "tlm/pcie/tlp.h"

namespace drydock::endpoint {

/// A descriptor inside the engine.
struct dma_descriptor {
    dma::op op{};
    bool irq = false;
    bool arrived = false;  ///< its fetch is back
    bool done = false;
    dma::outcome result{};
    std::uint32_t length = 0;
    std::uint32_t issued = 0;    ///< bytes handed out as segments
    std::uint32_t segments = 0;  ///< outstanding
    std::uint64_t address = 0;
    std::uint64_t pattern = 0;
    std::uint64_t cookie = 0;
    base::span_id span{};
};

/// Descriptors that a queue holds between fetch and completion.
inline constexpr std::uint32_t dma_window = 64;

/// One descriptor ring: what software programmed, and how far the engine is. The counts run freely:
/// head <= cursor <= arrived <= fetched <= tail.
struct dma_queue {
    // registers
    std::uint64_t ring = 0;
    std::uint32_t ring_log2 = 0;
    std::uint32_t control = 0;
    std::uint32_t tail = 0;
    std::uint32_t head = 0;
    std::uint64_t write_back = 0;
    std::uint32_t vector = 0;
    std::uint32_t errors = 0;
    std::uint64_t found = 0;
    // progress
    std::uint32_t fetched = 0;  ///< asked for
    std::uint32_t arrived = 0;  ///< all before it are here
    std::uint32_t cursor = 0;   ///< the first not fully handed out
    bool cursor_started = false;
    std::uint32_t fetches = 0;      ///< outstanding
    std::uint32_t segments = 0;     ///< outstanding of any kind
    base::substream_id stopping{};  ///< PASID that it had when it was disabled
    bool write_back_due = false;
    bool write_back_busy = false;
    dma::outcome worst = dma::outcome::ok;  ///< since the last write-back
    std::uint64_t failed = 0;               ///< descriptors since reset
    /// From the first time that the queue is enabled on.
    std::unique_ptr<std::array<dma_descriptor, dma_window>> window;

    bool enabled() const { return (control & dma::control_enable) != 0; }
    bool ring_valid() const {
        return ring_log2 >= dma::min_ring_log2 && ring_log2 <= dma::max_ring_log2;
    }
    std::uint32_t entries() const { return 1u << ring_log2; }
    dma_descriptor& at(std::uint32_t count) { return (*window)[count % dma_window]; }
    bool busy() const {
        return segments > 0 || write_back_due ||
               (enabled() ? head != tail : head != cursor || cursor_started);
    }
    std::optional<pcie::pasid_prefix> prefix() const {
        if ((control & dma::control_pasid_valid) == 0) return {};
        return pcie::pasid_prefix{base::substream_id{control >> dma::control_pasid_shift},
                                  (control & dma::control_privileged) != 0, false};
    }
    std::uint64_t descriptor_address(std::uint32_t count) const {
        return ring + std::uint64_t{count & (entries() - 1)} * dma::descriptor_bytes;
    }
    /// As after reset.
    void reset() {
        auto keep = std::move(window);
        *this = {};
        if (keep) *keep = {};
        window = std::move(keep);
    }
    /// What was fetched ahead and not begun is forgotten.
    void drop_prefetched() {
        const std::uint32_t begun = cursor + (cursor_started ? 1 : 0);
        for (std::uint32_t c = begun; c != fetched; ++c) at(c).arrived = false;
        fetched = arrived = begun;
    }
};

}  // namespace drydock::endpoint
