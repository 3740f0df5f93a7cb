// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "tlm/base/register_observer.h"
#include "tlm/smmu/memory_port.h"
#include "tlm/smmu/registers.h"

namespace drydock::smmu {

/// Index arithmetic of a queue of 2^QS entries whose PROD and CONS carry a wrap bit above the index
/// (SMMUv3 3.5.1).
struct queue_geometry {
    unsigned log2size = 0;
    base::phys_addr base{};
    unsigned entry_bytes = 16;

    /// LOG2SIZE above `most` is capped; low address bits below the queue's size are ignored.
    static queue_geometry of(const base::reg& base_register, unsigned most, unsigned entry_bytes) {
        queue_geometry g;
        g.log2size =
            std::min(static_cast<unsigned>(base_register.get<queue_base::log2size>()), most);
        g.entry_bytes = entry_bytes;
        const std::uint64_t bytes =
            std::max<std::uint64_t>(std::uint64_t{entry_bytes} << g.log2size, 32);
        g.base = base::phys_addr{base_register.value & queue_base::address & ~(bytes - 1)};
        return g;
    }
    std::uint32_t entries() const { return 1u << log2size; }
    std::uint32_t position_mask() const { return (2u << log2size) - 1; }
    std::uint32_t used(std::uint64_t prod, std::uint64_t cons) const {
        return std::min(static_cast<std::uint32_t>(prod - cons) & position_mask(), entries());
    }
    bool empty(std::uint64_t prod, std::uint64_t cons) const {
        return ((prod ^ cons) & position_mask()) == 0;
    }
    bool full(std::uint64_t prod, std::uint64_t cons) const {
        return used(prod, cons) == entries();
    }
    std::uint32_t index(std::uint64_t position) const {
        return static_cast<std::uint32_t>(position) & (entries() - 1);
    }
    std::uint32_t advanced(std::uint64_t position, std::uint32_t n) const {
        return (static_cast<std::uint32_t>(position) + n) & position_mask();
    }
    base::phys_addr address(std::uint64_t position) const {
        return base::phys_addr{base.value + std::uint64_t{index(position)} * entry_bytes};
    }
};

struct record_queue_client {
    /// The record begun last is visible and PROD has moved, or its write was aborted and it is
    /// lost.
    virtual void record_settled(bool aborted, bool was_empty) = 0;

protected:
    ~record_queue_client() = default;
};

/// A queue that hardware writes and software reads: event queue, PRI queue. One write at a time;
/// PROD moves when its data is visible.
class record_queue final : memory_client {
public:
    record_queue(memory_port& memory, base::reg& base_register, base::reg& prod, base::reg& cons,
                 unsigned most_log2, unsigned entry_bytes, record_queue_client& client)
        : memory_(memory),
          base_(base_register),
          prod_(prod),
          cons_(cons),
          most_(most_log2),
          entry_bytes_(entry_bytes),
          client_(client) {}

    void observe(base::register_observer& o) { observer_ = &o; }
    bool writing() const { return writing_; }
    bool empty() const { return geometry().empty(prod_.value, cons_.value); }
    bool full() const { return geometry().full(prod_.value, cons_.value); }
    /// OVFLG differs from OVACKFLG.
    bool overflowed() const { return ((prod_.value ^ cons_.value) & queue_index::overflow) != 0; }
    /// Toggles OVFLG unless an overflow is unacknowledged. @return true if it toggled
    bool overflow() {
        if (overflowed()) return false;
        prod_.value ^= queue_index::overflow;
        notify();
        return true;
    }
    /// Where the next record goes.
    base::phys_addr next_entry() const { return geometry().address(prod_.value); }
    /// @pre !writing() and !full(); record is entry_bytes long
    void write(std::span<const std::uint8_t> record) {
        writing_ = true;
        memory_.write(*this, 0, geometry().address(prod_.value), record);
    }

private:
    queue_geometry geometry() const { return queue_geometry::of(base_, most_, entry_bytes_); }
    void notify() {
        if (observer_ != nullptr) observer_->register_changed(prod_.offset);
    }
    void answered(std::uint64_t, tlm::tlm_generic_payload& gp) override {
        writing_ = false;
        const queue_geometry g = geometry();
        const bool was_empty = g.empty(prod_.value, cons_.value);
        const bool aborted = gp.is_response_error();
        if (!aborted) {
            prod_.value = (prod_.value & ~queue_index::position) | g.advanced(prod_.value, 1);
            notify();
        }
        client_.record_settled(aborted, was_empty);
    }

    memory_port& memory_;
    base::reg& base_;
    base::reg& prod_;
    base::reg& cons_;
    unsigned most_;
    unsigned entry_bytes_;
    record_queue_client& client_;
    base::register_observer* observer_ = nullptr;
    bool writing_ = false;
};

}  // namespace drydock::smmu
