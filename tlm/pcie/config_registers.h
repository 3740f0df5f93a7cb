// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tlm/pcie/config_image.h"

namespace drydock::pcie {

/// What happens to a writable bit at a reset.
enum class retention : std::uint8_t {
    none,    ///< back to its reset value by any reset
    flr,     ///< kept by FLR only (PCIe, keep list)
    sticky,  ///< kept by FLR and conventional reset
};

/// The bytes of a configuration space and, for each bit, who may change it. Capabilities declare
/// their registers here; hardware changes them by set().
class config_registers {
public:
    config_image image;  ///< values now; BAR sizes

    std::uint32_t get(std::size_t at, unsigned size) const {
        std::uint32_t v = 0;
        for (unsigned i = size; i-- > 0;) v = (v << 8) | image.bytes[at + i];
        return v;
    }
    std::uint16_t get16(std::size_t at) const { return image.u16(at); }
    std::uint32_t get32(std::size_t at) const { return image.u32(at); }
    /// Hardware sets the bits of `mask` to those of `value`.
    void set(std::size_t at, unsigned size, std::uint32_t mask, std::uint32_t value) {
        for (unsigned i = 0; i < size; ++i, mask >>= 8, value >>= 8) {
            std::uint8_t& b = image.bytes[at + i];
            b = static_cast<std::uint8_t>((b & ~mask) | (value & mask));
        }
    }

    /// The bits of `mask` are read-write for software and are `reset_value` after reset.
    void declare_rw(std::size_t at, unsigned size, std::uint32_t mask,
                    std::uint32_t reset_value = 0, retention keep = retention::none);
    /// Written 1 clears; 0 after reset.
    void declare_w1c(std::size_t at, unsigned size, std::uint32_t mask,
                     retention keep = retention::none);
    /// Read-only for software, changed by hardware; `reset_value` after reset.
    void declare_status(std::size_t at, unsigned size, std::uint32_t mask,
                        std::uint32_t reset_value = 0, retention keep = retention::none);

    /// Hardwired: nothing changes the bits of `mask`, and no state that was captured elsewhere has
    /// others.
    void declare_fixed(std::size_t at, unsigned size, std::uint32_t mask, std::uint32_t value = 0);

    /// Bits that software clears by writing 1, in the DW at this offset.
    std::uint32_t w1c_of(std::size_t at) const {
        std::uint32_t v = 0;
        for (unsigned i = 4; i-- > 0;) v = (v << 8) | rule_at(at + i).w1c;
        return v;
    }
    /// Hardware's own bits (status, those that are cleared by writing 1) as in `captured`.
    void adopt_status(const config_image& captured);

    /// One byte as software writes it.
    void write_byte(std::size_t at, std::uint8_t value) {
        std::uint8_t& b = image.bytes[at];
        const rule r = rule_at(at);
        b = static_cast<std::uint8_t>((b & ~r.rw) | (value & r.rw));
        b = static_cast<std::uint8_t>(b & ~(value & r.w1c));
    }
    /// Bits kept by FLR / by conventional reset keep their value, declared ones take their reset
    /// value.
    void reset(bool keep_flr, bool keep_sticky);

private:
    void declare(std::size_t at, unsigned size, std::uint32_t mask, std::uint32_t reset_value,
                 retention keep);

    /// Of one byte: who may change which bits, and what they are after which reset.
    struct rule {
        std::uint8_t rw = 0, w1c = 0, declared = 0, fixed = 0, flr_kept = 0, sticky = 0,
                     initial = 0;
    };
    rule rule_at(std::size_t at) const { return at < rules_.size() ? rules_[at] : rule{}; }
    /// Room for rules up to and without `end`.
    void reach(std::size_t end);

    std::vector<rule> rules_;  // up to the last byte that has one
};

}  // namespace drydock::pcie
