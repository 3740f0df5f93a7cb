// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rtl/adapter/signal_sink.h"

/// The ATC's ports as plain data: the form in which a Verilated unit, of this program or of a
/// shared object, meets its adapter. Names and meaning are those of docs/rtl-contract.md.
namespace drydock::rtl {

inline constexpr unsigned most_uses = 1024;
inline constexpr std::size_t use_words = most_uses / 64;

/// Parameters of the block that its caller must know.
struct atc_shape {
    std::uint32_t sets, ways;
    std::uint32_t uses;   ///< lookup_tag_i: 0..uses-1, at most most_uses
    std::uint32_t slots;  ///< request_slot_o: 0..slots-1
    std::uint32_t queue;  ///< invalidate_slot_i: 0..queue-1, at most 32
    std::uint32_t functions;
};

struct atc_inputs {
    std::uint8_t unit, shared, ignore_when_disabled, retry_after_ur;
    std::uint8_t control_valid, control;
    std::uint8_t lookup_valid, lookup_pasid_valid, lookup_privileged, lookup_access;
    std::uint8_t request_ready;
    std::uint8_t fill_valid, fill_status;
    std::uint8_t invalidate_valid, invalidate_pasid_valid, invalidate_global, invalidate_itag,
        invalidate_class, invalidate_slot;
    std::uint8_t completion_ready;
    std::uint8_t release_valid;  ///< any bit of release is set
    std::uint16_t control_rid, lookup_rid, invalidate_rid, lookup_tag, fill_slot;
    std::uint32_t lookup_pasid, invalidate_pasid;
    std::uint64_t lookup_page, fill_data, invalidate_first, invalidate_last;
    std::uint64_t release[use_words];
};

struct atc_outputs {
    std::uint8_t control_ready, lookup_ready, fill_ready, invalidate_ready;
    std::uint8_t answer_valid, answer, answer_size, answer_untranslated;
    std::uint8_t wake_valid, wake_reason, wake_size, wake_untranslated, wake_kept, wake_unexpected;
    std::uint8_t dropped_valid;
    std::uint8_t request_valid, request_pasid_valid, request_privileged, request_no_write;
    std::uint8_t started_valid, started_slot, processed_valid, processed_slot;
    std::uint8_t completion_valid, completion_class;
    std::uint8_t busy;
    std::uint16_t answer_tag, request_slot, request_rid, completion_rid;
    std::uint32_t request_pasid, completion_itags, drained, ignored;
    std::uint32_t answer_entry, wake_entry, processed_removed;
    std::uint64_t answer_base, wake_base, request_page;
    std::uint64_t wake_hit[use_words], wake_fault[use_words], dropped[use_words];
};

/// Values of the block's enumerations (atc_pkg.sv).
enum class atc_answer : std::uint8_t {
    hit,
    no_access,
    unsupported_request,
    completer_abort,
    timeout,
    disabled,
    waiting,
    stalled
};

/// One Verilated ATC. `version` says that both sides know the same form.
struct atc_unit {
    static constexpr std::uint32_t current = 2;
    std::uint32_t version;
    const char* name;
    atc_shape shape;
    void* (*make)();
    void (*unmake)(void*);
    /// One rising edge. Outputs are those after it; ready outputs do not depend on inputs.
    void (*edge)(void*, const atc_inputs*, atc_outputs*);
    /// Shows signals beside the ports; null: it has none to show.
    void (*show_state)(void*, signal_sink&);
};

/// What a shared object of script/rtl-build exports under this name.
using atc_entry = const atc_unit* (*)();
inline constexpr const char* atc_entry_name = "drydock_atc_unit";

}  // namespace drydock::rtl
