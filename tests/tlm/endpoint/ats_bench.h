// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {

inline constexpr std::uint64_t buffer = 0x40'0000;
inline constexpr std::uint64_t moved = 0x8'0000'0000;  ///< translations put this on top

/// Ring, buffers and write-back are translated to `moved` above; memory is read back from there.
struct ats_bench : endpoint_bench {
    explicit ats_bench(const endpoint_config& c = {}, bool listen = false)
        : endpoint_bench(c, listen) {
        other->translate = [this](const pcie::tlp& t) {
            pcie::translation_entry e;
            e.address = (t.address & ~0xfffull) + offset;
            e.read = readable;
            e.write = writable;
            e.untranslated_only = untranslated;
            return e;
        };
    }
    void start() {
        enable();
        enable_ats();
        setup(0, {});
    }
    /// The ring is where the device reads it.
    void place_ring() {
        std::map<std::uint64_t, std::uint8_t> copy;
        for (const auto& [a, v] : other->memory)
            if (a < moved) copy[a + offset] = v;
        other->memory.insert(copy.begin(), copy.end());
        for (const auto& [a, v] : copy) other->memory[a] = v;
    }
    void go(base::ps wait = 20_us) {
        place_ring();
        ring(0, wait);
    }
    std::vector<seen_tlp> completions() const {
        return messages(pcie::msg_code::invalidate_completion);
    }
    std::vector<seen_tlp> translated() const {
        return all([](auto& t) {
            return t.at == base::address_type::translated &&
                   (t.is(pcie::tlp_type::mrd) || t.is(pcie::tlp_type::mwr));
        });
    }
    std::uint64_t offset = moved;
    bool readable = true, writable = true, untranslated = false;
};

}  // namespace drydock::endpoint
