// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/atc_signals.h"

#include <array>
#include <string_view>

namespace drydock::rtl {
namespace {

using std::string_view;

constexpr std::array<string_view, 3> controls{"Enable", "Disable", "Reset"};
constexpr std::array<string_view, 4> accesses{"Read", "Write", "Execute", "ZeroLengthRead"};
constexpr std::array<string_view, 4> fills{"Success", "UnsupportedRequest", "CompleterAbort",
                                           "Timeout"};
constexpr std::array<string_view, 8> answers{
    "Hit",     "NoAccess", "UnsupportedRequest", "CompleterAbort", "Timeout", "Disabled",
    "Waiting", "Stalled"};

}  // namespace

void show_ports(const atc_shape& s, const atc_inputs& i, const atc_outputs& o, signal_sink& f) {
    const unsigned tag = number_bits(s.uses), slot = number_bits(s.slots),
                   place = number_bits(s.queue);
    const unsigned entry = number_bits(s.sets * s.ways);
    f("control_valid_i", 1, i.control_valid);
    f("control_i", 2, i.control, controls);
    f("control_rid_i", 16, i.control_rid);
    f("lookup_valid_i", 1, i.lookup_valid);
    f("lookup_ready_o", 1, o.lookup_ready);
    f("lookup_tag_i", tag, i.lookup_tag);
    f("lookup_page_i", 52, i.lookup_page);
    f("lookup_pasid_i", 20, i.lookup_pasid);
    f("lookup_access_i", 2, i.lookup_access, accesses);
    f("answer_valid_o", 1, o.answer_valid);
    f("answer_tag_o", tag, o.answer_tag);
    f("answer_o", 3, o.answer, answers);
    f("answer_base_o", 52, o.answer_base);
    f("answer_size_o", 5, o.answer_size);
    f("answer_entry_o", entry, o.answer_entry);
    f("wake_valid_o", 1, o.wake_valid);
    f("wake_hit_o", s.uses, o.wake_hit);
    f("wake_fault_o", s.uses, o.wake_fault);
    f("wake_reason_o", 3, o.wake_reason, answers);
    f("wake_base_o", 52, o.wake_base);
    f("release_i", s.uses, i.release);
    f("request_valid_o", 1, o.request_valid);
    f("request_ready_i", 1, i.request_ready);
    f("request_slot_o", slot, o.request_slot);
    f("request_page_o", 52, o.request_page);
    f("request_no_write_o", 1, o.request_no_write);
    f("fill_valid_i", 1, i.fill_valid);
    f("fill_slot_i", slot, i.fill_slot);
    f("fill_status_i", 2, i.fill_status, fills);
    f("fill_data_i", 64, i.fill_data);
    f("invalidate_valid_i", 1, i.invalidate_valid);
    f("invalidate_slot_i", place, i.invalidate_slot);
    f("invalidate_itag_i", 5, i.invalidate_itag);
    f("invalidate_first_i", 52, i.invalidate_first);
    f("invalidate_last_i", 52, i.invalidate_last);
    f("started_valid_o", 1, o.started_valid);
    f("started_slot_o", place, o.started_slot);
    f("processed_valid_o", 1, o.processed_valid);
    f("processed_slot_o", place, o.processed_slot);
    f("drained_o", s.queue, o.drained);
    f("ignored_o", s.queue, o.ignored);
    f("completion_valid_o", 1, o.completion_valid);
    f("completion_ready_i", 1, i.completion_ready);
    f("completion_rid_o", 16, o.completion_rid);
    f("completion_itags_o", 32, o.completion_itags);
    f("busy_o", 1, o.busy);
}

}  // namespace drydock::rtl
