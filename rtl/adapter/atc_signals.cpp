// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/atc_signals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <type_traits>

namespace drydock::rtl {
namespace {

using words = std::span<const std::string_view>;
using std::string_view;

constexpr std::array<string_view, 3> controls{"Enable", "Disable", "Reset"};
constexpr std::array<string_view, 4> accesses{"Read", "Write", "Execute", "ZeroLengthRead"};
constexpr std::array<string_view, 4> fills{"Success", "UnsupportedRequest", "CompleterAbort",
                                           "Timeout"};
constexpr std::array<string_view, 8> answers{
    "Hit",     "NoAccess", "UnsupportedRequest", "CompleterAbort", "Timeout", "Disabled",
    "Waiting", "Stalled"};

unsigned width(std::uint32_t values) {
    return values <= 2 ? 1 : static_cast<unsigned>(std::bit_width(values - 1));
}

/// Calls f(name, bits, value, words) for each port, vectors as a pointer to their words.
template <class F>
void visit(const atc_shape& s, const atc_inputs& i, const atc_outputs& o, F&& f) {
    const unsigned tag = width(s.uses), slot = width(s.slots), place = width(s.queue);
    const unsigned entry = width(s.sets * s.ways);
    f("control_valid_i", 1, i.control_valid, words{});
    f("control_i", 2, i.control, words{controls});
    f("control_rid_i", 16, i.control_rid, words{});
    f("lookup_valid_i", 1, i.lookup_valid, words{});
    f("lookup_ready_o", 1, o.lookup_ready, words{});
    f("lookup_tag_i", tag, i.lookup_tag, words{});
    f("lookup_page_i", 52, i.lookup_page, words{});
    f("lookup_pasid_i", 20, i.lookup_pasid, words{});
    f("lookup_access_i", 2, i.lookup_access, words{accesses});
    f("answer_valid_o", 1, o.answer_valid, words{});
    f("answer_tag_o", tag, o.answer_tag, words{});
    f("answer_o", 3, o.answer, words{answers});
    f("answer_base_o", 52, o.answer_base, words{});
    f("answer_size_o", 5, o.answer_size, words{});
    f("answer_entry_o", entry, o.answer_entry, words{});
    f("wake_valid_o", 1, o.wake_valid, words{});
    f("wake_hit_o", s.uses, o.wake_hit, words{});
    f("wake_fault_o", s.uses, o.wake_fault, words{});
    f("wake_reason_o", 3, o.wake_reason, words{answers});
    f("wake_base_o", 52, o.wake_base, words{});
    f("release_i", s.uses, i.release, words{});
    f("request_valid_o", 1, o.request_valid, words{});
    f("request_ready_i", 1, i.request_ready, words{});
    f("request_slot_o", slot, o.request_slot, words{});
    f("request_page_o", 52, o.request_page, words{});
    f("request_no_write_o", 1, o.request_no_write, words{});
    f("fill_valid_i", 1, i.fill_valid, words{});
    f("fill_slot_i", slot, i.fill_slot, words{});
    f("fill_status_i", 2, i.fill_status, words{fills});
    f("fill_data_i", 64, i.fill_data, words{});
    f("invalidate_valid_i", 1, i.invalidate_valid, words{});
    f("invalidate_slot_i", place, i.invalidate_slot, words{});
    f("invalidate_itag_i", 5, i.invalidate_itag, words{});
    f("invalidate_first_i", 52, i.invalidate_first, words{});
    f("invalidate_last_i", 52, i.invalidate_last, words{});
    f("started_valid_o", 1, o.started_valid, words{});
    f("started_slot_o", place, o.started_slot, words{});
    f("processed_valid_o", 1, o.processed_valid, words{});
    f("processed_slot_o", place, o.processed_slot, words{});
    f("drained_o", s.queue, o.drained, words{});
    f("ignored_o", s.queue, o.ignored, words{});
    f("completion_valid_o", 1, o.completion_valid, words{});
    f("completion_ready_i", 1, i.completion_ready, words{});
    f("completion_rid_o", 16, o.completion_rid, words{});
    f("completion_itags_o", 32, o.completion_itags, words{});
    f("busy_o", 1, o.busy, words{});
}

constexpr unsigned most_bits = 256;  // of a recorded signal

}  // namespace

atc_signals::atc_signals(base::signal_recorder& to, string_view scope, const atc_shape& shape)
    : to_(to), shape_(shape) {
    visit(shape_, {}, {}, [&](string_view name, unsigned bits, const auto&, words w) {
        signals_.push_back(to.add(scope, name, std::min(bits, most_bits), w));
    });
}

void atc_signals::sample(base::ps now, const atc_inputs& in, const atc_outputs& out) {
    if (!to_.recording(now)) return;
    std::size_t n = 0;
    visit(shape_, in, out, [&](string_view, unsigned bits, const auto& value, words) {
        std::array<std::uint32_t, most_bits / 32> halves{};
        const unsigned kept = std::min(bits, most_bits);
        if constexpr (std::is_array_v<std::remove_reference_t<decltype(value)>>) {
            for (std::size_t h = 0; h < halves.size(); ++h)
                halves[h] = static_cast<std::uint32_t>(value[h / 2] >> (h % 2 * 32));
        } else {
            const auto v = static_cast<std::uint64_t>(value);
            halves[0] = static_cast<std::uint32_t>(v);
            halves[1] = static_cast<std::uint32_t>(v >> 32);
        }
        to_.set(signals_[n++], now, std::span(halves).first((kept + 31) / 32));
    });
}

}  // namespace drydock::rtl
