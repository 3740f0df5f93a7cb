// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtl/adapter/atc_pins.h"
#include "rtl/adapter/verilated_model.h"
#include "rtl/adapter/verilated_runtime.h"

namespace drydock::rtl {

/// Puts a Verilated class with the ATC's ports behind plain data.
template <class Block>
class verilated_atc {
public:
    verilated_atc() { block_.reset(); }

    void edge(const atc_inputs& in, atc_outputs& out) {
        drive(in);
        block_.edge();
        read(out);
    }

    static void* make() { return new verilated_atc; }
    static void unmake(void* unit) { delete static_cast<verilated_atc*>(unit); }
    static void edge_of(void* unit, const atc_inputs* in, atc_outputs* out) {
        static_cast<verilated_atc*>(unit)->edge(*in, *out);
    }
    static constexpr atc_unit unit(const char* name, const atc_shape& shape,
                                   void (*show_state)(void*, signal_sink&) = nullptr) {
        return {atc_unit::current, name, shape, make, unmake, edge_of, show_state};
    }
    static const Block& of(const void* unit) {
        return *static_cast<const verilated_atc*>(unit)->block_;
    }

protected:
    verilated_model<Block> block_{"TOP"};

private:
    void drive(const atc_inputs& in) {
        Block& b = *block_;
        b.unit_i = in.unit;
        b.shared_i = in.shared;
        b.ignore_when_disabled_i = in.ignore_when_disabled;
        b.retry_after_ur_i = in.retry_after_ur;
        b.control_valid_i = in.control_valid;
        b.lookup_valid_i = in.lookup_valid;
        b.request_ready_i = in.request_ready;
        b.fill_valid_i = in.fill_valid;
        b.invalidate_valid_i = in.invalidate_valid;
        b.completion_ready_i = in.completion_ready;
        if (in.control_valid) {
            b.control_i = in.control;
            b.control_rid_i = in.control_rid;
        }
        if (in.lookup_valid) drive_lookup(in);
        if (in.fill_valid) {
            b.fill_slot_i = in.fill_slot;
            b.fill_status_i = in.fill_status;
            b.fill_data_i = in.fill_data;
        }
        if (in.invalidate_valid) drive_invalidate(in);
        if (in.release_valid || releasing_) {
            write_bits(b.release_i, in.release);
            releasing_ = in.release_valid != 0;
        }
    }

    void drive_lookup(const atc_inputs& in) {
        Block& b = *block_;
        b.lookup_tag_i = in.lookup_tag;
        b.lookup_rid_i = in.lookup_rid;
        b.lookup_pasid_valid_i = in.lookup_pasid_valid;
        b.lookup_pasid_i = in.lookup_pasid;
        b.lookup_privileged_i = in.lookup_privileged;
        b.lookup_page_i = in.lookup_page;
        b.lookup_access_i = in.lookup_access;
    }

    void drive_invalidate(const atc_inputs& in) {
        Block& b = *block_;
        b.invalidate_slot_i = in.invalidate_slot;
        b.invalidate_rid_i = in.invalidate_rid;
        b.invalidate_itag_i = in.invalidate_itag;
        b.invalidate_class_i = in.invalidate_class;
        b.invalidate_pasid_valid_i = in.invalidate_pasid_valid;
        b.invalidate_pasid_i = in.invalidate_pasid;
        b.invalidate_global_i = in.invalidate_global;
        b.invalidate_first_i = in.invalidate_first;
        b.invalidate_last_i = in.invalidate_last;
    }

    void read(atc_outputs& out) {
        const Block& b = *block_;
        out.control_ready = b.control_ready_o;
        out.lookup_ready = b.lookup_ready_o;
        out.fill_ready = b.fill_ready_o;
        out.invalidate_ready = b.invalidate_ready_o;
        out.busy = b.busy_o;
        if ((out.answer_valid = b.answer_valid_o)) {
            out.answer_tag = b.answer_tag_o;
            out.answer = b.answer_o;
            out.answer_base = b.answer_base_o;
            out.answer_size = b.answer_size_o;
            out.answer_untranslated = b.answer_untranslated_o;
            out.answer_entry = b.answer_entry_o;
        }
        out.wake_unexpected = b.wake_unexpected_o;
        if ((out.wake_valid = b.wake_valid_o)) read_wake(out);
        if ((out.dropped_valid = b.dropped_valid_o)) read_bits(b.dropped_o, out.dropped, use_words);
        if ((out.request_valid = b.request_valid_o)) {
            out.request_slot = b.request_slot_o;
            out.request_rid = b.request_rid_o;
            out.request_pasid_valid = b.request_pasid_valid_o;
            out.request_pasid = b.request_pasid_o;
            out.request_privileged = b.request_privileged_o;
            out.request_page = b.request_page_o;
            out.request_no_write = b.request_no_write_o;
        }
        read_invalidates(out);
    }

    void read_wake(atc_outputs& out) {
        const Block& b = *block_;
        out.wake_reason = b.wake_reason_o;
        out.wake_base = b.wake_base_o;
        out.wake_size = b.wake_size_o;
        out.wake_untranslated = b.wake_untranslated_o;
        out.wake_kept = b.wake_kept_o;
        out.wake_entry = b.wake_entry_o;
        read_bits(b.wake_hit_o, out.wake_hit, use_words);
        read_bits(b.wake_fault_o, out.wake_fault, use_words);
    }

    void read_invalidates(atc_outputs& out) {
        const Block& b = *block_;
        out.started_valid = b.started_valid_o;
        out.started_slot = b.started_slot_o;
        if ((out.processed_valid = b.processed_valid_o)) {
            out.processed_slot = b.processed_slot_o;
            out.processed_removed = b.processed_removed_o;
        }
        out.drained = b.drained_o;
        out.ignored = b.ignored_o;
        if ((out.completion_valid = b.completion_valid_o)) {
            out.completion_rid = b.completion_rid_o;
            out.completion_itags = b.completion_itags_o;
            out.completion_class = b.completion_class_o;
        }
    }

    bool releasing_ = true;  // release_i is not all zero
};

}  // namespace drydock::rtl
