// SPDX-License-Identifier: Apache-2.0
// Widths of the invalidation tracker's ports that do not depend on its parameters.
package invalidation_tracker_pkg;

  localparam int unsigned MaxItags = 32;      // PCIe ATS: ITag is 5 bits
  localparam int unsigned TicksPerTime = 16;  // timeout = 16 ticks after the first one

  typedef logic [4:0] itag_t;
  typedef logic [MaxItags-1:0] itag_vector_t;  // bit n = ITag n
  typedef logic [15:0] function_t;             // Requester ID of the target
  typedef logic [7:0] port_t;                  // root port
  typedef logic [5:0] depth_t;                 // 1..32
  typedef logic [2:0] cc_t;                    // Completion Count, 0 means 8

  // What a completion that the tracker has discarded had wrong, per ITag.
  typedef struct packed {
    itag_vector_t cc_differs;
    itag_vector_t wrong_function;
    itag_vector_t not_outstanding;
  } unexpected_t;

endpackage
