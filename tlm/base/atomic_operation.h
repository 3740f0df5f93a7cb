// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <tlm>

namespace drydock::base {

/// An AtomicOp of a device beside a generic payload of TLM_IGNORE_COMMAND: data_length is the
/// operand's size, 4, 8 or 16 bytes, naturally aligned; data_ptr holds the operand, of
/// compare_and_swap what to compare with and behind it what to store. Memory computes in the call
/// (little-endian), keeps in `old` what it held before and sets `done`; a target that does not know
/// it does nothing.
struct atomic_operation final : tlm::tlm_extension<atomic_operation> {
    enum class kind : std::uint8_t { fetch_add, swap, compare_and_swap };
    static constexpr unsigned largest = 16;

    kind what = kind::fetch_add;
    bool done = false;
    std::array<std::uint8_t, largest> old{};

    tlm::tlm_extension_base* clone() const override { return new atomic_operation(*this); }
    void copy_from(const tlm::tlm_extension_base& other) override {
        const auto& o = static_cast<const atomic_operation&>(other);
        what = o.what;
        done = o.done;
        old = o.old;
    }
};

}  // namespace drydock::base
