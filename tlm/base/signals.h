// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tlm/base/time.h"

namespace drydock::base {

/// Takes the values of a block's signals, such as those of Verilated RTL, for a waveform. Knows no
/// SystemC. Recording changes nothing of the run.
struct signal_recorder {
    using signal = std::uint32_t;

    /// Makes a signal. @param scope hierarchical, split at '.', below which the name stands
    /// @param bits 1..256  @param words of an enumeration, by value; empty: it shows as bits
    virtual signal add(std::string_view scope, std::string_view name, unsigned bits,
                       std::span<const std::string_view> words = {}) = 0;
    /// Its value from now on; `value`: 32 bits each, the lowest first, (bits + 31) / 32 of them.
    /// Times do not go back. No change, no record.
    virtual void set(signal s, ps now, std::span<const std::uint32_t> value) = 0;
    void set(signal s, ps now, std::uint32_t value) { set(s, now, std::span(&value, 1)); }
    /// False: values of now are not kept, so that who samples many can spare it.
    virtual bool recording(ps now) const = 0;

protected:
    ~signal_recorder() = default;
};

/// A block that has such signals.
struct signal_source {
    /// From now on it records to `to`, which outlives the run; null: no more.
    virtual void record_to(signal_recorder* to) = 0;

protected:
    ~signal_source() = default;
};

}  // namespace drydock::base
