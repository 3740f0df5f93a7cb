// SPDX-License-Identifier: Apache-2.0
// Types of Downstream Port Containment.
package dpc_containment_pkg;

  localparam int unsigned TicksPerTime = 16;  // RP Busy lasts 16 ticks after the first one

  typedef logic [15:0] function_t;  // Requester ID

  // DPC Trigger Reason and its extension (PCIe DPC).
  typedef enum logic [2:0] {
    CauseOwnError = 3'd0,
    CauseNonfatalMessage = 3'd1,
    CauseFatalMessage = 3'd2,
    CauseRpPio = 3'd3,
    CauseSoftware = 3'd4
  } cause_t;

  // DPC Trigger Enable; 3 is reserved and triggers nothing.
  typedef enum logic [1:0] {
    TriggerOff = 2'd0,
    TriggerFatal = 2'd1,
    TriggerNonfatal = 2'd2,
    TriggerReserved = 2'd3
  } enable_t;

  typedef enum logic [1:0] {
    ClassPosted = 2'd0,
    ClassNonPosted = 2'd1,
    ClassCompletion = 2'd2
  } class_t;

  // An error message among posted TLPs that go up.
  typedef enum logic [1:0] {
    MessageNone = 2'd0,
    MessageErrNonfatal = 2'd1,
    MessageErrFatal = 2'd2
  } message_t;

  typedef enum logic [1:0] {
    VerdictPass = 2'd0,
    VerdictDiscard = 2'd1,
    VerdictCompleteUr = 2'd2,
    VerdictCompleteCa = 2'd3
  } verdict_t;

  typedef enum logic [1:0] {
    AnswerContained = 2'd0,
    AnswerNotEnabled = 2'd1,
    AnswerIgnored = 2'd2
  } answer_t;

  // DPC Status [6:0] and Error Source ID.
  typedef struct packed {
    function_t source;
    logic [1:0] reason_extension;
    logic rp_busy;
    logic [1:0] reason;
    logic triggered;
  } status_t;

  function automatic logic is_message(cause_t c);
    return c == CauseNonfatalMessage || c == CauseFatalMessage;
  endfunction

  // PCIe DPC, table of triggers.
  function automatic logic enables(enable_t enable, cause_t cause, logic fatal);
    logic nonfatal;
    nonfatal = cause == CauseNonfatalMessage || (cause == CauseOwnError && !fatal);
    return enable == TriggerNonfatal || (enable == TriggerFatal && !nonfatal);
  endfunction

  function automatic logic [1:0] reason_of(cause_t c);
    case (c)
      CauseOwnError: return 2'd0;
      CauseNonfatalMessage: return 2'd1;
      CauseFatalMessage: return 2'd2;
      default: return 2'd3;
    endcase
  endfunction

endpackage
