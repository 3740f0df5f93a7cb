// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

void config_registers::reach(std::size_t end) {
    if (end > rules_.size()) rules_.resize(end);
}

void config_registers::declare(std::size_t at, unsigned size, std::uint32_t mask,
                               std::uint32_t reset_value, retention keep) {
    reach(at + size);
    for (unsigned i = 0; i < size; ++i, mask >>= 8, reset_value >>= 8) {
        rule& r = rules_[at + i];
        const auto m = static_cast<std::uint8_t>(mask);
        const auto v = static_cast<std::uint8_t>(reset_value & mask);
        std::uint8_t& now = image.bytes[at + i];
        r.declared |= m;
        r.initial = static_cast<std::uint8_t>((r.initial & ~m) | v);
        now = static_cast<std::uint8_t>((now & ~m) | v);
        if (keep != retention::none) r.flr_kept |= m;
        if (keep == retention::sticky) r.sticky |= m;
    }
}

void config_registers::declare_rw(std::size_t at, unsigned size, std::uint32_t mask,
                                  std::uint32_t reset_value, retention keep) {
    declare(at, size, mask, reset_value, keep);
    for (unsigned i = 0; i < size; ++i)
        rules_[at + i].rw |= static_cast<std::uint8_t>(mask >> (8 * i));
}

void config_registers::declare_w1c(std::size_t at, unsigned size, std::uint32_t mask,
                                   retention keep) {
    declare(at, size, mask, 0, keep);
    for (unsigned i = 0; i < size; ++i)
        rules_[at + i].w1c |= static_cast<std::uint8_t>(mask >> (8 * i));
}

void config_registers::declare_status(std::size_t at, unsigned size, std::uint32_t mask,
                                      std::uint32_t reset_value, retention keep) {
    declare(at, size, mask, reset_value, keep);
}

void config_registers::declare_fixed(std::size_t at, unsigned size, std::uint32_t mask,
                                     std::uint32_t value) {
    declare(at, size, mask, value, retention::none);
    for (unsigned i = 0; i < size; ++i)
        rules_[at + i].fixed |= static_cast<std::uint8_t>(mask >> (8 * i));
}

void config_registers::adopt_status(const config_image& captured) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const rule& r = rules_[i];
        const auto own = static_cast<std::uint8_t>(r.declared & ~r.rw & ~r.fixed);
        image.bytes[i] =
            static_cast<std::uint8_t>((image.bytes[i] & ~own) | (captured.bytes[i] & own));
    }
}

void config_registers::reset(bool keep_flr, bool keep_sticky) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const rule& r = rules_[i];
        std::uint8_t gone = r.declared;
        if (keep_flr) gone = static_cast<std::uint8_t>(gone & ~r.flr_kept);
        if (keep_sticky) gone = static_cast<std::uint8_t>(gone & ~r.sticky);
        image.bytes[i] = static_cast<std::uint8_t>((image.bytes[i] & ~gone) | (r.initial & gone));
    }
}

}  // namespace drydock::pcie
