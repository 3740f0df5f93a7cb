// SPDX-License-Identifier: Apache-2.0
// Types of the address translation cache and the rules that more than one of its parts keeps.
package atc_pkg;

  localparam int unsigned Sizes = 19;  // page sizes 4 KiB << n, n = 0..18: 4 KiB to 1 GiB

  typedef logic [51:0] page_t;    // address above bit 12
  typedef logic [4:0]  size_t;    // log2 of the pages in a translation
  typedef logic [15:0] rid_t;     // Requester ID of the function
  typedef logic [19:0] pasid_t;
  typedef logic [2:0]  class_t;   // traffic class
  typedef logic [4:0]  itag_t;
  typedef logic [Sizes-1:0] sizes_t;

  typedef enum logic [1:0] {
    AccessRead = 2'd0,
    AccessWrite = 2'd1,
    AccessExecute = 2'd2,
    AccessZeroLengthRead = 2'd3
  } access_t;

  typedef enum logic [1:0] {
    ControlEnable = 2'd0,
    ControlDisable = 2'd1,
    ControlReset = 2'd2
  } control_t;

  // What came for a Translation Request.
  typedef enum logic [1:0] {
    FillSuccess = 2'd0,
    FillUnsupportedRequest = 2'd1,
    FillCompleterAbort = 2'd2,
    FillTimeout = 2'd3
  } fill_t;

  // What becomes of a lookup. Waiting and Stalled are no answers yet.
  typedef enum logic [2:0] {
    AnswerHit = 3'd0,
    AnswerNoAccess = 3'd1,
    AnswerUnsupportedRequest = 3'd2,
    AnswerCompleterAbort = 3'd3,
    AnswerTimeout = 3'd4,
    AnswerDisabled = 3'd5,
    AnswerWaiting = 3'd6,  // for the answer to a Translation Request
    AnswerStalled = 3'd7   // no request slot is free
  } answer_t;

  // Whom a lookup or a translation belongs to.
  typedef struct packed {
    rid_t   rid;
    logic   pasid_valid;
    pasid_t pasid;
    logic   privileged;
  } owner_t;

  typedef struct packed {
    page_t page;  // first one
    size_t size;
  } range_t;

  // One entry of a Translation Completion, decoded, at most 1 GiB of it.
  typedef struct packed {
    page_t base;
    logic  global;
    logic  execute;
    logic  untranslated;
    logic  write;
    logic  read;
  } target_t;

  // Invalidate Request, as far as it selects translations.
  typedef struct packed {
    rid_t   rid;
    logic   pasid_valid;
    pasid_t pasid;
    logic   global;
    page_t  first;
    page_t  last;  // inclusive
  } invalidate_t;

  function automatic page_t below(size_t size);
    return (page_t'(1) << size) - 1'b1;
  endfunction

  function automatic logic covers(range_t range, page_t page);
    return ((range.page ^ page) & ~below(range.size)) == '0;
  endfunction

  // Read needs R, write needs W, a zero-length read R or W, execution R and Exe.
  function automatic logic allows(target_t t, access_t a);
    case (a)
      AccessRead: return t.read;
      AccessWrite: return t.write;
      AccessExecute: return t.read && t.execute;
      default: return t.read || t.write;
    endcase
  endfunction

  // A PASID's translation serves that PASID only, unless Global.
  function automatic logic serves(owner_t owner, logic global, owner_t asking);
    return owner.rid == asking.rid && owner.privileged == asking.privileged &&
           owner.pasid_valid == asking.pasid_valid &&
           (!owner.pasid_valid || global || owner.pasid == asking.pasid);
  endfunction

  // Without PASID an Invalidate Request reaches every translation of the function; with one, those
  // of that PASID, Global ones, and those of every PASID if it is Global itself.
  function automatic logic reaches(invalidate_t i, owner_t owner, logic global, range_t range);
    return owner.rid == i.rid &&
           (!i.pasid_valid ||
            (owner.pasid_valid && (i.global || global || owner.pasid == i.pasid))) &&
           range.page <= i.last && (range.page | below(range.size)) >= i.first;
  endfunction

endpackage
