// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <tlm>

#include "tlm/base/ids.h"
#include "tlm/base/time.h"

namespace drydock::base {

/// PCIe Address Type of a memory request (TLP byte 2 [3:2]).
enum class address_type : std::uint8_t {
    untranslated = 0,
    translation_request = 1,
    translated = 2
};

/// Says who asks, beside a TLM-2.0 generic payload on its way from a root port to memory. The owner
/// of the payload owns the extension (set_extension, not auto). The last three are for observers
/// only.
struct requester final : tlm::tlm_extension<requester> {
    stream_id
        stream{};  ///< Requester ID at the root complex; the SMMU maps it (tlm/smmu/stream_map.h)
    std::optional<substream_id> substream;
    address_type at = address_type::untranslated;
    bool privileged = false;
    bool execute = false;
    std::uint16_t port = 0;  ///< root port index
    std::uint64_t order =
        0;  ///< number the root complex gave it among everything posted upward from its port
    // sideband, for observers
    span_id span{};
    iova requested{};  ///< address the function asked for before any translation
    bool requested_known = false;
    ps obtained{};  ///< when the translation in use was obtained

    tlm::tlm_extension_base* clone() const override { return new requester(*this); }
    void copy_from(const tlm::tlm_extension_base& other) override {
        const auto& o = static_cast<const requester&>(other);
        stream = o.stream;
        substream = o.substream;
        at = o.at;
        privileged = o.privileged;
        execute = o.execute;
        port = o.port;
        order = o.order;
        span = o.span;
        requested = o.requested;
        requested_known = o.requested_known;
        obtained = o.obtained;
    }
};

/// An atomic read-modify-write of one 8-byte word (hardware update of access flag and dirty state):
/// memory compares, and stores `desired` where the word equals `expected`; `old` is what it held.
/// A target that honours it sets `done`.
struct atomic_update final : tlm::tlm_extension<atomic_update> {
    std::uint64_t expected = 0;
    std::uint64_t desired = 0;
    std::uint64_t old = 0;
    bool done = false;

    tlm::tlm_extension_base* clone() const override { return new atomic_update(*this); }
    void copy_from(const tlm::tlm_extension_base& other) override {
        const auto& o = static_cast<const atomic_update&>(other);
        expected = o.expected;
        desired = o.desired;
        old = o.old;
        done = o.done;
    }
};

}  // namespace drydock::base
