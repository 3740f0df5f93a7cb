// SPDX-License-Identifier: Apache-2.0
// Address translation cache of a PCIe function, or of several that share it. What each port means,
// and when, stands in docs/rtl-contract.md.
//
// A lookup is sampled in one cycle, its set indices are formed in the second, it is decided in the
// third. In one cycle what was handed over and released comes first, then the control, the answer
// to a Translation Request, invalidates, the lookup that is decided. All results are registered.
module atc
  import atc_pkg::*;
#(
    parameter int unsigned Sets = 128,      // power of two
    parameter int unsigned Ways = 4,        // power of two
    parameter int unsigned Uses = 256,      // lookups in progress and translations in use
    parameter int unsigned Slots = 32,      // Translation Requests outstanding
    parameter int unsigned Queue = 32,      // Invalidate Requests not completed, 1..32
    parameter int unsigned Functions = 64,  // enabled at once, if they share it
    localparam int unsigned TagWidth = $clog2(Uses),
    localparam int unsigned SlotWidth = Slots > 1 ? $clog2(Slots) : 1,
    localparam int unsigned IndexWidth = Queue > 1 ? $clog2(Queue) : 1,
    localparam int unsigned EntryWidth = $clog2(Sets*Ways),
    localparam int unsigned CountWidth = $clog2(Sets*Ways+1)
) (
    input logic clk_i,
    input logic rst_ni,

    // configuration: constant while a function is enabled
    input size_t unit_i,                  // Smallest Translation Unit, 4 KiB << n
    input logic  shared_i,                // by several functions
    input logic  ignore_when_disabled_i,  // Invalidate Requests while disabled get no answer
    input logic  retry_after_ur_i,        // ask again after UR without being enabled anew

    input  logic     control_valid_i,
    output logic     control_ready_o,
    input  control_t control_i,
    input  rid_t     control_rid_i,

    input  logic                lookup_valid_i,
    output logic                lookup_ready_o,
    input  logic [TagWidth-1:0] lookup_tag_i,  // of no lookup in progress, of no use
    input  rid_t                lookup_rid_i,
    input  logic                lookup_pasid_valid_i,
    input  pasid_t              lookup_pasid_i,
    input  logic                lookup_privileged_i,
    input  page_t               lookup_page_i,
    input  access_t             lookup_access_i,

    // what became of a lookup
    output logic                  answer_valid_o,
    output logic [TagWidth-1:0]   answer_tag_o,
    output answer_t               answer_o,
    output page_t                 answer_base_o,  // with AnswerHit: of the translation
    output size_t                 answer_size_o,
    output logic                  answer_untranslated_o,
    output logic [EntryWidth-1:0] answer_entry_o,

    // what became of those that waited for a Translation Request
    output logic                  wake_valid_o,
    output logic [Uses-1:0]       wake_hit_o,
    output logic [Uses-1:0]       wake_fault_o,
    output answer_t               wake_reason_o,
    output page_t                 wake_base_o,
    output size_t                 wake_size_o,
    output logic                  wake_untranslated_o,
    output logic                  wake_kept_o,   // in the cache too
    output logic [EntryWidth-1:0] wake_entry_o,
    output logic                  wake_unexpected_o,  // nobody has asked for it

    // lookups that waited for a function that was disabled or reset
    output logic            dropped_valid_o,
    output logic [Uses-1:0] dropped_o,

    input logic [Uses-1:0] release_i,  // uses that have ended

    output logic                 request_valid_o,
    input  logic                 request_ready_i,
    output logic [SlotWidth-1:0] request_slot_o,
    output rid_t                 request_rid_o,
    output logic                 request_pasid_valid_o,
    output pasid_t               request_pasid_o,
    output logic                 request_privileged_o,
    output page_t                request_page_o,
    output logic                 request_no_write_o,

    input  logic                 fill_valid_i,
    output logic                 fill_ready_o,
    input  logic [SlotWidth-1:0] fill_slot_i,
    input  fill_t                fill_status_i,
    input  logic [63:0]          fill_data_i,  // entry of a Translation Completion

    input  logic                  invalidate_valid_i,
    output logic                  invalidate_ready_o,
    input  logic [IndexWidth-1:0] invalidate_slot_i,  // of none that is not completed
    input  rid_t                  invalidate_rid_i,
    input  itag_t                 invalidate_itag_i,
    input  class_t                invalidate_class_i,
    input  logic                  invalidate_pasid_valid_i,
    input  pasid_t                invalidate_pasid_i,
    input  logic                  invalidate_global_i,
    input  page_t                 invalidate_first_i,
    input  page_t                 invalidate_last_i,  // inclusive

    // what becomes of invalidates
    output logic                  started_valid_o,
    output logic [IndexWidth-1:0] started_slot_o,
    output logic                  processed_valid_o,
    output logic [IndexWidth-1:0] processed_slot_o,
    output logic [CountWidth-1:0] processed_removed_o,
    output logic [Queue-1:0]      drained_o,
    output logic [Queue-1:0]      ignored_o,  // never to be completed

    output logic        completion_valid_o,
    input  logic        completion_ready_i,
    output rid_t        completion_rid_o,
    output logic [31:0] completion_itags_o,
    output class_t      completion_class_o,

    output logic busy_o  // more to do without any input
);

  typedef logic [TagWidth-1:0] tag_t;
  typedef logic [Uses-1:0] uses_t;

  // -- control ------------------------------------------------------------------------------------

  logic control_fire, clear, clear_all, clear_reset, functions_full, known_function;
  assign control_ready_o = 1'b1;
  assign control_fire = control_valid_i && control_ready_o;
  assign clear = control_fire && control_i != ControlEnable;
  assign clear_all = !shared_i;
  assign clear_reset = control_fire && control_i == ControlReset;

  // -- pipeline of lookups ------------------------------------------------------------------------

  uses_t write_q, execute_q, zero_length_q;  // accesses of lookups

  logic sampled_valid_q, hashed_valid_q, sampled_replay_q, hashed_replay_q;
  tag_t sampled_tag_q, hashed_tag_q;
  logic replay_valid, stalled_valid, replaying_q, any_free, any_free_q;
  tag_t stalled_tag;
  logic flush;

  assign flush = clear_reset && clear_all;
  assign lookup_ready_o = !replay_valid;

  logic lookup_fire;
  assign lookup_fire = lookup_valid_i && lookup_ready_o;

  always_ff @(posedge clk_i)
    if (!rst_ni || flush) begin
      sampled_valid_q  <= 1'b0;
      hashed_valid_q   <= 1'b0;
      sampled_replay_q <= 1'b0;
      hashed_replay_q  <= 1'b0;
    end else begin
      sampled_valid_q  <= lookup_fire || replay_valid;
      sampled_replay_q <= replay_valid;
      hashed_valid_q   <= sampled_valid_q;
      hashed_replay_q  <= sampled_replay_q;
    end

  always_ff @(posedge clk_i) begin
    sampled_tag_q <= replay_valid ? stalled_tag : lookup_tag_i;
    hashed_tag_q  <= sampled_tag_q;
    if (lookup_fire) begin
      write_q[lookup_tag_i]       <= lookup_access_i == AccessWrite;
      execute_q[lookup_tag_i]     <= lookup_access_i == AccessExecute;
      zero_length_q[lookup_tag_i] <= lookup_access_i == AccessZeroLengthRead;
    end
  end

  // -- the lookup that is decided -----------------------------------------------------------------

  logic    decide, enabled, denied, hit, taken;
  owner_t  asked;
  page_t   asked_page;
  access_t asked_access;
  range_t  hit_range;
  target_t hit_target;
  answer_t answer;
  logic [EntryWidth-1:0] hit_entry, fill_entry;

  assign decide = hashed_valid_q && !flush;
  assign asked_access = write_q[hashed_tag_q] ? AccessWrite :
                        execute_q[hashed_tag_q] ? AccessExecute :
                        zero_length_q[hashed_tag_q] ? AccessZeroLengthRead : AccessRead;

  always_comb
    if (!serving) answer = AnswerDisabled;
    else if (hit) answer = AnswerHit;
    else if (denied) answer = AnswerUnsupportedRequest;
    else answer = taken ? AnswerWaiting : AnswerStalled;

  // A lookup that its function's reset has overtaken is as one of a disabled function.
  logic forgotten, stalled_forgotten, serving;
  assign serving = enabled && !forgotten;

  // A lookup that found no free request slot goes through the pipeline again, one at a time; that of
  // a disabled function, or of one that was reset since, at once.
  logic stalled_enabled, unused_start_denied, unused_stalled_ready;
  assign replay_valid = stalled_valid && !replaying_q && 
                        (any_free_q || !stalled_enabled || stalled_forgotten);

  fifo #(
      .Depth(Uses),
      .data_t(tag_t)
  ) i_stalled (
      .clk_i,
      .rst_ni,
      .clear_i(flush),
      .valid_i(decide && answer == AnswerStalled),
      .ready_o(unused_stalled_ready),
      .data_i (hashed_tag_q),
      .valid_o(stalled_valid),
      .ready_i(replay_valid),
      .data_o (stalled_tag)
  );

  always_ff @(posedge clk_i)
    if (!rst_ni || flush) begin
      replaying_q <= 1'b0;
      any_free_q  <= 1'b1;
    end else begin
      replaying_q <= replay_valid || (replaying_q && !hashed_replay_q);
      any_free_q  <= any_free;
    end

  // -- functions ----------------------------------------------------------------------------------

  logic    deny, start_enabled;
  owner_t  fill_owner;
  range_t  fill_range;
  target_t fill_target;
  rid_t    start_rid, stalled_rid;

  atc_functions #(
      .Functions(Functions),
      .Queries(2)
  ) i_functions (
      .clk_i,
      .rst_ni,
      .shared_i,
      .control_valid_i(control_fire),
      .control_i,
      .control_rid_i,
      .deny_i(deny),
      .deny_rid_i(fill_owner.rid),
      .query_rid_i('{asked.rid, start_rid}),
      .query_enabled_o('{enabled, start_enabled}),
      .query_denied_o('{denied, unused_start_denied}),
      .early_rid_i(stalled_rid),
      .early_enabled_o(stalled_enabled),
      .known_o(known_function),
      .full_o(functions_full)
  );

  // -- translations -------------------------------------------------------------------------------

  logic        insert, fill_kept, starting, working, probe;
  invalidate_t starting_invalidate, working_invalidate;
  sizes_t      sizes;
  logic [(Sets > 1 ? $clog2(Sets) : 1)-1:0] probe_set;
  logic [$clog2(Ways+1)-1:0] probe_removed;

  atc_array #(
      .Sets(Sets),
      .Ways(Ways)
  ) i_array (
      .clk_i,
      .rst_ni,
      .clear_i(clear),
      .clear_all_i(clear_all),
      .clear_rid_i(control_rid_i),
      .fill_valid_i(insert),
      .fill_owner_i(fill_owner),
      .fill_range_i(fill_range),
      .fill_target_i(fill_target),
      .fill_kept_o(fill_kept),
      .fill_entry_o(fill_entry),
      .working_i(working),
      .working_invalidate_i(working_invalidate),
      .probe_i(probe),
      .probe_set_i(probe_set),
      .probe_removed_o(probe_removed),
      .starting_i(starting),
      .starting_invalidate_i(starting_invalidate),
      .lookup_valid_i(decide && serving),
      .lookup_owner_i(asked),
      .lookup_page_i(asked_page),
      .lookup_access_i(asked_access),
      .lookup_hit_o(hit),
      .lookup_range_o(hit_range),
      .lookup_target_o(hit_target),
      .lookup_entry_o(hit_entry),
      .sizes_o(sizes)
  );

  // -- Translation Requests -----------------------------------------------------------------------

  owner_t  request_owner;
  logic    unexpected, dropped_valid;
  uses_t   granted, refused, dropped;
  answer_t refusal;

  atc_requests #(
      .Slots(Slots),
      .Uses(Uses)
  ) i_requests (
      .clk_i,
      .rst_ni,
      .unit_i,
      .retry_after_ur_i,
      .clear_i(clear),
      .clear_all_i(clear_all),
      .clear_reset_i(clear_reset),
      .clear_rid_i(control_rid_i),
      .request_valid_o,
      .request_ready_i,
      .request_slot_o,
      .request_owner_o(request_owner),
      .request_page_o,
      .request_no_write_o,
      .fill_valid_i,
      .fill_slot_i,
      .fill_status_i,
      .fill_data_i,
      .insert_o(insert),
      .fill_owner_o(fill_owner),
      .fill_range_o(fill_range),
      .fill_target_o(fill_target),
      .deny_o(deny),
      .unexpected_o(unexpected),
      .granted_o(granted),
      .refused_o(refused),
      .refusal_o(refusal),
      .dropped_valid_o(dropped_valid),
      .dropped_o(dropped),
      .starting_i(starting),
      .starting_invalidate_i(starting_invalidate),
      .miss_valid_i(decide && serving && !hit && !denied),
      .miss_tag_i(hashed_tag_q),
      .miss_owner_i(asked),
      .miss_page_i(asked_page),
      .miss_access_i(asked_access),
      .miss_taken_o(taken),
      .write_i(write_q),
      .execute_i(execute_q),
      .zero_length_i(zero_length_q),
      .any_free_o(any_free)
  );

  assign fill_ready_o = 1'b1;
  assign request_rid_o = request_owner.rid;
  assign request_pasid_valid_o = request_owner.pasid_valid;
  assign request_pasid_o = request_owner.pasid;
  assign request_privileged_o = request_owner.privileged;

  // -- invalidates --------------------------------------------------------------------------------

  rid_t   invalidate_rid_q[Queue];
  itag_t  itag_q [Queue];
  class_t class_q[Queue];
  logic   processed, invalidates_busy, invalidate_fire;
  logic [IndexWidth-1:0] starting_slot, processed_slot;
  logic [CountWidth-1:0] removed;
  logic [Queue-1:0] waiting, nothing_holds, drained, ignored, completed;
  logic [Queue-1:0] invalidates_taken;
  uses_t in_use;

  assign invalidate_ready_o = 1'b1;
  assign invalidate_fire = invalidate_valid_i && invalidate_ready_o;

  atc_invalidates #(
      .Sets(Sets),
      .Ways(Ways),
      .Queue(Queue)
  ) i_invalidates (
      .clk_i,
      .rst_ni,
      .clear_reset_i(clear_reset),
      .clear_all_i(clear_all),
      .clear_rid_i(control_rid_i),
      .valid_i(invalidate_fire),
      .slot_i(invalidate_slot_i),
      .invalidate_i('{rid: invalidate_rid_i, pasid_valid: invalidate_pasid_valid_i,
                      pasid: invalidate_pasid_i, global: invalidate_global_i,
                      first: invalidate_first_i, last: invalidate_last_i}),
      .ignore_i(ignore_when_disabled_i && !start_enabled),
      .start_rid_o(start_rid),
      .starting_o(starting),
      .starting_slot_o(starting_slot),
      .starting_invalidate_o(starting_invalidate),
      .sizes_i(sizes),
      .working_o(working),
      .working_invalidate_o(working_invalidate),
      .probe_o(probe),
      .probe_set_o(probe_set),
      .probe_removed_i(probe_removed),
      .waiting_o(waiting),
      .free_i(nothing_holds),
      .processed_o(processed),
      .processed_slot_o(processed_slot),
      .processed_removed_o(removed),
      .drained_o(drained),
      .ignored_o(ignored),
      .completed_i(completed),
      .taken_o(invalidates_taken),
      .busy_o(invalidates_busy)
  );

  always_ff @(posedge clk_i)
    if (invalidate_fire) begin
      invalidate_rid_q[invalidate_slot_i] <= invalidate_rid_i;
      itag_q[invalidate_slot_i]           <= invalidate_itag_i;
      class_q[invalidate_slot_i]          <= invalidate_class_i;
    end

  atc_uses #(
      .Uses(Uses),
      .Queue(Queue)
  ) i_uses (
      .clk_i,
      .rst_ni,
      .release_i,
      .clear_reset_i(clear_reset),
      .clear_all_i(clear_all),
      .clear_rid_i(control_rid_i),
      .fill_granted_i(granted),
      .fill_owner_i(fill_owner),
      .fill_range_i(fill_range),
      .fill_target_i(fill_target),
      .hit_valid_i(decide && answer == AnswerHit),
      .hit_tag_i(hashed_tag_q),
      .hit_range_i(hit_range),
      .hit_target_i(hit_target),
      .lookup_valid_i(lookup_fire),
      .lookup_tag_i,
      .lookup_owner_i('{rid: lookup_rid_i, pasid_valid: lookup_pasid_valid_i,
                        pasid: lookup_pasid_valid_i ? lookup_pasid_i : '0,
                        privileged: lookup_privileged_i}),
      .lookup_page_i,
      .asked_tag_i(hashed_tag_q),
      .asked_owner_o(asked),
      .asked_page_o(asked_page),
      .asked_forgotten_o(forgotten),
      .stalled_tag_i(stalled_tag),
      .stalled_rid_o(stalled_rid),
      .stalled_forgotten_o(stalled_forgotten),
      .starting_i(starting),
      .starting_slot_i(starting_slot),
      .starting_invalidate_i(starting_invalidate),
      .waiting_i(waiting),
      .free_o(nothing_holds),
      .in_use_o(in_use)
  );

  atc_completions #(
      .Queue(Queue)
  ) i_completions (
      .clk_i,
      .rst_ni,
      .clear_reset_i(clear_reset),
      .clear_all_i(clear_all),
      .clear_rid_i(control_rid_i),
      .drained_i(drained),
      .rid_i(invalidate_rid_q),
      .itag_i(itag_q),
      .class_i(class_q),
      .valid_o(completion_valid_o),
      .ready_i(completion_ready_i),
      .rid_o(completion_rid_o),
      .itags_o(completion_itags_o),
      .class_o(completion_class_o),
      .taken_o(completed)
  );

  // -- results ------------------------------------------------------------------------------------

  always_ff @(posedge clk_i)
    if (!rst_ni) begin
      answer_valid_o    <= 1'b0;
      wake_valid_o      <= 1'b0;
      wake_unexpected_o <= 1'b0;
      dropped_valid_o   <= 1'b0;
      started_valid_o   <= 1'b0;
      processed_valid_o <= 1'b0;
      drained_o         <= '0;
      ignored_o         <= '0;
    end else begin
      answer_valid_o    <= decide;
      wake_valid_o      <= granted != '0 || refused != '0;
      wake_unexpected_o <= unexpected;
      dropped_valid_o   <= dropped_valid && !flush;
      started_valid_o   <= starting;
      processed_valid_o <= processed;
      drained_o         <= drained;
      ignored_o         <= ignored;
    end

  always_ff @(posedge clk_i) begin
    if (decide) begin
      answer_tag_o          <= hashed_tag_q;
      answer_o              <= answer;
      answer_base_o         <= hit_target.base;
      answer_size_o         <= hit_range.size;
      answer_untranslated_o <= hit_target.untranslated;
      answer_entry_o        <= hit_entry;
    end
    if (fill_valid_i) begin
      wake_hit_o          <= granted;
      wake_fault_o        <= refused;
      wake_reason_o       <= refusal;
      wake_base_o         <= fill_target.base;
      wake_size_o         <= fill_range.size;
      wake_untranslated_o <= fill_target.untranslated;
      wake_kept_o         <= fill_kept;
      wake_entry_o        <= fill_entry;
    end
    if (clear) dropped_o <= dropped;
    started_slot_o      <= starting_slot;
    processed_slot_o    <= processed_slot;
    processed_removed_o <= removed;
  end

  assign busy_o = sampled_valid_q || hashed_valid_q || replay_valid || invalidates_busy;

`ifndef SYNTHESIS
`include "atc_assertions.svh"
`endif

endmodule
