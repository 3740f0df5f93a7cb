// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

void config_registers::declare(std::size_t at, unsigned size, std::uint32_t mask,
                               std::uint32_t reset_value, retention keep) {
    for (unsigned i = 0; i < size; ++i, mask >>= 8, reset_value >>= 8) {
        const auto m = static_cast<std::uint8_t>(mask);
        const auto v = static_cast<std::uint8_t>(reset_value & mask);
        std::uint8_t& now = image.bytes[at + i];
        declared_[at + i] |= m;
        initial_[at + i] = static_cast<std::uint8_t>((initial_[at + i] & ~m) | v);
        now = static_cast<std::uint8_t>((now & ~m) | v);
        if (keep != retention::none) flr_kept_[at + i] |= m;
        if (keep == retention::sticky) sticky_[at + i] |= m;
    }
}

void config_registers::declare_rw(std::size_t at, unsigned size, std::uint32_t mask,
                                  std::uint32_t reset_value, retention keep) {
    declare(at, size, mask, reset_value, keep);
    for (unsigned i = 0; i < size; ++i) rw_[at + i] |= static_cast<std::uint8_t>(mask >> (8 * i));
}

void config_registers::declare_w1c(std::size_t at, unsigned size, std::uint32_t mask,
                                   retention keep) {
    declare(at, size, mask, 0, keep);
    for (unsigned i = 0; i < size; ++i) w1c_[at + i] |= static_cast<std::uint8_t>(mask >> (8 * i));
}

void config_registers::declare_status(std::size_t at, unsigned size, std::uint32_t mask,
                                      std::uint32_t reset_value, retention keep) {
    declare(at, size, mask, reset_value, keep);
}

void config_registers::declare_fixed(std::size_t at, unsigned size, std::uint32_t mask,
                                     std::uint32_t value) {
    declare(at, size, mask, value, retention::none);
    for (unsigned i = 0; i < size; ++i)
        fixed_[at + i] |= static_cast<std::uint8_t>(mask >> (8 * i));
}

void config_registers::adopt_status(const config_image& captured) {
    for (std::size_t i = 0; i < config_bytes; ++i) {
        const auto own = static_cast<std::uint8_t>(declared_[i] & ~rw_[i] & ~fixed_[i]);
        image.bytes[i] =
            static_cast<std::uint8_t>((image.bytes[i] & ~own) | (captured.bytes[i] & own));
    }
}

void config_registers::reset(bool keep_flr, bool keep_sticky) {
    for (std::size_t i = 0; i < config_bytes; ++i) {
        std::uint8_t gone = declared_[i];
        if (keep_flr) gone = static_cast<std::uint8_t>(gone & ~flr_kept_[i]);
        if (keep_sticky) gone = static_cast<std::uint8_t>(gone & ~sticky_[i]);
        image.bytes[i] = static_cast<std::uint8_t>((image.bytes[i] & ~gone) | (initial_[i] & gone));
    }
}

}  // namespace drydock::pcie
